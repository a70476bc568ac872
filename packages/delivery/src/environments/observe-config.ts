import {
  changeId,
  CodedError,
  type CommitId,
  type DeliveryDefinition,
  type DesiredState,
  type EnvironmentDefinition,
  type Name,
  type Promotion,
  type Release,
  shortCommit,
} from '@slipway/domain';
import {
  authorisedFile,
  parseAuthorised,
  releaseIdOf,
  renderEnvironment,
  type RenderedEnvironment,
  treeAt,
} from '@slipway/manifests';
import { readEntryFacts, type StoreTransaction } from '@slipway/ports';
import { appConfigEffect } from '../app-config/pin-app-config.ts';
import { verifyAppConfigPin } from '../app-config/verify-pin.ts';
import type { DeliveryServices } from '../services.ts';
import { authorisationStatement, seenStatement } from '../statements.ts';
import type { EditableTree } from '../writer/manifest-edit.ts';
import { endUnchanged } from '../rollback/end-unchanged.ts';
import { decideDesired, type DesiredDecision } from './decide-desired.ts';
import { passedByCommits } from './passed-by-commits.ts';
import { readDelivery } from './read-delivery.ts';
import { tellRender } from './tell-render.ts';

/** Name of the effect that looks at a config branch anew. */
export const observeEffect = 'delivery.observe';

/** Looks at the head of a config branch and settles what each environment wants and may apply. Safe to repeat. */
export async function observeConfig(services: DeliveryServices, repositoryName: Name): Promise<void> {
  const record = (await services.store.get('repository', repositoryName))?.value;
  const repository = await services.openRepository(repositoryName);
  const ref = `refs/heads/${record?.defaultBranch ?? 'main'}`;
  const head = record === undefined ? undefined : await repository.readRef(ref);
  if (record === undefined || head === undefined) return;
  const tree = treeAt(repository, head);
  let delivery: DeliveryDefinition;
  try {
    delivery = await readDelivery(tree);
  } catch (error) {
    if (error instanceof CodedError && error.retry === 'never')
      return faultAll(services, repositoryName, head, error.message);
    throw error;
  }
  for (const [index, environment] of delivery.environments.entries()) {
    await observeEnvironment(services, {
      repository: repositoryName,
      delivery,
      environment,
      head,
      isHead: async () => (await repository.readRef(ref)) === head,
      tree,
      order: index,
      isEntry: index === 0,
    });
  }
  // A delivery file that names an app-config repository pins its head: nobody pushes there a second time for it.
  const effect = await appConfigEffect(services, repositoryName, delivery);
  if (effect !== undefined) await services.store.transact((tx) => tx.effect(effect));
}

interface Observed {
  readonly repository: Name;
  readonly delivery: DeliveryDefinition;
  readonly environment: EnvironmentDefinition;
  readonly head: CommitId;
  /** Whether the branch still stands there. */
  readonly isHead: () => Promise<boolean>;
  readonly tree: EditableTree;
  readonly order: number;
  readonly isEntry: boolean;
}

async function observeEnvironment(services: DeliveryServices, observed: Observed): Promise<void> {
  const { environment, delivery } = observed;
  const id = `${delivery.application}/${environment.name}`;
  const base = {
    id,
    application: delivery.application,
    environment: environment.name,
    repository: observed.repository,
    branch: delivery.branch,
    definition: environment,
    order: observed.order,
    isEntry: observed.isEntry,
    head: observed.head,
  };
  const rendered = await renderOrFault(services, observed);
  const known = (await services.store.get('desiredState', id))?.value;
  const passedBy =
    typeof rendered === 'string'
      ? []
      : await passedByCommits(services, { known, head: observed.head, paths: rendered.paths });
  await services.store.transact(async (tx) => {
    await tx.lockName(`desired-state/${id}`);
    const previous = (await tx.lock('desiredState', id))?.value;
    // The branch moved while we rendered: whoever looks at the newer head settles it, and an older one must not come after.
    if (!(await observed.isHead())) return;
    const updatedAt = services.now();
    const fault = typeof rendered === 'string' ? { fault: rendered } : {};
    await tellRender(tx, base, { ...fault, before: previous?.fault, now: updatedAt });
    if (typeof rendered === 'string') {
      const kept = previous?.authorised === undefined ? {} : { authorised: previous.authorised };
      await tx.put('desiredState', id, { ...base, ...wordOf(previous), ...kept, fault: rendered, updatedAt });
      return;
    }
    const settled = await settle(tx, { ...observed, base, rendered, previous, passedBy, now: updatedAt });
    await tx.put('desiredState', id, { ...settled, ...wordOf(previous) });
  });
}

