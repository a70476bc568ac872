import type { Isolation } from '@slipway/ports';
import type { UnprivilegedUser } from '@slipway/host';
import type { Toolchain } from './toolchain.ts';

/** Folders of one stage on the machine, as the server sees them. */
export interface StagePlaces {
  readonly workspace: string;
  readonly home: string;
  readonly scratch: string;
  /** Sockets of the stage's gateway; absent without a network. */
  readonly sockets?: string;
  /** A passwd(5) file that knows the stage's uid. */
  readonly passwd: string;
}

export interface WrapRequest {
  readonly places: StagePlaces;
  readonly toolchain: Toolchain;
  /** The uid of the stage; absent: the server's own. */
  readonly user?: UnprivilegedUser;
  readonly maxProcesses: number;
}

export interface Wrapped {
  readonly program: string;
  readonly args: readonly string[];
  /** True: spawn it under the stage's uid. False: it runs as root and drops the uid by itself, inside. */
  readonly isUidDroppedBefore: boolean;
  /** The same places as the stage sees them. */
  readonly inside: Pick<StagePlaces, 'workspace' | 'home' | 'scratch' | 'sockets'>;
}

/** One way to run the driver script. */
export interface Rung {
  readonly isolation: Isolation;
  /** For people: what differs from another way of the same isolation. */
  readonly label: string;
  /** Has a process namespace: all dies with its first process. Without, leftovers are found by their environment. */
  readonly hasOwnProcesses: boolean;
  readonly hasOwnNetwork: boolean;
  wrap(request: WrapRequest): Wrapped;
}

const etc = [
  'alternatives',
  'ca-certificates',
  'group',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'pki',
  'protocols',
  'services',
  'ssl',
] as const;

/** Strongest first. As root without user namespaces the privileged ways remain; they drop the uid inside (D§13.3). */
export function rungsFor(isRoot: boolean, mayUseUserNamespaces: boolean): readonly Rung[] {
  const bubblewraps = [...(mayUseUserNamespaces ? [bubblewrap(false)] : []), ...(isRoot ? [bubblewrap(true)] : [])];
  const namespaces = [
    ...(mayUseUserNamespaces ? [unshared(false, true), unshared(false, false)] : []),
    ...(isRoot ? [unshared(true, true)] : []),
  ];
  return [...bubblewraps, ...namespaces, bare];
}

function bubblewrap(isPrivileged: boolean): Rung {
  return {
    isolation: 'bubblewrap',
    label: isPrivileged ? 'bubblewrap without user namespaces' : 'bubblewrap',
    hasOwnProcesses: true,
    hasOwnNetwork: true,
    wrap(request) {
      const inside = {
        workspace: '/workspace',
        home: '/workspace-home',
        scratch: '/tmp',
        ...(request.places.sockets === undefined ? {} : { sockets: '/run/slipway/sockets' }),
      };
      // The environment is handed down as it is, because --setenv would show secrets in the process list.
      const namespaces = isPrivileged
        ? ['--unshare-ipc', '--unshare-net', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try']
        : ['--unshare-all'];
      const program = [
        'bwrap',
        ...namespaces,
        '--die-with-parent',
        '--new-session',
        '--as-pid-1',
        '--hostname',
        'stage',
      ];
      const drop = isPrivileged ? ['setpriv', ...dropUid(request.user), ...dropCapabilities, '--'] : [];
      const argv = [...limits(request), ...program, ...mounts(request), '--', ...drop];
      return wrapped([...argv, ...driver('/run/slipway/assets', request.toolchain, inside)], !isPrivileged, inside);
    },
  };
}

function mounts({ places, toolchain }: WrapRequest): readonly string[] {
  return [
    // Folders that bwrap makes by itself are 0700 and root's when there is no user namespace.
    ...['/etc', '/run', '/run/slipway'].flatMap((folder) => ['--perms', '0755', '--dir', folder]),
    ...toolchain.folders.flatMap((folder) => ['--ro-bind', folder, folder]),
    ...toolchain.links.flatMap(([link, target]) => ['--symlink', target, link]),
    ...etc.flatMap((name) => ['--ro-bind-try', `/etc/${name}`, `/etc/${name}`]),
    ...['--ro-bind', places.passwd, '/etc/passwd', '--ro-bind', `${toolchain.assets}/hosts`, '/etc/hosts'],
    ...['--proc', '/proc', '--dev', '/dev', '--bind', places.scratch, '/tmp'],
    ...['--bind', places.workspace, '/workspace', '--bind', places.home, '/workspace-home'],
    ...['--ro-bind', toolchain.assets, '/run/slipway/assets'],
    ...(places.sockets === undefined ? [] : ['--ro-bind', places.sockets, '/run/slipway/sockets']),
    ...['--remount-ro', '/', '--chdir', '/workspace'],
  ];
}

function unshared(isPrivileged: boolean, hasOwnProc: boolean): Rung {
  return {
    isolation: 'namespaces',
    label: `namespaces${isPrivileged ? ' without user namespaces' : ''}${hasOwnProc ? '' : ' without an own /proc'}`,
    hasOwnProcesses: true,
    hasOwnNetwork: true,
    wrap(request) {
      const { places, toolchain } = request;
      const owner = isPrivileged ? [] : ['--user', '--map-current-user', '--keep-caps'];
      const proc = hasOwnProc ? ['--mount-proc'] : [];
      const drop = [...(isPrivileged ? dropUid(request.user) : []), ...dropCapabilities, '--'];
      const argv = [
        ...['setpriv', '--pdeathsig', 'KILL', '--', ...limits(request)],
        ...['unshare', ...owner, '--net', '--pid', '--ipc', '--uts', ...proc, '--fork', '--kill-child', '--'],
        ...['sh', `${toolchain.assets}/enter-namespaces.sh`, ...drop, ...driver(toolchain.assets, toolchain, places)],
      ];
      return wrapped(argv, !isPrivileged, places);
    },
  };
}

/** No isolation but the uid's, when the server is root. */
const bare: Rung = {
  isolation: 'none',
  label: 'no isolation',
  hasOwnProcesses: false,
  hasOwnNetwork: false,
  wrap(request) {
    const { places, toolchain } = request;
    const argv = ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '--', ...limits(request)];
    return wrapped([...argv, ...driver(toolchain.assets, toolchain, places)], true, places);
  },
};

const dropCapabilities = ['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--no-new-privs'] as const;

/** A change of uid clears the parent-death signal, so it is set again. */
function dropUid(user: UnprivilegedUser | undefined): readonly string[] {
  if (user === undefined) return [];
  return [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--pdeathsig', 'KILL'];
}

function limits({ maxProcesses }: WrapRequest): readonly string[] {
  return ['prlimit', `--nproc=${maxProcesses}:${maxProcesses}`, '--core=0:0', '--'];
}

function driver(assets: string, toolchain: Toolchain, inside: Wrapped['inside']): readonly string[] {
  return ['sh', `${assets}/driver.sh`, inside.workspace, inside.scratch, toolchain.node, `${assets}/relay.mjs`];
}

function wrapped(argv: readonly string[], isUidDroppedBefore: boolean, inside: Wrapped['inside']): Wrapped {
  const [program = '', ...args] = argv;
  return { program, args, isUidDroppedBefore, inside };
}
