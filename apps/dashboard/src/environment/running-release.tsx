import type { EnvironmentView } from '@slipway/api';
import { Link } from '@tanstack/react-router';
import { CanaryControl } from '../canary/canary-control.tsx';
import { CanaryProgress } from '../canary/canary-progress.tsx';
import { canaryOf } from '../canary/parse-canary.ts';
import { Copyable } from '../mark/copyable.tsx';
import { Moment } from '../mark/moment.tsx';
import { Note } from '../mark/note.tsx';
import { deliveryStatus } from '../mark/status.ts';
import type { Running } from '../server/answers.ts';
import css from './environment.module.css';

/** What runs: changes first, for that is what people look for; then the images and the commit that say exactly what. */
export function RunningRelease({ view, running }: { readonly view: EnvironmentView; readonly running: Running }) {
  const canary = canaryOf(running);
  const { application, environment } = view;
  return (
    <>
      <ul className={css['changes']} aria-label="Changes that run here">
        {running.changes.map(({ id, subject, author }) => (
          <li key={id}>
            <Link to="/changes/$change" params={{ change: id }}>
              {subject}
            </Link>
            <span>{author}</span>
          </li>
        ))}
      </ul>
      {running.phase === 'succeeded' ? undefined : (
        <Note tone={deliveryStatus(running.phase).tone} icon={running.phase === 'running' ? 'clock' : 'warn'}>
          <b>{running.reason}</b>
          {running.message === '' ? undefined : `: ${running.message}`}
        </Note>
      )}
      {/* Once it serves everybody, what is said below of the release is said of all of it. */}
      {canary === undefined || canary.phase === 'promoted' ? undefined : (
        <>
          <CanaryProgress canary={canary} />
          <CanaryControl {...{ application, environment, canary }} />
        </>
      )}
      <dl className={css['images']}>
        {running.images.map(({ name, tag, digest }) => (
          <div key={name}>
            <dt title={name}>{shortName(name)}</dt>
            <dd>
              <code title={tag}>{tag.slice(0, 8)}</code>
              <Copyable text={digest} what={`digest of ${shortName(name)}`} length={8} isBare />
            </dd>
          </div>
        ))}
        <div>
          <dt>Commit</dt>
          <dd>
            <Copyable text={running.revision} what="config commit" length={8} />
          </dd>
        </div>
        {running.healthySince === undefined ? undefined : (
          <div>
            <dt>Healthy since</dt>
            <dd>
              <Moment at={running.healthySince} />
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}

/** Registry and folders are in the title. */
function shortName(image: string): string {
  return image.slice(image.lastIndexOf('/') + 1);
}
