import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Refusal } from '../mark/refusal.tsx';
import { environmentPath } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './canary.module.css';
import type { Canary } from './parse-canary.ts';

interface CanaryControlProps {
  readonly application: string;
  readonly environment: string;
  readonly canary: Canary;
}

type Action = 'resume' | 'abort';

/** A person's word on a canary that still runs: let it go on where it waits, or give everything back to what served before. */
export function CanaryControl({ application, environment, canary }: CanaryControlProps) {
  const { http } = useServer();
  const queries = useQueryClient();
  const [isSure, setSure] = useState(false);
  const { mutate, isPending, error, isSuccess, variables } = useMutation({
    mutationFn: (action: Action) => http.send(`${environmentPath(application, environment)}/canary`, { action }),
    onSettled: async () => {
      setSure(false);
      await Promise.all(['board', 'ticket'].map((noun) => queries.invalidateQueries({ queryKey: [noun] })));
    },
  });
  const isWaiting = canary.phase === 'paused' || canary.phase === 'inconclusive';
  if (!isWaiting && canary.phase !== 'progressing') return undefined;
  if (isSuccess)
    return (
      <p className={css['facts']} role="status">
        {variables === 'abort' ? 'It is to be aborted' : 'It is to go on'}: the operator does so as soon as it hears of
        it.
      </p>
    );
  return (
    <div className={css['control']} role="group" aria-label="Your word on the canary">
      {isWaiting ? (
        <Button size="compact-sm" loading={isPending} onClick={() => mutate('resume')}>
          Let it go on
        </Button>
      ) : undefined}
      {isSure ? (
        <>
          <Button size="compact-sm" color="red" loading={isPending} onClick={() => mutate('abort')}>
            Abort it now
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => setSure(false)}>
            Leave it
          </Button>
        </>
      ) : (
        <Button size="compact-sm" variant="default" onClick={() => setSure(true)}>
          Abort the canary …
        </Button>
      )}
      <Refusal error={error} />
    </div>
  );
}
