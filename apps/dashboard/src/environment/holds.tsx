import type { EnvironmentView, HoldView } from '@slipway/api';
import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Moment } from '../mark/moment.tsx';
import { Note } from '../mark/note.tsx';
import { Refusal } from '../mark/refusal.tsx';
import { environmentPath } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './environment.module.css';

const causes: Readonly<Record<HoldView['cause'], string>> = {
  person: 'Held',
  abort: 'Held since a canary was aborted',
  rollback: 'Held since a rollback',
};

/** What keeps everything but rollbacks out, each with the press that lifts it. */
export function Holds({ view }: { readonly view: EnvironmentView }) {
  if (view.holds.length === 0) return undefined;
  return (
    <ul className={css['holds']} aria-label={`Holds of ${view.environment}`}>
      {view.holds.map((hold) => (
        <li key={hold.id}>
          <StandingHold hold={hold} canLift={view.canHold} />
        </li>
      ))}
    </ul>
  );
}

interface StandingHoldProps {
  readonly hold: HoldView;
  readonly canLift: EnvironmentView['canHold'];
}

function StandingHold({ hold, canLift }: StandingHoldProps) {
  const { http } = useServer();
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => http.send<HoldView>(`/api/v1/holds/${encodeURIComponent(hold.id)}/lift`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['board', hold.application] }),
  });
  return (
    <Note tone="wait" icon="pause">
      <b>
        {causes[hold.cause]} by {hold.placedBy} <Moment at={hold.placedAt} />.
      </b>{' '}
      {hold.reason}
      <span className={css['pendingMeta']}>
        {canLift.isAllowed ? (
          <Button variant="default" size="compact-xs" loading={isPending} onClick={() => mutate()}>
            Lift the hold
          </Button>
        ) : (
          <span className={css['soft']}>You cannot lift it: {canLift.reason ?? 'the server does not allow it'}</span>
        )}
      </span>
      <Refusal error={error} />
    </Note>
  );
}

/** Opens the form that holds the environment, where the server allows it. */
export function HoldButton({ view }: { readonly view: EnvironmentView }) {
  const [isAsking, setAsking] = useState(false);
  const { environment, canHold } = view;
  if (isAsking) return <HoldForm view={view} onDone={() => setAsking(false)} />;
  return (
    <div className={css['promote']}>
      <Button
        variant="default"
        size="compact-sm"
        disabled={!canHold.isAllowed}
        onClick={() => setAsking(true)}
        fullWidth
      >
        Hold {environment} …
      </Button>
      {canHold.isAllowed ? undefined : (
        <p className={css['soft']}>You cannot hold it: {canHold.reason ?? 'the server does not allow it'}</p>
      )}
    </div>
  );
}

/** Asks why, then holds the environment. */
function HoldForm({ view, onDone }: { readonly view: EnvironmentView; readonly onDone: () => void }) {
  const { application, environment } = view;
  const { http } = useServer();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      http.send<HoldView>(`${environmentPath(application, environment)}/holds`, { reason: reason.trim() }),
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries({ queryKey: ['board', application] }),
  });
  return (
    <form
      className={css['promote']}
      aria-label={`Hold ${environment}`}
      onSubmit={(event) => {
        event.preventDefault();
        mutate();
      }}
    >
      <TextInput
        label={`Why nothing may come into ${environment}`}
        description="Everything but a rollback waits until somebody lifts it."
        value={reason}
        maxLength={2_000}
        autoFocus
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Refusal error={error} />
      <div className={css['buttons']}>
        <Button type="submit" size="compact-sm" loading={isPending} disabled={reason.trim() === ''}>
          Hold {environment}
        </Button>
        <Button variant="default" size="compact-sm" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
