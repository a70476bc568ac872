import type { FreezeView, ReleaseView, RollbackPreviewView, TicketView, WaitingApproval } from '@slipway/api';
import { commit, diff, digest } from './answers.fixture.ts';

export const canary = {
  phase: 'progressing',
  step: 1,
  steps: 4,
  weight: 25,
  realShare: 25,
  metrics: [
    { name: 'error-rate', run: 'r', phase: 'failed', isDryRun: false, value: 0.25, limit: '<= 0.01', count: 2 },
  ],
  startedAt: '2026-01-02T10:00:00.000Z',
  message: 'Waits for its measurements.',
} as const;

export const ticket: TicketView = {
  id: 'guestbook/prod/x',
  number: 3,
  application: 'guestbook',
  environment: 'prod',
  kind: 'promotion',
  title: 'Promote guestbook to prod',
  release: digest,
  openedBy: 'amina',
  openedAt: '2026-01-02T10:00:00.000Z',
  reason: 'The guests asked for it.',
  pullRequest: 7,
  approvals: ['li'],
  message: 'The canary gets 25 % of the requests.',
  repository: 'guestbook-config',
  commits: [{ repository: 'guestbook', commit, subject: 'Show how many guests signed today', author: 'Amina Diallo' }],
  manifestDiff: diff,
  configDiff: '',
  rollbackTo: { deployment: 'd1', release: digest, command: 'slipway rollback guestbook prod --to d1 --reason "…"' },
  deployment: { id: 'd2', phase: 'running', message: '', startedAt: '2026-01-02T10:00:00.000Z', canary },
  verifications: [{ name: 'smoke', phase: 'succeeded', message: '4 of 4 answered' }],
};

export const review: WaitingApproval = {
  promotion: ticket.id,
  kind: 'rollback',
  waitsFor: 'review',
  application: 'guestbook',
  environment: 'prod',
  release: digest,
  title: 'Emergency rollback of environment prod',
  requestedBy: 'jon',
  requestedAt: '2026-01-02T10:00:00.000Z',
  reason: 'Nobody could sign.',
  approvals: [],
  unmet: [],
  reviewUntil: '2026-01-03T10:00:00.000Z',
  isOverdue: true,
  canApprove: { isAllowed: true },
};

export const release: ReleaseView = {
  deployment: 'd1',
  release: digest,
  revision: commit,
  phase: 'succeeded',
  message: '',
  finishedAt: '2026-01-01T10:00:00.000Z',
  isCurrent: false,
  wasRolledBack: false,
  failedVerifications: [],
  missingImages: [],
  images: [{ name: 'registry:5000/guestbook/web', tag: commit, digest }],
  changes: [{ id: `guestbook@${commit}`, subject: 'Greet the guests', author: 'Jon Berg' }],
};

export const preview: RollbackPreviewView = {
  application: 'guestbook',
  environment: 'prod',
  isAllowed: true,
  unmet: [],
  part: 'both',
  target: release,
  reverts: [{ commit, subject: 'Promote the bad one', author: 'Slipway' }],
  method: 'revert',
  paths: ['guestbook/prod/kustomization.yaml'],
  isProven: true,
  renderedDiff: diff,
};

export const freeze: FreezeView = {
  id: 'freeze-1',
  environment: 'prod',
  from: '2026-01-02T10:00:00.000Z',
  to: '2099-01-03T10:00:00.000Z',
  reason: 'Stocktaking.',
  placedBy: 'mara',
  placedAt: '2026-01-02T10:00:00.000Z',
  canEnd: { isAllowed: true },
};
