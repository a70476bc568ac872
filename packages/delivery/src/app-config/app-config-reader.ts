import path from 'node:path/posix';
import type { AppConfigPin, CommitId, DesiredState, Name } from '@slipway/domain';
import { appConfigFolder, appConfigPinPath } from '@slipway/manifests';
import type { DeliveryServices } from '../services.ts';
import type { AppConfigFile } from './app-config-folder.ts';

/** The files that an environment may run with, as they were authorised. */
export interface AppConfigInForce {
  readonly pin: AppConfigPin;
  /** Config revision whose folder holds them. */
  readonly revision: CommitId;
  /** Sorted by path. */
  readonly files: readonly AppConfigFile[];
}

/** One environment of one application. */
export interface AppConfigPlace {
  readonly application: string;
  readonly environment: string;
}

/**
 * Reads what is in force in an environment: never the branch's head, only what is authorised there, or what was deployed before.
 *
 * @param commit - of the app-config repository; absent for what is authorised now.
 * @returns absent when there is no such environment, or nothing of that commit was let in there.
 */
export type ReadAppConfig = (place: AppConfigPlace, commit?: CommitId) => Promise<AppConfigInForce | undefined>;

/** Contents of a revision never change: the newest ones are kept, so that many pods that wait cost one reading. */
const mostKept = 50;

/** A reader with a memory of its own. */
export function createAppConfigReader(services: Pick<DeliveryServices, 'store' | 'openRepository'>): ReadAppConfig {
  const kept = new Map<string, Promise<readonly AppConfigFile[]>>();
  const filesAt = (repository: Name, revision: CommitId, folder: string): Promise<readonly AppConfigFile[]> => {
    const key = `${repository}/${revision}/${folder}`;
    const known = kept.get(key) ?? readFiles(services, { repository, revision, folder });
    kept.delete(key);
    kept.set(key, known);
    known.catch(() => kept.delete(key));
    for (const oldest of kept.keys()) {
      if (kept.size <= mostKept) break;
      kept.delete(oldest);
    }
    return known;
  };
  return async ({ application, environment }, commit) => {
    const desired = (await services.store.get('desiredState', `${application}/${environment}`))?.value;
    const found = desired === undefined ? undefined : await findRevision(services, desired, commit);
    if (desired === undefined || found === undefined) return undefined;
    return { ...found, files: await filesAt(desired.repository, found.revision, desired.definition.path) };
  };
}

async function findRevision(
  services: Pick<DeliveryServices, 'store'>,
  { authorised, application, environment }: DesiredState,
  commit: CommitId | undefined,
): Promise<Pick<AppConfigInForce, 'pin' | 'revision'> | undefined> {
  if (authorised?.appConfig !== undefined && (commit === undefined || authorised.appConfig.commit === commit))
    return { pin: authorised.appConfig, revision: authorised.revision };
  if (commit === undefined) return undefined;
  const match = { application, environment, appConfig: { commit } };
  const [earlier] = await services.store.list('deployment', { match, newestFirst: true, limit: 1 });
  const pin = earlier?.value.appConfig;
  return earlier === undefined || pin === undefined ? undefined : { pin, revision: earlier.value.revision };
}

async function readFiles(
  services: Pick<DeliveryServices, 'openRepository'>,
  place: { readonly repository: Name; readonly revision: CommitId; readonly folder: string },
): Promise<readonly AppConfigFile[]> {
  const repository = await services.openRepository(place.repository);
  const target = path.join(place.folder, appConfigFolder);
  const entries = (await repository.readTree(place.revision, { path: target })).filter(
    (entry) => entry.path !== appConfigPinPath(place.folder),
  );
  const contents = await repository.readBlobs(entries.map(({ id }) => id));
  return entries.map((entry, at) => ({
    path: entry.path.slice(target.length + 1),
    id: entry.id,
    content: contents[at] ?? new Uint8Array(),
  }));
}
