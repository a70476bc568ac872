import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  Link,
  redirect,
  type RouterHistory,
} from '@tanstack/react-router';
import { Frame } from './frame/frame.tsx';
import { Empty } from './frame/query-view.tsx';
import { Note } from './mark/note.tsx';
import { tellProblem } from './server/dashboard-error.ts';

const root = createRootRoute({ component: Frame, notFoundComponent: NotFound, errorComponent: Fault });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    redirect({ to: '/environments', replace: true, throw: true });
  },
});
const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: lazyRouteComponent(() => import('./session/login-page.tsx'), 'LoginPage'),
});
const environments = createRoute({
  getParentRoute: () => root,
  path: '/environments',
  component: lazyRouteComponent(() => import('./environment/environments-page.tsx'), 'EnvironmentsPage'),
});
const board = createRoute({
  getParentRoute: () => root,
  path: '/environments/$application',
  component: lazyRouteComponent(() => import('./environment/board-page.tsx'), 'BoardPage'),
});
const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  component: lazyRouteComponent(() => import('./run/runs-page.tsx'), 'RunsPage'),
});
const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$run',
  validateSearch: ({ stage }: Record<string, unknown>): { stage?: string } =>
    typeof stage === 'string' ? { stage } : {},
  component: lazyRouteComponent(() => import('./run/run-page.tsx'), 'RunPage'),
});
const pullRequests = createRoute({
  getParentRoute: () => root,
  path: '/pull-requests',
  validateSearch: ({ state }: Record<string, unknown>): { state?: 'merged' | 'closed' | 'all' } =>
    state === 'merged' || state === 'closed' || state === 'all' ? { state } : {},
  component: lazyRouteComponent(() => import('./pull-request/pull-requests-page.tsx'), 'PullRequestsPage'),
});
const pullRequest = createRoute({
  getParentRoute: () => root,
  path: '/pull-requests/$repository/$number',
  component: lazyRouteComponent(() => import('./pull-request/pull-request-page.tsx'), 'PullRequestPage'),
});
const changes = createRoute({
  getParentRoute: () => root,
  path: '/changes',
  component: lazyRouteComponent(() => import('./change/changes-page.tsx'), 'ChangesPage'),
});
const trail = createRoute({
  getParentRoute: () => root,
  path: '/changes/$change',
  component: lazyRouteComponent(() => import('./change/trail-page.tsx'), 'TrailPage'),
});
const tickets = createRoute({
  getParentRoute: () => root,
  path: '/tickets',
  component: lazyRouteComponent(() => import('./ticket/tickets-page.tsx'), 'TicketsPage'),
});
const ticket = createRoute({
  getParentRoute: () => root,
  path: '/tickets/$ticket',
  component: lazyRouteComponent(() => import('./ticket/ticket-page.tsx'), 'TicketPage'),
});
const rollback = createRoute({
  getParentRoute: () => root,
  path: '/environments/$application/$environment/rollback',
  validateSearch: ({ to, part }: Record<string, unknown>): { to?: string; part?: 'manifests' | 'app-config' } => ({
    ...(typeof to === 'string' ? { to } : {}),
    ...(part === 'manifests' || part === 'app-config' ? { part } : {}),
  }),
  component: lazyRouteComponent(() => import('./rollback/rollback-page.tsx'), 'RollbackPage'),
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  component: lazyRouteComponent(() => import('./approval/approvals-page.tsx'), 'ApprovalsPage'),
});
const freezes = createRoute({
  getParentRoute: () => root,
  path: '/freezes',
  component: lazyRouteComponent(() => import('./freeze/freezes-page.tsx'), 'FreezesPage'),
});
const inbox = createRoute({
  getParentRoute: () => root,
  path: '/inbox',
  component: lazyRouteComponent(() => import('./inbox/inbox-page.tsx'), 'InboxPage'),
});

const routeTree = root.addChildren([
  home,
  login,
  environments,
  board,
  runs,
  run,
  pullRequests,
  pullRequest,
  changes,
  trail,
  tickets,
  ticket,
  rollback,
  approvals,
  freezes,
  inbox,
]);

/** @param history - of a test; the browser's own otherwise. */
export function createDashboardRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: Fault,
    ...(history === undefined ? {} : { history }),
  });
}
export type DashboardRouter = ReturnType<typeof createDashboardRouter>;

declare module '@tanstack/react-router' {
  interface Register {
    router: DashboardRouter;
  }
}

function NotFound() {
  return (
    <Empty icon="warn" title="There is no such page">
      Begin at <Link to="/environments">Environments</Link>.
    </Empty>
  );
}

function Fault({ error }: ErrorComponentProps) {
  return (
    <Note tone="bad" icon="warn" role="alert">
      {tellProblem(error)}
    </Note>
  );
}
