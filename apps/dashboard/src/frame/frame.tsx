import { Link, Outlet } from '@tanstack/react-router';
import { Icon, type IconName } from '../mark/icon.tsx';
import { LiveProvider } from '../live/live-provider.tsx';
import { isUnauthenticated } from '../server/dashboard-error.ts';
import { useApprovals, useHealth, useInbox, useMe } from '../server/queries.ts';
import { LoginView } from '../session/login-view.tsx';
import { SignOut } from '../session/sign-out.tsx';
import css from './frame.module.css';
import { QueryView } from './query-view.tsx';

const places: readonly { readonly to: string; readonly icon: IconName; readonly text: string }[] = [
  { to: '/environments', icon: 'layers', text: 'Environments' },
  { to: '/runs', icon: 'play', text: 'Runs' },
  { to: '/pull-requests', icon: 'branches', text: 'Pull requests' },
  { to: '/changes', icon: 'trail', text: 'Changes' },
  { to: '/tickets', icon: 'ticket', text: 'Tickets' },
  { to: '/approvals', icon: 'check', text: 'Approvals' },
  { to: '/inbox', icon: 'inbox', text: 'Inbox' },
];

/** What stands around every page: who is asking decides between it and the login page. */
export function Frame() {
  const me = useMe();
  if (isUnauthenticated(me.error)) return <LoginView />;
  return (
    <QueryView query={me} what="your account" shapes={[64, 320]}>
      {({ displayName, account }) => (
        <LiveProvider>
          <div className={css['shell']}>
            <a className={css['skip']} href="#content">
              Skip to content
            </a>
            <div className={css['side']}>
              <Link to="/environments" className={css['brand']}>
                <img src="/favicon.svg" alt="" />
                Slipway
              </Link>
              <Places />
              <Foot name={displayName === '' ? account : displayName} />
            </div>
            <main className={css['main']} id="content" tabIndex={-1}>
              <div>
                <Outlet />
              </div>
            </main>
          </div>
        </LiveProvider>
      )}
    </QueryView>
  );
}

function Places() {
  const inInbox = useInbox().data?.items.length ?? 0;
  const toApprove = useApprovals().data?.items.filter(({ canApprove }) => canApprove.isAllowed).length ?? 0;
  const counts: Readonly<Record<string, Count>> = {
    '/inbox': { count: inInbox, says: `${inInbox} in the inbox` },
    '/approvals': { count: toApprove, says: `${toApprove} for you to approve` },
  };
  return (
    <nav className={css['nav']} aria-label="Main">
      {places.map(({ to, icon, text }) => (
        <Link key={to} to={to} activeOptions={{ exact: false, includeSearch: false }}>
          <Icon name={icon} />
          {text}
          <Waiting {...counts[to]} />
        </Link>
      ))}
    </nav>
  );
}

interface Count {
  readonly count: number;
  readonly says: string;
}

function Waiting({ count = 0, says }: Partial<Count>) {
  if (count === 0) return undefined;
  return (
    <span className={css['count']} aria-label={says}>
      {count}
    </span>
  );
}

function Foot({ name }: { readonly name: string }) {
  const health = useHealth().data;
  return (
    <div className={css['foot']}>
      <b>{name}</b>
      <SignOut />
      {health === undefined ? undefined : (
        <span className={css['version']} title={health.isolation.because}>
          Slipway {health.version}
          <br />
          Isolation: {health.isolation.isolation}
        </span>
      )}
    </div>
  );
}
