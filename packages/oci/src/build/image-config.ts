import { asObject, asTextList, asTexts, type JsonObject } from '../parse-json.ts';

/** What an image says about how to run it. @see OCI image-spec, config.md, "Properties". */
export interface ImageSettings {
  readonly user?: string;
  readonly env: ReadonlyMap<string, string>;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  /** CMD was set in this stage, so ENTRYPOINT does not take it away. */
  readonly isCmdOwn: boolean;
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly stopSignal?: string;
  readonly healthcheck?: JsonObject;
  /** For shell forms. */
  readonly shell: readonly string[];
}

/** Of `scratch`. */
export const emptySettings: ImageSettings = {
  env: new Map(),
  isCmdOwn: false,
  workingDir: '',
  labels: {},
  ports: [],
  volumes: [],
  shell: ['/bin/sh', '-c'],
};

/** Settings of a base image's config. */
export function readSettings(image: JsonObject): ImageSettings {
  const config = asObject(image['config']) ?? {};
  const text = (field: string): string | undefined => {
    const value = config[field];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const env = (asTextList(config['Env']) ?? []).map((line): [string, string] => {
    const mark = line.indexOf('=');
    return mark < 0 ? [line, ''] : [line.slice(0, mark), line.slice(mark + 1)];
  });
  return definedOnly({
    env: new Map(env),
    isCmdOwn: false,
    workingDir: text('WorkingDir') ?? '',
    labels: asTexts(config['Labels']),
    ports: Object.keys(asObject(config['ExposedPorts']) ?? {}),
    volumes: Object.keys(asObject(config['Volumes']) ?? {}),
    shell: asTextList(config['Shell']) ?? emptySettings.shell,
    user: text('User'),
    entrypoint: asTextList(config['Entrypoint']),
    cmd: asTextList(config['Cmd']),
    stopSignal: text('StopSignal'),
    healthcheck: asObject(config['Healthcheck']),
  });
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

function definedOnly(loose: Loose<Required<ImageSettings>>): ImageSettings {
  const { user, entrypoint, cmd, stopSignal, healthcheck, env, labels, ports, volumes, shell, workingDir } = loose;
  return {
    ...emptySettings,
    ...(env === undefined ? {} : { env }),
    ...(labels === undefined ? {} : { labels }),
    ...(ports === undefined ? {} : { ports }),
    ...(volumes === undefined ? {} : { volumes }),
    ...(shell === undefined ? {} : { shell }),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(user === undefined ? {} : { user }),
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(cmd === undefined ? {} : { cmd }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(healthcheck === undefined ? {} : { healthcheck }),
  };
}

/** The `config` object, fields and keys in a fixed order, empty ones left out. */
export function writeSettings(settings: ImageSettings): JsonObject {
  const isSet = (names: readonly string[]): boolean => names.length > 0;
  const asSet = (names: readonly string[]): JsonObject =>
    Object.fromEntries([...new Set(names)].sort().map((name) => [name, {}]));
  const labels = Object.entries(settings.labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const isShellOwn = JSON.stringify(settings.shell) !== JSON.stringify(emptySettings.shell);
  return {
    ...(settings.user === undefined ? {} : { User: settings.user }),
    ...(isSet(settings.ports) ? { ExposedPorts: asSet(settings.ports) } : {}),
    ...(settings.env.size > 0 ? { Env: [...settings.env].map(([name, value]) => `${name}=${value}`) } : {}),
    ...(settings.entrypoint === undefined ? {} : { Entrypoint: settings.entrypoint }),
    ...(settings.cmd === undefined ? {} : { Cmd: settings.cmd }),
    ...(isSet(settings.volumes) ? { Volumes: asSet(settings.volumes) } : {}),
    ...(settings.workingDir === '' ? {} : { WorkingDir: settings.workingDir }),
    ...(labels.length > 0 ? { Labels: Object.fromEntries(labels) } : {}),
    ...(settings.stopSignal === undefined ? {} : { StopSignal: settings.stopSignal }),
    ...(settings.healthcheck === undefined ? {} : { Healthcheck: settings.healthcheck }),
    ...(isShellOwn ? { Shell: settings.shell } : {}),
  };
}
