import type { FreezeView } from '@slipway/api';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import { Moment } from '../mark/moment.tsx';
import { Refusal } from '../mark/refusal.tsx';
import type { Status } from '../mark/status.ts';
import { StatusBadge } from '../mark/status-badge.tsx';
import { useFreezes } from '../server/queries.ts';
import { useServer } from '../server/server-context.ts';
import css from './freeze.module.css';
import { FreezeForm } from './freeze-form.tsx';

/** Times in which nothing is promoted, whatever the windows say. */
export function FreezesPage() {
  const [isAdding, setAdding] = useState(false);
  return (
    <Page
      title="Freezes"
      actions={
        <Button disabled={isAdding} onClick={() => setAdding(true)}>
          Freeze environments
        </Button>
      }
    >
      {isAdding ? <FreezeForm onDone={() => setAdding(false)} /> : undefined}
      <QueryView
        query={useFreezes()}
        what="the freezes"
        shapes={[84, 84]}
        empty={{ isEmpty: (freezes) => freezes.length === 0, view: <NoFreeze /> }}
      >
        {(freezes) => (
          <ul className={css['list']} aria-label="Freezes">
            {freezes.map((freeze) => (
              <Freeze key={freeze.id} freeze={freeze} />
            ))}
          </ul>
        )}
      </QueryView>
    </Page>
  );
}

function Freeze({ freeze }: { readonly freeze: FreezeView }) {
  const { application, environment, reason, placedBy, from, to, endedBy, endedAt } = freeze;
  const status = statusOf(freeze, Date.now());
  return (
    <li>
      <div className={css['head']}>
        <StatusBadge status={status} />
        <b>{placeOf(application, environment)}</b>
      </div>
      <p>{reason}</p>
      <p className={css['soft']}>
        by {placedBy}, from {exact(from)} to {exact(to)}
        {endedAt === undefined ? undefined : (
          <>
            , ended by {endedBy} <Moment at={endedAt} />
          </>
        )}
      </p>
      {status === over || status === ended ? undefined : <EndButton freeze={freeze} />}
    </li>
  );
}

function EndButton({ freeze: { id, canEnd } }: { readonly freeze: FreezeView }) {
  const { http } = useServer();
  const queries = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => http.send<FreezeView>(`/api/v1/freezes/${encodeURIComponent(id)}/end`),
    onSettled: () => Promise.all(['freezes', 'board'].map((noun) => queries.invalidateQueries({ queryKey: [noun] }))),
  });
  return (
    <>
      <div>
        <Button
          variant="default"
          size="compact-sm"
          disabled={canEnd?.isAllowed !== true}
          loading={isPending}
          onClick={() => mutate()}
        >
          End it now
        </Button>
      </div>
      {canEnd?.reason === undefined ? undefined : <p className={css['soft']}>{canEnd.reason}</p>}
      <Refusal error={error} />
    </>
  );
}

const ended: Status = { tone: 'quiet', icon: 'stop', text: 'Ended' };
const over: Status = { tone: 'quiet', icon: 'check', text: 'Over' };
const coming: Status = { tone: 'wait', icon: 'clock', text: 'Coming' };
const stands: Status = { tone: 'busy', icon: 'lock', text: 'Frozen' };

/** How to call it; whether something may go in the server decides. */
function statusOf({ endedAt, from, to }: FreezeView, now: number): Status {
  if (endedAt !== undefined) return ended;
  if (Date.parse(to) <= now) return over;
  return Date.parse(from) > now ? coming : stands;
}

function placeOf(application: string | undefined, environment: string | undefined): string {
  const where = environment ?? 'every protected environment';
  return `${where} of ${application ?? 'every application'}`;
}

const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

function exact(at: string): string {
  const then = Date.parse(at);
  return Number.isNaN(then) ? at : format.format(then);
}

function NoFreeze() {
  return (
    <Empty icon="lock" title="Nothing is frozen">
      A freeze keeps promotions out of environments for a time; rollbacks still go in.
    </Empty>
  );
}
