import {
  appConfigLimits,
  type AppConfigPin,
  CodedError,
  type CommitId,
  findCopyFault,
  type Name,
  shortCommit,
} from '@slipway/domain';
import { checkSettings, printFault, type SettingsFile } from '@slipway/config';
import { appConfigPinFile } from '@slipway/manifests';
import type { GitRepository, GitTreeEntry } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import type { DeliveryServices } from '../services.ts';

/** The folder of one application at one commit of an app-config repository. */
export interface AppConfigFolder {
  readonly repository: GitRepository;
  readonly application: Name;
  readonly pin: AppConfigPin;
  /** Every file below it; paths are from the folder. */
  readonly entries: readonly GitTreeEntry[];
}

/** A file as it is copied into an environment's folder. */
export interface AppConfigFile {
  /** From the environment's folder in the app-config repository. */
  readonly path: string;
  /** Git id of its content. */
  readonly id: CommitId;
  readonly content: Uint8Array;
}

/**
 * Opens an application's folder at a commit that the default branch holds: what no review let in is never pinned.
 *
 * @throws {@link DeliveryError} `APP_CONFIG_MISSING`.
 */
export async function openAppConfig(
  services: Pick<DeliveryServices, 'store' | 'openRepository'>,
  wanted: { readonly repository: Name; readonly commit: CommitId; readonly application: Name },
): Promise<AppConfigFolder> {
  const { application, commit } = wanted;
  const missing = (what: string): DeliveryError => new DeliveryError('APP_CONFIG_MISSING', what);
  const record = (await services.store.get('repository', wanted.repository))?.value;
  if (record?.role !== 'app-config') throw missing(`There is no app-config repository ${wanted.repository}`);
  const repository = await services.openRepository(record.id);
  const head = await repository.readRef(`refs/heads/${record.defaultBranch}`);
  const isKnown = head !== undefined && (await repository.resolve(commit)) === commit;
  if (!isKnown || !(await repository.isAncestor(commit, head)))
    throw missing(`${record.defaultBranch} of ${record.id} does not hold commit ${shortCommit(commit)}`);
  const folders = await repository.readTree(commit, { recursive: false });
  const tree = folders.find((entry) => entry.path === application && entry.mode === '040000')?.id;
  if (tree === undefined) throw missing(`${record.id} at ${shortCommit(commit)} has no folder ${application}`);
  const entries = await repository.readTree(commit, { path: application });
  return {
    repository,
    application,
    pin: { repository: record.id, commit, tree },
    entries: entries.map((entry) => ({ ...entry, path: entry.path.slice(application.length + 1) })),
  };
}

/**
 * The files of one environment, without their bytes.
 *
 * @throws {@link DeliveryError} `APP_CONFIG_MISSING`; `APP_CONFIG_REFUSED` for links, submodules and names that cannot be copied.
 */
export function entriesOf(folder: AppConfigFolder, environment: Name): readonly GitTreeEntry[] {
  const own = folder.entries
    .filter(({ path }) => path.startsWith(`${environment}/`))
    .map((entry) => ({ ...entry, path: entry.path.slice(environment.length + 1) }));
  const at = `${folder.application}/${environment}`;
  if (own.length === 0) throw new DeliveryError('APP_CONFIG_MISSING', `${printPin(folder.pin)} has no files in ${at}`);
  const pinned = own.some(({ path }) => path === appConfigPinFile);
  const isPin = pinned ? `${at}/${appConfigPinFile} has the name that Slipway's pin has there` : undefined;
  const fault = findCopyFault(own, at) ?? isPin;
  if (fault !== undefined) throw new DeliveryError('APP_CONFIG_REFUSED', fault);
  return own;
}

/** The files of one environment. @throws what {@link entriesOf} throws, and `APP_CONFIG_REFUSED` for too many bytes. */
export async function readAppConfigFiles(
  folder: AppConfigFolder,
  environment: Name,
): Promise<readonly AppConfigFile[]> {
  const files: AppConfigFile[] = [];
  let bytes = 0;
  for (const { path, id } of entriesOf(folder, environment)) {
    const content = await readBounded(folder, `${environment}/${path}`);
    bytes += content.byteLength;
    if (bytes > appConfigLimits.bytes) {
      const at = `${folder.application}/${environment}`;
      throw new DeliveryError(
        'APP_CONFIG_REFUSED',
        `The files of ${at} have more than ${appConfigLimits.bytes} bytes together`,
      );
    }
    files.push({ path, id, content });
  }
  return files;
}

/**
 * Holds the files of all environments against the application's schema.
 *
 * All of them, not only those that are pinned now: what would break the last environment is found before the first moves.
 *
 * @throws {@link DeliveryError} `APP_CONFIG_INVALID` with every fault, and what {@link readAppConfigFiles} throws.
 */
export async function checkAppConfig(folder: AppConfigFolder, environments: readonly Name[]): Promise<void> {
  const { application } = folder;
  const files: SettingsFile[] = [];
  for (const environment of environments) {
    for (const { path, content } of await readAppConfigFiles(folder, environment))
      files.push({ path: `${application}/${environment}/${path}`, content });
  }
  const hasSchema = folder.entries.some(({ path }) => path === schemaFile);
  const schema = hasSchema
    ? { path: `${application}/${schemaFile}`, content: await readBounded(folder, schemaFile) }
    : undefined;
  const faults = checkSettings(files, schema);
  if (faults.length === 0) return;
  const count = `${faults.length} fault${faults.length === 1 ? '' : 's'}`;
  throw new DeliveryError(
    'APP_CONFIG_INVALID',
    `${printPin(folder.pin)} has ${count}:\n${faults.map(printFault).join('\n')}\n`,
  );
}

const schemaFile = 'schema.json';

async function readBounded(folder: AppConfigFolder, path: string): Promise<Uint8Array> {
  const at = `${folder.application}/${path}`;
  try {
    const content = await folder.repository.readFile(folder.pin.commit, at, { maxBytes: appConfigLimits.bytes });
    if (content !== undefined) return content;
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'GIT_FILE_TOO_LARGE') throw error;
    throw new DeliveryError('APP_CONFIG_REFUSED', `${at} has more than ${appConfigLimits.bytes} bytes`, {
      facts: {},
      cause: error,
    });
  }
  throw new DeliveryError('APP_CONFIG_REFUSED', `${at} is no plain file`);
}

function printPin(pin: AppConfigPin): string {
  return `${pin.repository} at ${shortCommit(pin.commit)}`;
}
