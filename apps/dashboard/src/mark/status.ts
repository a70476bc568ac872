import type { Conclusion, DeliveryPhase, RunPhase } from '../server/answers.ts';
import type { IconName } from './icon.tsx';

/** What a colour means, the same in every view. */
export type Tone = 'ok' | 'bad' | 'busy' | 'wait' | 'quiet';

/** How a state is shown: icon, colour and word together, never colour alone. */
export interface Status {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly text: string;
}

const byConclusion: Readonly<Record<Conclusion, Status>> = {
  success: { tone: 'ok', icon: 'check', text: 'Success' },
  failure: { tone: 'bad', icon: 'cross', text: 'Failure' },
  neutral: { tone: 'quiet', icon: 'check', text: 'Neutral' },
  skipped: { tone: 'quiet', icon: 'skip', text: 'Skipped' },
  cancelled: { tone: 'quiet', icon: 'stop', text: 'Cancelled' },
  timed_out: { tone: 'bad', icon: 'clock', text: 'Timed out' },
  action_required: { tone: 'wait', icon: 'warn', text: 'Action required' },
};

const byRunPhase: Readonly<Record<RunPhase, Status>> = {
  pending: { tone: 'quiet', icon: 'clock', text: 'Pending' },
  waiting: { tone: 'wait', icon: 'clock', text: 'Waiting' },
  running: { tone: 'busy', icon: 'busy', text: 'Running' },
  finished: { tone: 'quiet', icon: 'check', text: 'Finished' },
};

const byDeliveryPhase: Readonly<Record<DeliveryPhase, Status>> = {
  pending: { tone: 'wait', icon: 'clock', text: 'Pending' },
  running: { tone: 'busy', icon: 'busy', text: 'Running' },
  succeeded: { tone: 'ok', icon: 'check', text: 'Succeeded' },
  failed: { tone: 'bad', icon: 'cross', text: 'Failed' },
  errored: { tone: 'bad', icon: 'warn', text: 'Errored' },
  aborted: { tone: 'quiet', icon: 'stop', text: 'Aborted' },
};

const unknownStatus: Status = { tone: 'quiet', icon: 'clock', text: 'Unknown' };

/** Of a table by its word; a word that is not known here is shown as it is. */
export function statusOf(table: Readonly<Record<string, Status>>, word: string): Status {
  return Object.hasOwn(table, word) ? (table[word] ?? unknownStatus) : { ...unknownStatus, text: word };
}

/** Of a run, a stage or a check. */
export function runStatus({
  phase,
  conclusion,
}: {
  readonly phase: string;
  readonly conclusion?: string | undefined;
}): Status {
  return conclusion === undefined ? statusOf(byRunPhase, phase) : statusOf(byConclusion, conclusion);
}

/** Of a deployment, verification or promotion. */
export function deliveryStatus(phase: string): Status {
  return statusOf(byDeliveryPhase, phase);
}
