import type { PullRequestView } from '@slipway/api';
import type { Status } from '../mark/status.ts';

const states: Readonly<Record<PullRequestView['state'], Status>> = {
  open: { tone: 'busy', icon: 'branches', text: 'Open' },
  merged: { tone: 'ok', icon: 'check', text: 'Merged' },
  closed: { tone: 'quiet', icon: 'stop', text: 'Closed' },
};

export function pullRequestStatus(state: PullRequestView['state']): Status {
  return states[state];
}

const verdicts: Readonly<Record<PullRequestView['reviews'][number]['verdict'], Status>> = {
  approved: { tone: 'ok', icon: 'check', text: 'Approved' },
  'changes-requested': { tone: 'bad', icon: 'cross', text: 'Changes requested' },
  commented: { tone: 'quiet', icon: 'trail', text: 'Commented' },
};

export function verdictStatus(verdict: PullRequestView['reviews'][number]['verdict']): Status {
  return verdicts[verdict];
}
