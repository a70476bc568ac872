import type {
  ApprovalsView,
  BoardView,
  FreezeView,
  MeView,
  PullRequestSummary,
  PullRequestView,
  ReleaseView,
  RepositoryView,
  RollbackPreviewView,
  RunView,
  TicketSummary,
  TicketView,
  TrailView,
} from '@slipway/api';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import type { Applications, ChangeSummary, HealthView, InboxView, RollbackPart } from './answers.ts';
import { useServer } from './server-context.ts';

/** First parts of the keys of what is cached; events of the server are mapped to them. */
export const cachedNouns = [
  'me',
  'health',
  'repositories',
  'runs',
  'run',
  'applications',
  'board',
  'pending-diff',
  'pull-requests',
  'pull-request',
  'changes',
  'trail',
  'inbox',
  'releases',
  'rollback-preview',
  'tickets',
  'ticket',
  'approvals',
  'freezes',
] as const;
export type CachedNoun = (typeof cachedNouns)[number];

function useAnswer<Answer>(key: readonly [CachedNoun, ...(string | number)[]], path: string) {
  const { http } = useServer();
  return useQuery({ queryKey: key, queryFn: ({ signal }) => http.read<Answer>(path, signal) });
}

const part = encodeURIComponent;

export function useMe(): UseQueryResult<MeView> {
  return useAnswer(['me'], '/api/v1/me');
}

export function useRepositories(): UseQueryResult<readonly RepositoryView[]> {
  return useAnswer(['repositories'], '/api/v1/repositories');
}

export function useHealth(): UseQueryResult<HealthView> {
  return useAnswer(['health'], '/api/v1/health');
}

export function useRuns(): UseQueryResult<readonly RunView[]> {
  return useAnswer(['runs'], '/api/v1/runs?limit=100');
}

export function useRun(run: string): UseQueryResult<RunView> {
  return useAnswer(['run', run], `/api/v1/runs/${part(run)}`);
}

/** Path of a stage's log; `follow` keeps the answer open until the stage has ended. */
export function stageLogPath(run: string, stage: string): string {
  return `/api/v1/runs/${part(run)}/stages/${part(stage)}/log`;
}

export function verificationLogPath(verification: string): string {
  return `/api/v1/verifications/${part(verification)}/log`;
}

export function useApplications(): UseQueryResult<Applications> {
  return useAnswer(['applications'], '/api/v1/applications');
}

export function useBoard(application: string): UseQueryResult<BoardView> {
  return useAnswer(['board', application], `/api/v1/applications/${part(application)}/board`);
}

/** Path of an environment; what may be done there is below it. */
export function environmentPath(application: string, environment: string): string {
  return `/api/v1/applications/${part(application)}/environments/${part(environment)}`;
}

/** The server renders it: asked for only when somebody looks. */
export function usePendingDiff(application: string, environment: string): UseQueryResult<{ readonly diff: string }> {
  return useAnswer(
    ['pending-diff', application, environment],
    `${environmentPath(application, environment)}/pending-diff`,
  );
}

/** @param state - absent lists all. */
export function usePullRequests(state?: string): UseQueryResult<readonly PullRequestSummary[]> {
  const query = state === undefined ? '' : `?state=${part(state)}`;
  return useAnswer(['pull-requests', state ?? 'all'], `/api/v1/pull-requests${query}`);
}

/** Path of one pull request; its actions are below it. */
export function pullRequestPath(repository: string, number: number): string {
  return `/api/v1/repositories/${part(repository)}/pull-requests/${number}`;
}

export function usePullRequest(repository: string, number: number): UseQueryResult<PullRequestView> {
  return useAnswer(['pull-request', repository, number], pullRequestPath(repository, number));
}

export function useChanges(): UseQueryResult<readonly ChangeSummary[]> {
  return useAnswer(['changes'], '/api/v1/changes?limit=100');
}

export function useTrail(change: string): UseQueryResult<TrailView> {
  return useAnswer(['trail', change], `/api/v1/changes/${part(change)}/trail`);
}

export function useInbox(): UseQueryResult<InboxView> {
  return useAnswer(['inbox'], '/api/v1/inbox');
}

export function useReleases(application: string, environment: string): UseQueryResult<readonly ReleaseView[]> {
  return useAnswer(['releases', application, environment], `${environmentPath(application, environment)}/releases`);
}

/** What a rollback is asked to do. `to` absent: the server takes what ran healthy there before. */
export interface RollbackChoice {
  readonly application: string;
  readonly environment: string;
  readonly to?: string;
  readonly part: RollbackPart;
}

/** The server works the rollback out without doing it. */
export function useRollbackPreview(choice: RollbackChoice): UseQueryResult<RollbackPreviewView> {
  const { application, environment, to, part: what } = choice;
  const query = new URLSearchParams({ part: what, ...(to === undefined ? {} : { to }) });
  const key = ['rollback-preview', application, environment, to ?? '', what] as const;
  return useAnswer(key, `${environmentPath(application, environment)}/rollback-preview?${query}`);
}

export function useTickets(): UseQueryResult<readonly TicketSummary[]> {
  return useAnswer(['tickets'], '/api/v1/release-tickets?limit=100');
}

export function useTicket(ticket: string): UseQueryResult<TicketView> {
  return useAnswer(['ticket', ticket], `/api/v1/release-tickets/${part(ticket)}`);
}

/** Path of a promotion; what may be said of it is below it. */
export function promotionPath(promotion: string): string {
  return `/api/v1/promotions/${part(promotion)}`;
}

export function useApprovals(): UseQueryResult<ApprovalsView> {
  return useAnswer(['approvals'], '/api/v1/approvals');
}

export function useFreezes(): UseQueryResult<readonly FreezeView[]> {
  return useAnswer(['freezes'], '/api/v1/freezes');
}
