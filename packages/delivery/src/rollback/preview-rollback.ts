import {
  type CommitId,
  decideRollback,
  type DesiredState,
  type Digest,
  type Promotion,
  type RollbackDecision,
  type RollbackPart,
} from '@slipway/domain';
import { diffRenders, renderEnvironment, treeAt } from '@slipway/manifests';
import type { GitRepository, RecordReader } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import type { DeliveryServices } from '../services.ts';
import { OverlayTree } from '../writer/overlay-tree.ts';
import { findTargets, type FoundTarget, previousTarget } from './find-targets.ts';
import { applyRollback, type RolledBack, type RollbackCourse } from './rollback-edit.ts';
import { knownEnvironment } from '../environments/known-environment.ts';

export interface RollbackRequest {
  readonly application: string;
  readonly environment: string;
  /** Release or deployment id; default the newest that ran healthy there before. */
  readonly to?: string;
  /** @default both */
  readonly part?: RollbackPart;
}

/** A commit that a rollback takes back. */
export interface RevertedCommit {
  readonly commit: CommitId;
  readonly subject: string;
  readonly author: string;
}

/** What a rollback would do, before anybody presses the button. */
export interface RollbackPreview {
  readonly desired: DesiredState;
  readonly decision: RollbackDecision;
  readonly target?: FoundTarget;
  readonly part: RollbackPart;
  /** Newest first. */
  readonly reverts: readonly RevertedCommit[];
  readonly edit?: Pick<RolledBack, 'method' | 'release'> & { readonly paths: readonly string[] };
  /** Unified, of what the environment renders to. */
  readonly renderedDiff: string;
  /** The release that comes of it has run healthy there; else it is a combination that never ran. */
  readonly isProven: boolean;
}

/** More commits than this are not named one by one. */
const mostReverts = 200;

/**
 * Works out a rollback without doing it.
 *
 * @throws {@link DeliveryError} `PROMOTION_UNKNOWN` for no such environment, `ROLLBACK_CONFLICT` with the files that stand in the way.
 */
export async function previewRollback(services: DeliveryServices, request: RollbackRequest): Promise<RollbackPreview> {
  const desired = await knownEnvironment(services.store, request);
  const targets = await findTargets(services.store, services.hasImage, desired);
  const target = chooseTarget(targets, request.to);
  const current = targets.find((one) => one.isCurrent);
  const open = await openRollback(services.store, desired);
  const decision = decideRollback({
    environment: desired.environment,
    ...(current === undefined ? {} : { current }),
    ...(target === undefined ? {} : { target }),
    ...(open === undefined ? {} : { open }),
  });
  const part = request.part ?? 'both';
  const nothing = { desired, decision, part, reverts: [], renderedDiff: '', isProven: false };
  if (target === undefined) return nothing;
  const from = desired.authorised?.revision;
  if (decision.kind === 'refused' || from === undefined) return { ...nothing, target };
  const worked = await workOut(services, desired, { from, target, part });
  const isProven = targets.some((one) => one.release === worked.edit.release && one.ranHealthy);
  return { ...nothing, ...worked, target, isProven };
}

/** A rollback of the environment that has not ended. */
export async function openRollback(
  reader: RecordReader,
  place: Pick<DesiredState, 'application' | 'environment'>,
): Promise<Promotion | undefined> {
  const { application, environment } = place;
  const match = { application, environment, kind: 'rollback', phase: 'running' };
  const [found] = await reader.list('promotion', { match, newestFirst: true, limit: 1 });
  return found?.value;
}

function chooseTarget(targets: readonly FoundTarget[], to: string | undefined): FoundTarget | undefined {
  if (to === undefined) return previousTarget(targets);
  return targets.find((one) => one.deployment === to || one.release === to || isShort(one.release, to));
}

/** Twelve digits, as people see them, name a release too. */
function isShort(release: Digest, text: string): boolean {
  return /^[0-9a-f]{12,64}$/.test(text) && release.slice('sha256:'.length).startsWith(text);
}

async function workOut(
  services: DeliveryServices,
  desired: DesiredState,
  facts: { readonly from: CommitId; readonly target: FoundTarget; readonly part: RollbackPart },
): Promise<{
  readonly reverts: readonly RevertedCommit[];
  readonly edit: NonNullable<RollbackPreview['edit']>;
  readonly renderedDiff: string;
}> {
  const { from, target, part } = facts;
  const repository = await services.openRepository(desired.repository);
  const head = await repository.readRef(`refs/heads/${desired.branch}`);
  if (head === undefined || (await repository.resolve(target.revision)) === undefined) throw rewritten(desired, target);
  const course: RollbackCourse = {
    ...{ application: desired.application, environment: desired.environment },
    ...{ part, from, to: target.revision, target: target.content },
  };
  const tree = treeAt(repository, head);
  const done = await applyRollback({ renderer: services.renderer, repository }, tree, course);
  const before = await renderEnvironment(services.renderer, treeAt(repository, from), desired.definition);
  const after = await renderEnvironment(services.renderer, new OverlayTree(tree, done.changes), desired.definition);
  return {
    reverts: await revertedCommits(repository, desired, { from, to: target.revision }),
    edit: { method: done.method, release: done.release, paths: done.changes.map(({ path }) => path) },
    renderedDiff: diffRenders(before.text, after.text),
  };
}

async function revertedCommits(
  repository: GitRepository,
  desired: DesiredState,
  range: { readonly from: CommitId; readonly to: CommitId },
): Promise<readonly RevertedCommit[]> {
  const path = desired.definition.path;
  const commits = await repository.log(range.from, { since: range.to, path, limit: mostReverts });
  return commits.map(({ id, message, author }) => ({
    commit: id,
    subject: message.split('\n', 1)[0] ?? '',
    author: author.name,
  }));
}

function rewritten(desired: DesiredState, target: FoundTarget): DeliveryError {
  return new DeliveryError(
    'ROLLBACK_CONFLICT',
    `Repository ${desired.repository} no longer has revision ${target.revision} or its branch ${desired.branch}: it was rewritten from outside`,
    { facts: { repository: desired.repository, revision: target.revision } },
  );
}