/** What a person said of a canary outlives a look at the branch: the operator may not have heard it yet. */
function wordOf(previous: DesiredState | undefined): Pick<DesiredState, 'canaryControl'> {
  return previous?.canaryControl === undefined ? {} : { canaryControl: previous.canaryControl };
}

/** A render, or the fault that a person must mend; the environment goes on with what was authorised. */
async function renderOrFault(services: DeliveryServices, observed: Observed): Promise<RenderedEnvironment | string> {
  try {
    const rendered = await renderEnvironment(services.renderer, observed.tree, observed.environment);
    if (rendered.appConfig !== undefined) await verifyAppConfigPin(services, { ...observed, pin: rendered.appConfig });
    return rendered;
  } catch (error) {
    if (error instanceof CodedError && error.retry === 'never') return error.message;
    throw error;
  }
}

interface Settling extends Observed {
  readonly base: Omit<DesiredState, 'updatedAt'>;
  readonly rendered: RenderedEnvironment;
  readonly previous: DesiredState | undefined;
  /** Commits before the head, since the last look, that changed the closure too. */
  readonly passedBy: readonly CommitId[];
  readonly now: string;
}

async function settle(tx: StoreTransaction, facts: Settling): Promise<DesiredState> {
  const { base, rendered, previous, now } = facts;
  const release = releaseIdOf(base.application, rendered);
  const promotion = await promotionOf(tx, base, rendered);
  const abortedBecause = await whyAborted(tx, base, rendered);
  const { holds } = await readEntryFacts(tx, base, now);
  const decision = decideDesired({
    isEntry: facts.isEntry,
    head: facts.head,
    renderDigest: rendered.renderDigest,
    release,
    refusedImages: refusedImages(facts.delivery, rendered),
    ...(rendered.appConfig === undefined ? {} : { appConfigTree: rendered.appConfig.tree }),
    ...(previous === undefined ? {} : { previous }),
    ...(promotion === undefined ? {} : { promotion }),
    isNamedInFolder: await isNamedInFolder(facts, release),
    holds,
    ...(abortedBecause === undefined ? {} : { abortedBecause }),
    now,
  });
  const state = {
    ...base,
    closureKey: rendered.closureKey,
    renderDigest: rendered.renderDigest,
    release,
    updatedAt: now,
  };
  const authorised = previous?.authorised === undefined ? {} : { authorised: previous.authorised };
  if (decision.kind !== 'authorise') await recordSeen(tx, facts, decision);
  if (decision.kind === 'unchanged') {
    if (promotion !== undefined) await endUnchanged(tx, { promotion, runs: previous?.authorised, now });
    return { ...state, ...authorised };
  }
  if (decision.kind === 'pending') {
    const isSame = previous?.pending?.renderDigest === rendered.renderDigest;
    const since = isSame ? previous.pending.since : now;
    return {
      ...state,
      ...authorised,
      pending: { since, revision: facts.head, renderDigest: rendered.renderDigest, reason: decision.reason },
    };
  }
  return letIn(tx, facts, { state, release, promotion });
}

/** The state with the head's render authorised, and the statement that says so. */
async function letIn(
  tx: StoreTransaction,
  facts: Settling,
  decided: {
    readonly state: DesiredState & { readonly renderDigest: Release['id'] };
    readonly release: Release['id'];
    readonly promotion: Promotion | undefined;
  },
): Promise<DesiredState> {
  const { base, rendered } = facts;
  const { state, release, promotion } = decided;
  for (const commit of base.definition.class === 'protected' ? facts.passedBy : []) {
    await tx.record(seenStatement(base, { commit, reason: 'A later commit was let in, with what this one brought.' }));
  }
  const kept = await keepRelease(tx, facts, release);
  const statement = authorisationStatement({
    desired: state,
    delivery: facts.delivery,
    release: kept,
    ...(promotion === undefined ? {} : { promotion }),
    paths: rendered.paths,
    updates: await updatesOf(tx, rendered),
  });
  await tx.record(statement);
  return {
    ...state,
    authorised: {
      revision: facts.head,
      renderDigest: rendered.renderDigest,
      release,
      statement: statement.id,
      ...pinnedIn(rendered),
    },
  };
}

/** Commits of a protected environment that let nothing in are in the log too: a commit that is not there, nobody saw. */
async function recordSeen(tx: StoreTransaction, facts: Settling, decision: DesiredDecision): Promise<void> {
  const { base, rendered, previous } = facts;
  if (base.definition.class !== 'protected' || previous?.closureKey === rendered.closureKey) return;
  const reason = decision.kind === 'pending' ? decision.reason : 'It renders to what is authorised already.';
  for (const commit of [...facts.passedBy, base.head]) await tx.record(seenStatement(base, { commit, reason }));
}

