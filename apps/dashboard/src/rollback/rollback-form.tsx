import type { PromotionView } from '@slipway/api';
import { Button, Checkbox, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Card } from '../mark/card.tsx';
import { Note } from '../mark/note.tsx';
import { Refusal } from '../mark/refusal.tsx';
import { environmentPath, type RollbackChoice } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './rollback.module.css';

/** Asks why, and asks for the rollback; the emergency is a choice of its own, with what it means. */
export function RollbackForm({ choice }: { readonly choice: RollbackChoice }) {
  const { application, environment, to, part } = choice;
  const { http } = useServer();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [emergency, setEmergency] = useState(false);
  const { mutate, isPending, error, data } = useMutation({
    mutationFn: () =>
      http.send<PromotionView>(`${environmentPath(application, environment)}/rollbacks`, {
        part,
        reason: reason.trim(),
        emergency,
        ...(to === undefined ? {} : { to }),
      }),
    onSettled: () =>
      Promise.all(
        ['board', 'tickets', 'pull-requests', 'approvals'].map((noun) =>
          queries.invalidateQueries({ queryKey: [noun] }),
        ),
      ),
  });
  if (data !== undefined) {
    return (
      <Note tone="busy" icon="check" role="status">
        {data.message}{' '}
        <Link to="/environments/$application" params={{ application }}>
          Follow it on the board
        </Link>
      </Note>
    );
  }
  return (
    <Card title="Ask for it">
      <form
        className={css['form']}
        aria-label={`Roll back ${environment}`}
        onSubmit={(event) => {
          event.preventDefault();
          mutate();
        }}
      >
        <Fields {...{ reason, setReason, emergency, setEmergency }} />
        <Refusal error={error} />
        <Button type="submit" color={emergency ? 'red' : 'blue'} loading={isPending} disabled={reason.trim() === ''}>
          {emergency ? `Roll ${environment} back now` : `Ask to roll ${environment} back`}
        </Button>
      </form>
    </Card>
  );
}

interface FieldsProps {
  readonly reason: string;
  readonly setReason: (text: string) => void;
  readonly emergency: boolean;
  readonly setEmergency: (isOne: boolean) => void;
}

function Fields({ reason, setReason, emergency, setEmergency }: FieldsProps) {
  return (
    <>
      <Textarea
        label="Why"
        description="It stands in the commit and in the evidence. A hold then keeps everything else out."
        value={reason}
        maxLength={2_000}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Checkbox
        label="Emergency: go in before a second person has approved"
        description="Everybody sees it, and somebody else must look at it within a day."
        checked={emergency}
        color="red"
        onChange={(event) => setEmergency(event.currentTarget.checked)}
      />
    </>
  );
}
