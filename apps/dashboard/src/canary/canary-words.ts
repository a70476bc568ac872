import { type Status, statusOf } from '../mark/status.ts';

const phases: Readonly<Record<string, Status>> = {
  preparing: { tone: 'busy', icon: 'busy', text: 'Preparing' },
  progressing: { tone: 'busy', icon: 'busy', text: 'Progressing' },
  paused: { tone: 'wait', icon: 'pause', text: 'Paused' },
  inconclusive: { tone: 'wait', icon: 'warn', text: 'Inconclusive' },
  promoting: { tone: 'busy', icon: 'busy', text: 'Promoting' },
  promoted: { tone: 'ok', icon: 'check', text: 'Promoted' },
  aborting: { tone: 'bad', icon: 'back', text: 'Aborting' },
  aborted: { tone: 'bad', icon: 'cross', text: 'Aborted' },
};

const measured: Readonly<Record<string, Status>> = {
  running: { tone: 'busy', icon: 'busy', text: 'Measuring' },
  successful: { tone: 'ok', icon: 'check', text: 'Passed' },
  failed: { tone: 'bad', icon: 'cross', text: 'Failed' },
  inconclusive: { tone: 'wait', icon: 'warn', text: 'Inconclusive' },
  error: { tone: 'bad', icon: 'warn', text: 'Not measured' },
};

/** Of a canary; a phase that is not known here keeps its own word. */
export function canaryStatus(phase: string): Status {
  return statusOf(phases, phase);
}

/** Of one metric of it; absent: nothing is measured yet. */
export function metricStatus(phase: string | undefined): Status {
  return phase === undefined ? { tone: 'quiet', icon: 'clock', text: 'Waiting' } : statusOf(measured, phase);
}

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });

/** A measured value or a share: four digits are all that a person compares. */
export function tellNumber(value: number): string {
  return number.format(value);
}