function refusedImages(delivery: DeliveryDefinition, rendered: RenderedEnvironment): readonly string[] {
  const foreign = rendered.images.filter(
    (image) => !delivery.registries.some((host) => image.newName?.startsWith(`${host}/`) === true),
  );
  return [...rendered.unpinned, ...foreign.map((image) => `${image.newName ?? image.name}@${image.digest}`)];
}

/** A promotion whose commit stands on the branch and whose render is this one. */
async function promotionOf(
  tx: StoreTransaction,
  base: Settling['base'],
  rendered: RenderedEnvironment,
): Promise<Promotion | undefined> {
  const match = {
    application: base.application,
    environment: base.environment,
    renderDigest: rendered.renderDigest,
    phase: 'running',
  };
  const found = await tx.list('promotion', { match, newestFirst: true });
  return found.map((stored) => stored.value).find((promotion) => promotion.commit !== undefined);
}

/** What the newest promotion of this render came to, where its canary was aborted: it is not let in again by the same commit. */
async function whyAborted(
  tx: StoreTransaction,
  base: Settling['base'],
  rendered: RenderedEnvironment,
): Promise<string | undefined> {
  const { application, environment } = base;
  const match = { application, environment, renderDigest: rendered.renderDigest };
  const [newest] = await tx.list('promotion', { match, newestFirst: true, limit: 1 });
  if (newest?.value.phase !== 'aborted') return undefined;
  return `Its canary was aborted: ${newest.value.message}`;
}

async function isNamedInFolder(facts: Settling, release: string): Promise<boolean> {
  const bytes = await facts.tree.readFile(`${facts.environment.path}/${authorisedFile}`);
  if (bytes === undefined) return false;
  try {
    const named = parseAuthorised(Buffer.from(bytes).toString());
    return named.release === release && named.renderDigest === facts.rendered.renderDigest;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}

/** The release of a render, kept when it is first seen. */
async function keepRelease(tx: StoreTransaction, facts: Settling, id: Release['id']): Promise<Release> {
  const known = (await tx.get('release', id))?.value;
  if (known !== undefined) return known;
  const changes: string[] = [];
  for (const image of facts.rendered.images) {
    const artifact = (await tx.get('artifact', `${image.name}@${image.digest}`))?.value;
    if (artifact !== undefined && !changes.includes(artifact.change)) changes.push(artifact.change);
  }
  const { appConfig } = facts.rendered;
  const change = appConfig === undefined ? undefined : changeId(appConfig.repository, appConfig.commit);
  if (change !== undefined && (await tx.get('change', change)) !== undefined) changes.push(change);
  const release: Release = {
    id,
    application: facts.base.application,
    images: facts.rendered.images,
    sharedInputs: facts.rendered.sharedInputs,
    ...pinnedIn(facts.rendered),
    firstRevision: facts.head,
    changes,
    createdAt: facts.now,
  };
  await tx.put('release', id, release);
  return release;
}

function pinnedIn({ appConfig }: RenderedEnvironment): Pick<Release, 'appConfig'> {
  return appConfig === undefined ? {} : { appConfig };
}

/** Ids of the writer's updates that pinned the images and the app config of a render. */
async function updatesOf(tx: StoreTransaction, rendered: RenderedEnvironment): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const image of rendered.images) {
    const match = { pins: [{ name: image.name, digest: image.digest }] };
    const [commit] = await tx.list('manifestCommit', { match, newestFirst: true, limit: 1 });
    if (commit !== undefined) ids.push(commit.value.id);
  }
  if (rendered.appConfig !== undefined) {
    const { repository, tree } = rendered.appConfig;
    const match = { appConfig: { repository, tree } };
    const [commit] = await tx.list('manifestCommit', { match, newestFirst: true, limit: 1 });
    if (commit !== undefined) ids.push(commit.value.id);
  }
  return [...new Set(ids)];
}

/** A delivery file that cannot be read stops new renders, not what runs. */
async function faultAll(services: DeliveryServices, repository: Name, head: CommitId, fault: string): Promise<void> {
  const states = await services.store.list('desiredState', { match: { repository } });
  for (const [index, { value }] of states.entries()) {
    await services.store.transact(async (tx) => {
      const state = (await tx.lock('desiredState', value.id))?.value;
      if (state === undefined) return;
      const message = `slipway.yaml at ${shortCommit(head)}: ${fault}`;
      const now = services.now();
      // One file, one word of it.
      if (index === 0) await tellRender(tx, { ...state, head }, { fault: message, before: state.fault, now });
      await tx.put('desiredState', state.id, { ...state, head, fault: message, updatedAt: now });
    });
  }
}
