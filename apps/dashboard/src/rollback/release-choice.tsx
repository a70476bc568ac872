import type { ReleaseView } from '@slipway/api';
import { Copyable } from '../mark/copyable.tsx';
import { Moment } from '../mark/moment.tsx';
import { deliveryStatus, type Status } from '../mark/status.ts';
import { StatusBadge } from '../mark/status-badge.tsx';
import css from './rollback.module.css';

interface ReleaseChoiceProps {
  readonly environment: string;
  /** Newest first. */
  readonly releases: readonly ReleaseView[];
  /** Deployment or release; absent: the server chooses. */
  readonly chosen: string | undefined;
  readonly onChoose: (deployment: string | undefined) => void;
}

/** What ran there, with all that speaks against going back to it; whether it is allowed the preview says. */
export function ReleaseChoice({ environment, releases, chosen, onChoose }: ReleaseChoiceProps) {
  const marked = releases.find(({ deployment, release }) => deployment === chosen || release === chosen)?.deployment;
  return (
    <fieldset className={css['set']}>
      <legend className={css['legend']}>Release to go back to</legend>
      <label className={css['choice']}>
        <input type="radio" name="to" checked={chosen === undefined} onChange={() => onChoose(undefined)} />
        <span>
          <b>What ran healthy before</b>
          <span className={css['soft']}>The newest one that did; the preview names it.</span>
        </span>
      </label>
      <ul className={css['releases']} aria-label={`What ran in ${environment}`}>
        {releases.map((release) => (
          <li key={release.deployment}>
            <label className={css['choice']}>
              <input
                type="radio"
                name="to"
                checked={release.deployment === marked}
                onChange={() => onChoose(release.deployment)}
              />
              <Release release={release} />
            </label>
          </li>
        ))}
      </ul>
    </fieldset>
  );
}

/** A release in a few lines. */
export function Release({ release }: { readonly release: ReleaseView }) {
  const { changes, revision, finishedAt, images, message } = release;
  const marks = marksOf(release);
  return (
    <span className={css['release']}>
      <b>{tellChanges(changes)}</b>
      <span className={css['marks']}>
        {marks.map((status) => (
          <StatusBadge key={status.text} status={status} />
        ))}
      </span>
      {release.phase === 'succeeded' || message === '' ? undefined : <span className={css['soft']}>{message}</span>}
      <span className={css['meta']}>
        <Copyable text={revision} what="config commit" length={8} />
        {images.map(({ name, tag }) => (
          <span key={name} title={name}>
            {name.slice(name.lastIndexOf('/') + 1)} <code>{tag.slice(0, 8)}</code>
          </span>
        ))}
        {finishedAt === undefined ? undefined : <Moment at={finishedAt} />}
      </span>
    </span>
  );
}

const mostNamed = 4;

/** All that tells it from its neighbours; images of one change name it once. */
function tellChanges(changes: ReleaseView['changes']): string {
  const subjects = [...new Set(changes.map(({ subject }) => subject))];
  if (subjects.length === 0) return 'A change of the manifests';
  const more = subjects.length - mostNamed;
  return `${subjects.slice(0, mostNamed).join('; ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function marksOf(release: ReleaseView): readonly Status[] {
  const { isCurrent, wasRolledBack, failedVerifications, missingImages, phase } = release;
  return [
    ...(isCurrent ? [{ tone: 'busy', icon: 'play', text: 'Runs now' } as const] : []),
    ...(phase === 'succeeded' ? [] : [deliveryStatus(phase)]),
    ...(wasRolledBack ? [{ tone: 'wait', icon: 'back', text: 'Rolled back from' } as const] : []),
    ...failedVerifications.map((name) => ({ tone: 'bad', icon: 'cross', text: `${name} failed` }) as const),
    ...missingImages.map((name) => ({ tone: 'bad', icon: 'warn', text: `Image gone: ${name}` }) as const),
  ];
}
