import {
  type AppConfigPin,
  changeId,
  CodedError,
  type CommitId,
  type DeliveryDefinition,
  type ManifestCommit,
  type Name,
  parseBranch,
  type Repository,
  shortCommit,
  statementIds,
} from '@slipway/domain';
import { appConfigPinPath, treeAt } from '@slipway/manifests';
import { appConfigMovedEffect, type Effect, type GitFileChange, type Store } from '@slipway/ports';
import { environmentOf, readDelivery } from '../environments/read-delivery.ts';
import type { DeliveryServices } from '../services.ts';
import type { EditableTree, EditOutcome, ManifestEdit } from '../writer/manifest-edit.ts';
import type { LandedEdit } from '../writer/plan-batch.ts';
import { type AppConfigChange, appConfigChangeOf, changeStatementOf } from './app-config-change.ts';
import { type AppConfigFolder, checkAppConfig, openAppConfig, readAppConfigFiles } from './app-config-folder.ts';
import { type AppConfigSource, pinAppConfigInFolder, readPin } from './pin-in-folder.ts';
import { tellOfRefusal } from './tell-of-refusal.ts';

/**
 * Pins a commit of an app-config repository in every environment that builds may write, of every application that reads it.
 *
 * Safe to repeat: one commit in the config repository for each commit there, found again by its trailer. What the schema or
 * the writer refuses is told to the person who brought the commit, and everything stays as it was.
 */
export async function pinAppConfig(
  services: DeliveryServices,
  moved: { readonly repository: Name; readonly commit: CommitId },
): Promise<void> {
  for (const { value: config } of await services.store.list('repository', { match: { role: 'config' } })) {
    const delivery = await readDeliveryOf(services, config);
    if (delivery?.appConfig?.repository !== moved.repository) continue;
    try {
      await pinFor(services, { config, delivery, moved });
    } catch (error) {
      if (!(error instanceof CodedError) || error.retry !== 'never') throw error;
      await tellOfRefusal(services, { ...moved, config: config.id, application: delivery.application, error });
    }
  }
}

/** The effect that pins the head of an application's app-config repository; absent while it has none. */
export async function appConfigEffect(
  services: Pick<DeliveryServices, 'store' | 'openRepository'>,
  config: Name,
  delivery: DeliveryDefinition,
): Promise<Effect | undefined> {
  if (delivery.appConfig === undefined) return undefined;
  const record = (await services.store.get('repository', delivery.appConfig.repository))?.value;
  if (record?.role !== 'app-config') return undefined;
  const repository = await services.openRepository(record.id);
  const commit = await repository.readRef(`refs/heads/${record.defaultBranch}`);
  if (commit === undefined) return undefined;
  const key = `${record.id}/app-config/${commit}/${config}/${delivery.updates.join('+')}`;
  return { kind: appConfigMovedEffect, key, payload: { repository: record.id, commit } };
}

/** A config repository without a delivery file, or with one that cannot be read, pins nothing: looking at it says why. */
async function readDeliveryOf(services: DeliveryServices, config: Repository): Promise<DeliveryDefinition | undefined> {
  const repository = await services.openRepository(config.id);
  const head = await repository.readRef(`refs/heads/${config.defaultBranch}`);
  if (head === undefined) return undefined;
  try {
    return await readDelivery(treeAt(repository, head));
  } catch (error) {
    if (error instanceof CodedError && error.retry === 'never') return undefined;
    throw error;
  }
}

interface Pinning {
  readonly config: Repository;
  readonly delivery: DeliveryDefinition;
  readonly moved: { readonly repository: Name; readonly commit: CommitId };
}

async function pinFor(services: DeliveryServices, pinning: Pinning): Promise<void> {
  const { config, delivery, moved } = pinning;
  const requestedAt = services.now();
  const folder = await openAppConfig(services, { ...moved, application: delivery.application });
  const change = await appConfigChangeOf(services, folder);
  await checkAppConfig(
    folder,
    delivery.environments.map(({ name }) => name),
  );
  const edit = await editOf(pinning, folder, change);
  const writer = await services.writerOf(config.id, delivery.branch);
  const landed = await writer.submit(edit);
  await services.checkpoint('app-config-pinned');
  if (!landed.isChange) return;
  await record(services, { pinning, change, pin: folder.pin, id: edit.id, landed, requestedAt });
}

