import type { EnvironmentView } from '@slipway/api';
import { Button } from '@mantine/core';
import { Copyable } from '../mark/copyable.tsx';
import { Moment } from '../mark/moment.tsx';
import { Note } from '../mark/note.tsx';
import { detailOf, useDetail } from './board-detail.tsx';
import css from './environment.module.css';

interface PendingProps {
  readonly environment: string;
  readonly pending: NonNullable<EnvironmentView['pending']>;
}

/** What the branch says and may not be applied yet. */
export function PendingPromotion({ environment, pending }: PendingProps) {
  const { isOpen, onToggle } = useDetail(detailOf.pending(environment));
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
