import type { EnvironmentView } from '@slipway/api';
import { Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Icon } from '../mark/icon.tsx';
import { Moment } from '../mark/moment.tsx';
import { Note } from '../mark/note.tsx';
import { SafeLink } from '../mark/safe-link.tsx';
import { deliveryStatus, type Status } from '../mark/status.ts';
import { StatusBadge } from '../mark/status-badge.tsx';
import css from './environment.module.css';
import { EntryNotes } from './entry-notes.tsx';
import { HoldButton } from './holds.tsx';
import { PendingPromotion } from './pending-promotion.tsx';
import { OpenPromotion, PromoteButton } from './promote.tsx';
import { RunningRelease } from './running-release.tsx';
import { Verifications } from './verifications.tsx';

/** One environment of the board. */
export function EnvironmentColumn({ view }: { readonly view: EnvironmentView }) {
  const { running } = view;
  return (
    <section className={css['column']} aria-label={`Environment ${view.environment}`}>
      <header className={css['columnHead']}>
        <h2>{view.environment}</h2>
        {view.class === 'protected' ? (
          <Tooltip label="Protected: a second person must approve what enters">
            <span className={css['class']} tabIndex={0} role="img" aria-label="protected">
              <Icon name="lock" size={15} />
            </span>
          </Tooltip>
        ) : undefined}
        <span className={css['health']}>
          <StatusBadge status={healthOf(running)} />
        </span>
      </header>
      <div className={css['columnBody']}>
        {view.fault === undefined ? undefined : (
          <Note tone="bad" icon="warn">
            {view.fault}
          </Note>
        )}
        <EntryNotes view={view} />
        {running === undefined ? (
          <p className={css['soft']}>Nothing runs here yet.</p>
        ) : (
          <RunningRelease view={view} running={running} />
        )}
        <Services services={view.services} />
        <Verifications verifications={view.verifications} />
        {view.pending === undefined ? undefined : (
          <PendingPromotion environment={view.environment} pending={view.pending} />
        )}
        {view.promotion === undefined ? undefined : <OpenPromotion promotion={view.promotion} />}
      </div>
      <footer className={css['columnFoot']}>
        {view.why === undefined ? undefined : (
          <p className={css['why']}>
            <Icon name="clock" size={14} /> <span>{view.why}</span>
          </p>
        )}
        <PromoteButton view={view} />
        <HoldButton view={view} />
        {running === undefined ? undefined : (
          <Link
            to="/environments/$application/$environment/rollback"
            params={{ application: view.application, environment: view.environment }}
            className={css['back']}
          >
            <Icon name="back" size={14} /> Go back …
          </Link>
        )}
        <span className={css['updated']}>
          Looked at <Moment at={view.updatedAt} />
        </span>
      </footer>
    </section>
  );
}

const nothing: Status = { tone: 'quiet', icon: 'clock', text: 'Empty' };
const healthy: Status = { tone: 'ok', icon: 'check', text: 'Healthy' };

function healthOf(running: EnvironmentView['running']): Status {
  if (running === undefined) return nothing;
  return running.phase === 'succeeded' && running.healthySince !== undefined ? healthy : deliveryStatus(running.phase);
}

function Services({ services }: Pick<EnvironmentView, 'services'>) {
  if (services.length === 0) return undefined;
  return (
    <ul className={css['services']} aria-label="Services">
      {services.map(({ name, url }) => (
        <li key={name}>
          <SafeLink address={url}>
            {name} <Icon name="out" size={12} />
          </SafeLink>
        </li>
      ))}
    </ul>
  );
}
