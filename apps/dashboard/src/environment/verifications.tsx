import { Button } from '@mantine/core';
import { Elapsed } from '../mark/moment.tsx';
import { deliveryStatus } from '../mark/status.ts';
import { StatusDot } from '../mark/status-badge.tsx';
import type { Verification } from '../server/answers.ts';
import { detailOf, useDetail } from './board-detail.tsx';
import css from './environment.module.css';

/** What was checked after deploying, and what each check said. */
export function Verifications({ verifications }: { readonly verifications: readonly Verification[] }) {
  if (verifications.length === 0) return undefined;
  return (
    <ul className={css['verifications']} aria-label="Verifications">
      {verifications.map((verification) => (
        <VerificationRow key={verification.id} verification={verification} />
      ))}
    </ul>
  );
}

function VerificationRow({ verification }: { readonly verification: Verification }) {
  const { id, name, phase, message, startedAt, finishedAt } = verification;
  const { isOpen, onToggle } = useDetail(detailOf.log(id));
  const status = deliveryStatus(phase);
  const took =
    startedAt === undefined || finishedAt === undefined ? undefined : Date.parse(finishedAt) - Date.parse(startedAt);
  return (
    <li>
      <StatusDot status={status} />
      <div>
        <div className={css['verificationHead']}>
          <b>{name}</b>
          <span>{status.text}</span>
          <Elapsed startedAt={startedAt} durationMs={took} />
        </div>
        {message === '' ? undefined : <p>{message}</p>}
        {startedAt === undefined ? undefined : (
          <Button variant="default" size="compact-xs" aria-expanded={isOpen} onClick={onToggle}>
            {isOpen ? 'Hide log' : 'Log'}
          </Button>
        )}
      </div>
    </li>
  );
}
