import type { EnvironmentView } from '@slipway/api';
import { Button } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { QueryView } from '../frame/query-view.tsx';
import { Card } from '../mark/card.tsx';
import { Copyable } from '../mark/copyable.tsx';
import { Moment } from '../mark/moment.tsx';
import { Note } from '../mark/note.tsx';
import { usePendingDiff } from '../server/queries.ts';
import css from './environment.module.css';

const DiffView = lazy(async () => ({ default: (await import('../diff/diff-view.tsx')).DiffView }));

/** Shows what is pending below the board, where a diff has room. */
export interface PendingToggle {
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

interface PendingProps extends PendingToggle {
  readonly pending: NonNullable<EnvironmentView['pending']>;
}

/** What the branch says and may not be applied yet. */
export function PendingPromotion({ pending, isOpen, onToggle }: PendingProps) {
  return (
    <Note tone="wait" icon="clock">
      <b>
        Pending since <Moment at={pending.since} />.
      </b>{' '}
      {pending.reason}
      <span className={css['pendingMeta']}>
        <Copyable text={pending.revision} what="pending commit" length={8} />
        <Button variant="default" size="compact-xs" aria-expanded={isOpen} onClick={onToggle}>
          {isOpen ? 'Hide the diff' : 'What it would change'}
        </Button>
      </span>
    </Note>
  );
}

/** What the pending render would change in the environment. */
export function PendingDiff({
  application,
  environment,
}: {
  readonly application: string;
  readonly environment: string;
}) {
  const query = usePendingDiff(application, environment);
  return (
    <Card title={`What would change in ${environment}`}>
      <QueryView query={query} what="the rendered diff" shapes={[120]}>
        {({ diff }) => (
          <Suspense fallback={undefined}>
            <DiffView diff={diff} label={`Rendered diff of ${environment}`} />
          </Suspense>
        )}
      </QueryView>
    </Card>
  );
}
