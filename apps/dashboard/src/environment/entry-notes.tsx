import type { EnvironmentView } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import { Moment } from '../mark/moment.tsx';
import { Note } from '../mark/note.tsx';
import { Holds } from './holds.tsx';

/** What keeps things out of an environment, and what went in regardless: the loudest first. */
export function EntryNotes({ view }: { readonly view: EnvironmentView }) {
  return (
    <>
      <Unreviewed breakGlass={view.breakGlass} />
      <Holds view={view} />
      <Closed closed={view.closed} />
    </>
  );
}

function Unreviewed({ breakGlass }: Pick<EnvironmentView, 'breakGlass'>) {
  if (breakGlass === undefined) return undefined;
  const { promotion, by, reviewUntil, isOverdue } = breakGlass;
  return (
    <Note tone={isOverdue ? 'bad' : 'wait'} icon="warn" role={isOverdue ? 'alert' : 'note'}>
      <b>
        {isOverdue ? 'OVERDUE: nobody has reviewed what went in past its approvals.' : 'Went in past its approvals.'}
      </b>{' '}
      {by} broke the glass; a second person {isOverdue ? 'had to review it ' : 'reviews it '}
      <Moment at={reviewUntil} isAhead />.{' '}
      <Link to="/tickets/$ticket" params={{ ticket: promotion }}>
        {isOverdue ? 'Review it now' : 'Review it'}
      </Link>
    </Note>
  );
}

function Closed({ closed }: Pick<EnvironmentView, 'closed'>) {
  if (closed === undefined) return undefined;
  return (
    <Note tone="wait" icon="lock">
      <b>Closed{closed.until === undefined ? '.' : ' until '}</b>
      {closed.until === undefined ? undefined : (
        <b>
          <Until at={closed.until} />.
        </b>
      )}{' '}
      {closed.reason}
    </Note>
  );
}

const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** A time to come, exact: people plan by it. */
function Until({ at }: { readonly at: string }) {
  const then = Date.parse(at);
  return Number.isNaN(then) ? <span>{at}</span> : <time dateTime={at}>{exact.format(then)}</time>;
}
