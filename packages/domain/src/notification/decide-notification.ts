import type { Trouble } from './notification.ts';

/** How something ended that people may have to hear of. */
export interface Outcome {
  /** What ended, the same for each time it is tried: `pipeline/guestbook/ci/main`. */
  readonly subject: string;
  readonly isSuccess: boolean;
  /** Later outcomes have greater texts. */
  readonly order: string;
  /** Accounts concerned. */
  readonly concerned: readonly string[];
}

/** What an outcome comes to. `next` is to be kept whatever is told. */
export interface NotificationDecision {
  /** Absent: nobody is told. */
  readonly kind?: 'failure' | 'recovery';
  readonly recipients: readonly string[];
  readonly next: Trouble;
}

/**
 * Decides whether an outcome is told: every failure, the first success after a failure, nothing else.
 *
 * Pure. An outcome older than the newest known is a late report: its failure is still told to whom it concerns, but neither opens
 * nor ends anything.
 */
export function decideNotification(known: Trouble | undefined, outcome: Outcome): NotificationDecision {
  const { subject, isSuccess, order, concerned } = outcome;
  const isLate = known !== undefined && order < known.order;
  const quiet: Trouble = { id: subject, isOpen: false, order, told: [] };
  if (isLate) return { ...(isSuccess ? {} : { kind: 'failure' as const }), recipients: concerned, next: known };
  if (!isSuccess) {
    const told = [...new Set([...(known?.isOpen === true ? known.told : []), ...concerned])];
    return { kind: 'failure', recipients: concerned, next: { id: subject, isOpen: true, order, told } };
  }
  if (known?.isOpen !== true) return { recipients: [], next: quiet };
  return { kind: 'recovery', recipients: [...new Set([...known.told, ...concerned])], next: quiet };
}
