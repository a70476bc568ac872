import type { PromotionView, RollbackPreviewView } from '@slipway/api';
import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Card } from '../mark/card.tsx';
import { Refusal } from '../mark/refusal.tsx';
import { environmentPath, type RollbackChoice, useBoard } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './rollback.module.css';
import type { Asked } from './rollback-asked.tsx';

interface RollbackFormProps {
  readonly choice: RollbackChoice;
  readonly preview: RollbackPreviewView;
  readonly onAsked: (asked: Asked) => void;
}

/** Why, and the press; past the approvals only by a second, dangerous one. */
export function RollbackForm({ choice, preview, onAsked }: RollbackFormProps) {
  const { application, environment } = choice;
  const [reason, setReason] = useState('');
  const { mutate, isPending, error, variables } = useRollback({ choice, preview, reason, onAsked });
  const isProtected =
    useBoard(application).data?.environments.find((one) => one.environment === environment)?.class === 'protected';
  const isReady = preview.isAllowed && reason.trim() !== '';
  return (
    <>
      <Card title="Roll back">
        <div className={css['form']}>
          <Textarea
            label="Why"
            description="It stands in the commit, the ticket and the log."
            value={reason}
            rows={3}
            maxLength={2_000}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <p className={css['soft']}>
            {isProtected
              ? 'It opens a pull request that a second person approves. '
              : 'It is committed at once: the environment is not protected. '}
            A hold keeps everything else out of {environment} until somebody lifts it.
          </p>
          <Refusal error={error} />
          <div>
            <Button
              disabled={!isReady}
              loading={isPending && !variables.emergency}
              onClick={() => mutate({ emergency: false })}
            >
              Roll {environment} back
            </Button>
          </div>
        </div>
      </Card>
      {isProtected ? (
        <Emergency
          environment={environment}
          isReady={isReady}
          isPending={isPending && variables.emergency}
          onPress={() => mutate({ emergency: true })}
        />
      ) : undefined}
    </>
  );
}

interface EmergencyProps {
  readonly environment: string;
  readonly isReady: boolean;
  readonly isPending: boolean;
  readonly onPress: () => void;
}

function Emergency({ environment, isReady, isPending, onPress }: EmergencyProps) {
  const [isKnown, setKnown] = useState(false);
  return (
    <section className={css['danger']} aria-label="Emergency">
      <h2>Emergency: go back without an approval</h2>
      <p>
        It goes into {environment} at once, before a second person has looked. The board, the ticket and the signed log
        say that you broke the glass. Somebody who is not you must review it afterwards; when nobody does in time, it is
        shown as overdue to everybody.
      </p>
      <label className={css['choice']}>
        <input type="checkbox" checked={isKnown} onChange={(event) => setKnown(event.currentTarget.checked)} />
        <span>I know that nobody has approved it</span>
      </label>
      <div>
        <Button color="red" disabled={!isReady || !isKnown} loading={isPending} onClick={onPress}>
          Roll back now, without approval
        </Button>
      </div>
    </section>
  );
}

interface RollbackOrder extends RollbackFormProps {
  readonly reason: string;
}

/** What is pressed is what the preview showed: the target is named even where the server had chosen it. */
function useRollback({ choice, preview, reason, onAsked }: RollbackOrder) {
  const { http } = useServer();
  const queries = useQueryClient();
  const { application, environment, part } = choice;
  const to = preview.target?.deployment ?? choice.to;
  return useMutation({
    mutationFn: ({ emergency }: { readonly emergency: boolean }) =>
      http.send<PromotionView>(`${environmentPath(application, environment)}/rollbacks`, {
        ...(to === undefined ? {} : { to }),
        part,
        reason: reason.trim(),
        emergency,
      }),
    onSuccess: (promotion, { emergency }) => onAsked({ promotion, isEmergency: emergency }),
    onSettled: () =>
      Promise.all(
        ['board', 'pull-requests', 'approvals', 'tickets'].map((noun) =>
          queries.invalidateQueries({ queryKey: [noun] }),
        ),
      ),
  });
}
