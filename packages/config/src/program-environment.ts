import { homedir } from 'node:os';
import path from 'node:path';
import { notificationVariables } from './notification-variables.ts';

/** What the program takes from the variables it was started with; nothing else of the product reads them. */
export interface ProgramEnvironment {
  /** `SLIPWAY_URL`: server that commands talk to. */
  readonly url?: string;
  /** `SLIPWAY_TOKEN`: credential for it. */
  readonly token?: string;
  /** `SLIPWAY_OPERATOR_TOKEN`: credential of an operator that is a process of its own. */
  readonly operatorToken?: string;
  /** `SLIPWAY_STATE`; default `slipway` below the user's state folder (XDG base directories). */
  readonly stateDir: string;
  /** `SLIPWAY_CACHE`; downloads that may be lost. */
  readonly cacheDir: string;
  /** Settings of the commands of this user: server and token. */
  readonly configFile: string;
  /** `SLIPWAY_DATABASE_URL`: PostgreSQL to use in place of the embedded one. */
  readonly databaseUrl?: string;
  /** `SLIPWAY_METRICS_URL`: database of the metrics. */
  readonly metricsUrl?: string;
  /** `SLIPWAY_PROMETHEUS_URL`: where the queries of canaries are asked; the local runtime answers the other questions itself. */
  readonly prometheusUrl?: string;
  /** `PG_BIN`: folder of the PostgreSQL programs for the embedded one. */
  readonly pgBin?: string;
  /** `SLIPWAY_CRASH_AT`: a checkpoint at which the process ends itself, for crash tests. */
  readonly crashAt?: string;
  /** `SLIPWAY_KUBECTL`: a kubectl to render with in place of the pinned one. */
  readonly kubectl?: string;
  /** `SLIPWAY_SMTP_URL` and the other variables of notification channels; see `parseNotificationSettings`. */
  readonly notifications: Readonly<Record<string, string>>;
  /** npm's own settings, for stages that may reach the package registry: registry and certificate authorities only. */
  readonly npm: Readonly<Record<string, string>>;
  /** What programs of the person read, a browser or the person's own Git: home and desktop session. */
  readonly personal: Readonly<Record<string, string>>;
  /** What a child process of ours needs to find programs. */
  readonly path: string;
}

const npmNames = ['npm_config_registry', 'npm_config_cafile', 'NODE_EXTRA_CA_CERTS', 'npm_config_strict_ssl'] as const;

const personalNames = [
  'HOME',
  'XDG_CONFIG_HOME',
  'XDG_RUNTIME_DIR',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'DBUS_SESSION_BUS_ADDRESS',
  'BROWSER',
  'LANG',
] as const;

/** Reads the environment once, at the start of the program. */
export function readProgramEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): ProgramEnvironment {
  const home = variables['HOME'] ?? homedir();
  const optional = (name: string, field: string): Record<string, string> => {
    const value = variables[name];
    return value === undefined || value === '' ? {} : { [field]: value };
  };
  const base = (name: string, fallback: string): string =>
    path.join(variables[name] ?? path.join(home, fallback), 'slipway');
  return {
    ...optional('SLIPWAY_URL', 'url'),
    ...optional('SLIPWAY_TOKEN', 'token'),
    ...optional('SLIPWAY_OPERATOR_TOKEN', 'operatorToken'),
    stateDir:
      variables['SLIPWAY_STATE'] ??
      (process.getuid?.() === 0 ? '/var/lib/slipway' : base('XDG_STATE_HOME', '.local/state')),
    cacheDir: variables['SLIPWAY_CACHE'] ?? base('XDG_CACHE_HOME', '.cache'),
    configFile: path.join(base('XDG_CONFIG_HOME', '.config'), 'config.json'),
    ...optional('SLIPWAY_DATABASE_URL', 'databaseUrl'),
    ...optional('SLIPWAY_METRICS_URL', 'metricsUrl'),
    ...optional('SLIPWAY_PROMETHEUS_URL', 'prometheusUrl'),
    ...optional('PG_BIN', 'pgBin'),
    ...optional('SLIPWAY_CRASH_AT', 'crashAt'),
    ...optional('SLIPWAY_KUBECTL', 'kubectl'),
    notifications: picked(variables, notificationVariables),
    npm: picked(variables, npmNames),
    personal: { HOME: home, ...picked(variables, personalNames) },
    path: variables['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
  };
}

function picked(
  variables: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])));
}