async function editOf(
  { delivery, config }: Pinning,
  folder: AppConfigFolder,
  { change }: AppConfigChange,
): Promise<ManifestEdit> {
  const { pin } = folder;
  const sources = new Map<Name, AppConfigSource>();
  for (const name of delivery.updates) sources.set(name, { pin, files: await readAppConfigFiles(folder, name) });
  return {
    id: `app-config/${config.id}/${delivery.updates.join('+')}/${changeId(pin.repository, pin.commit)}`,
    author: change.author,
    subject: `${delivery.updates.join(', ')}: app config ${shortCommit(pin.commit)}`,
    body: change.subject,
    trailers: [
      ['Slipway-Source', change.id],
      ['Slipway-App-Config', `${pin.repository}@${pin.tree}`],
    ],
    apply: (tree) => applyPins(tree, folder, sources),
  };
}

/** Pins each environment that is not further already: the effect of an older commit may come after a newer one's. */
async function applyPins(
  tree: EditableTree,
  folder: AppConfigFolder,
  sources: ReadonlyMap<Name, AppConfigSource>,
): Promise<EditOutcome> {
  const delivery = await readDelivery(tree);
  const changes: GitFileChange[] = [];
  for (const [name, source] of sources) {
    const { path } = environmentOf(delivery, name);
    if (await isFurther(folder, await readPin(tree, appConfigPinPath(path)))) continue;
    const outcome = await pinAppConfigInFolder(tree, path, source);
    if (outcome.kind === 'changes') changes.push(...outcome.changes);
  }
  return changes.length === 0 ? { kind: 'nothing' } : { kind: 'changes', changes };
}

async function isFurther({ repository, pin }: AppConfigFolder, known: AppConfigPin | undefined): Promise<boolean> {
  if (known?.repository !== pin.repository || known.commit === pin.commit) return false;
  return (await repository.resolve(known.commit)) === known.commit && repository.isAncestor(pin.commit, known.commit);
}

async function record(
  services: Pick<DeliveryServices, 'now'> & { readonly store: Store },
  facts: {
    readonly pinning: Pinning;
    readonly change: AppConfigChange;
    readonly pin: AppConfigPin;
    readonly id: string;
    readonly landed: LandedEdit;
    readonly requestedAt: string;
  },
): Promise<void> {
  const { change, landed, pin, pinning } = facts;
  const { config, delivery } = pinning;
  const commit: ManifestCommit = {
    id: facts.id,
    repository: config.id,
    branch: parseBranch(delivery.branch),
    commit: landed.commit,
    isChange: landed.isChange,
    paths: landed.paths,
    pins: [],
    appConfig: pin,
    requestedAt: facts.requestedAt,
    landedAt: services.now(),
    change: change.change.id,
  };
  await services.store.transact(async (tx) => {
    await tx.put('change', change.change.id, change.change);
    await tx.record(changeStatementOf(change));
    await tx.put('manifestCommit', facts.id, commit);
    await tx.record({
      id: statementIds.manifestCommit(facts.id),
      kind: 'manifestCommit',
      subjects: [
        { name: `git:${config.id}`, digest: { gitCommit: landed.commit } },
        { name: `git:${pin.repository}`, digest: { gitTree: pin.tree } },
      ],
      predicate: {
        edit: 'app-config',
        repository: config.id,
        branch: delivery.branch,
        commit: landed.commit,
        isChange: landed.isChange,
        paths: landed.paths,
        environments: delivery.updates,
        appConfig: pin,
        author: change.change.author,
        actingFor: change.change.id,
      },
      links: [statementIds.change(change.change.id)],
    });
  });
}
