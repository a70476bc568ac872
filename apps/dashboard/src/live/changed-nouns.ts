import { cachedNouns, type CachedNoun } from '../server/queries.ts';

const ofRuns = ['runs', 'run', 'pull-request', 'trail'] as const;
const ofReviews = ['pull-requests', 'pull-request', 'approvals', 'board', 'trail'] as const;
const ofEnvironments = ['board', 'pending-diff', 'rollback-preview', 'trail', 'pull-request'] as const;
const ofDelivery = ['releases', 'ticket', ...ofEnvironments] as const;
const ofEntry = ['board', 'approvals', 'pull-request'] as const;

const touched: Readonly<Record<string, readonly CachedNoun[]>> = {
  account: ['me'],
  repository: ['repositories', 'applications', 'board'],
  push: ['pull-requests', 'pull-request'],
  refHead: ['pull-request'],
  pullRequest: ofReviews,
  review: ofReviews,
  lineComment: ['pull-request'],
  change: ['changes', 'trail', 'board'],
  pipelineRun: ofRuns,
  stageRun: ofRuns,
  artifact: ['trail'],
  manifestCommit: ['trail', 'board'],
  release: ['board', 'trail'],
  desiredState: ['applications', 'approvals', ...ofDelivery],
  deployment: ofDelivery,
  verification: ofDelivery,
  promotion: ['pull-requests', 'approvals', ...ofDelivery],
  releaseTicket: ['tickets', 'ticket', 'trail'],
  hold: ofEntry,
  freeze: ['freezes', ...ofEntry],
  inboxItem: ['inbox'],
};

/** What is out of date when something of this noun changed: for a noun that is not known here, everything. */
export function cachedNounsOf(noun: string): readonly CachedNoun[] {
  return Object.hasOwn(touched, noun) ? (touched[noun] ?? cachedNouns) : cachedNouns;
}
