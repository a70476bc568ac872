import { type AppConfigPin, type CommitId, type DesiredState, isCommitId, type Name, parseName } from '@slipway/domain';
import { appConfigPinPath, compareLines, treeAt, unifiedHunks } from '@slipway/manifests';
import { DeliveryError } from '../delivery-error.ts';
import { readDelivery } from '../environments/read-delivery.ts';
import type { DeliveryServices } from '../services.ts';
import { type AppConfigFile, openAppConfig, readAppConfigFiles } from './app-config-folder.ts';
import type { AppConfigPlace, ReadAppConfig } from './app-config-reader.ts';
import { readPin } from './pin-in-folder.ts';

/** Where an application's app config stands: what the config branch pins, and the newest there is. */
export interface AppConfigStanding {
  readonly repository: Name;
  /** At the head of the config branch; not in force while it waits for its gates. */
  readonly pinned?: AppConfigPin;
  /** Head of the app-config repository's default branch. */
  readonly head?: CommitId;
}

/** @returns absent when the delivery file names no app-config repository. */
export async function readAppConfigStanding(
  services: Pick<DeliveryServices, 'store' | 'openRepository'>,
  desired: DesiredState,
): Promise<AppConfigStanding | undefined> {
  const tree = treeAt(await services.openRepository(desired.repository), desired.head);
  const { appConfig } = await readDelivery(tree);
  if (appConfig === undefined) return undefined;
  const pinned = await readPin(tree, appConfigPinPath(desired.definition.path));
  const record = (await services.store.get('repository', appConfig.repository))?.value;
  const head =
    record?.role === 'app-config'
      ? await (await services.openRepository(record.id)).readRef(`refs/heads/${record.defaultBranch}`)
      : undefined;
  return {
    repository: appConfig.repository,
    ...(pinned === undefined ? {} : { pinned }),
    ...(head === undefined ? {} : { head }),
  };
}

/** How one file differs. */
export interface AppConfigDifference {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Unified hunks; empty for what is no text. */
  readonly diff: string;
}

/**
 * Compares what is in force in an environment with something else.
 *
 * @param against - a full commit hash of the app-config repository, the name of another environment (what is in force there), or
 *   absent for the head of the app-config repository.
 * @throws {@link DeliveryError} `APP_CONFIG_MISSING` when one side has none, and what reading the commit refuses.
 */
export async function compareAppConfig(
  services: Pick<DeliveryServices, 'store' | 'openRepository'> & { readonly readAppConfig: ReadAppConfig },
  desired: DesiredState,
  against?: string,
): Promise<readonly AppConfigDifference[]> {
  const place = { application: desired.application, environment: desired.environment };
  const before = (await services.readAppConfig(place))?.files ?? [];
  const after =
    against === undefined || isCommitId(against)
      ? await filesOfCommit(services, desired, against)
      : await filesOfEnvironment(services, { ...place, environment: parseName(against) });
  return compareFiles(before, after);
}

async function filesOfCommit(
  services: Pick<DeliveryServices, 'store' | 'openRepository'>,
  desired: DesiredState,
  asked: CommitId | undefined,
): Promise<readonly AppConfigFile[]> {
  const standing = await readAppConfigStanding(services, desired);
  const commit = asked ?? standing?.head;
  if (standing === undefined || commit === undefined)
    throw new DeliveryError('APP_CONFIG_MISSING', `${desired.application} has no app-config repository`);
  const { application, environment } = desired;
  return readAppConfigFiles(
    await openAppConfig(services, { repository: standing.repository, commit, application }),
    environment,
  );
}

async function filesOfEnvironment(
  { readAppConfig }: { readonly readAppConfig: ReadAppConfig },
  place: AppConfigPlace,
): Promise<readonly AppConfigFile[]> {
  const found = await readAppConfig(place);
  if (found === undefined)
    throw new DeliveryError('APP_CONFIG_MISSING', `No app config is in force in environment ${place.environment}`);
  return found.files;
}

function compareFiles(
  before: readonly AppConfigFile[],
  after: readonly AppConfigFile[],
): readonly AppConfigDifference[] {
  const old = new Map(before.map((file) => [file.path, file]));
  const fresh = new Map(after.map((file) => [file.path, file]));
  const paths = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  return paths.flatMap((path): readonly AppConfigDifference[] => {
    const [one, other] = [old.get(path), fresh.get(path)];
    if (one?.id === other?.id) return [];
    const change = one === undefined ? 'added' : other === undefined ? 'removed' : 'changed';
    const [a, b] = [one === undefined ? '' : textOf(one.content), other === undefined ? '' : textOf(other.content)];
    const diff = a === undefined || b === undefined ? '' : unifiedHunks(compareLines(linesOf(a), linesOf(b)));
    return [{ path, change, diff }];
  });
}

/** The text of a file; absent for what is no UTF-8 or holds NUL. */
export function textOf(content: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
