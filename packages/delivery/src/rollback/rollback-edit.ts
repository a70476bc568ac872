import {
  type AppConfigPin,
  type CommitId,
  type Digest,
  type EnvironmentDefinition,
  type Name,
  type Release,
  type Rollback,
  shortDigest,
} from '@slipway/domain';
import {
  appConfigFolder,
  appConfigPinPath,
  authorisedFile,
  printAppConfigPin,
  printAuthorised,
  type RenderedEnvironment,
  releaseIdOf,
  renderEnvironment,
  treeAt,
} from '@slipway/manifests';
import type { GitFileChange, GitRepository, Renderer } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import { environmentOf, readDelivery } from '../environments/read-delivery.ts';
import { pinInFolders } from '../writer/image-edits.ts';
import type { EditableTree } from '../writer/manifest-edit.ts';
import { OverlayTree } from '../writer/overlay-tree.ts';
import { restoreFolder } from './restore-folder.ts';

/** What a rollback goes from and to. */
export interface RollbackCourse {
  readonly application: Name;
  readonly environment: Name;
  readonly part: Rollback['part'];
  /** Revision whose state of the folder is taken back. */
  readonly from: CommitId;
  /** Revision of the deployment that is gone back to. */
  readonly to: CommitId;
  readonly target: Release;
  /** Commit of the app-config repository that holds the target's settings again; absent: the one that was pinned then. */
  readonly pin?: AppConfigPin;
}

/** What a rollback makes of a tree. */
export interface RolledBack {
  readonly method: Rollback['method'];
  /** In the environment's folder only; empty when the tree says it already. */
  readonly changes: readonly GitFileChange[];
  readonly rendered: RenderedEnvironment;
  /** Release that the folder then holds; another than the target's when only a part is rolled back. */
  readonly release: Digest;
}

/**
 * Brings an environment's folder back to what ran there at an earlier revision, on whatever head it is applied.
 *
 * The commits since are reverted, byte for byte, where nothing else has touched their files; else images are pinned as the target had
 * them, which loses nothing of what others changed.
 *
 * @throws {@link DeliveryError} `ROLLBACK_CONFLICT` when neither comes to the target: a person decides, with the files named.
 */
export async function applyRollback(
  services: { readonly renderer: Renderer; readonly repository: GitRepository },
  tree: EditableTree,
  course: RollbackCourse,
): Promise<RolledBack> {
  const environment = environmentOf(await readDelivery(tree), course.environment);
  const states = { from: treeAt(services.repository, course.from), to: treeAt(services.repository, course.to) };
  const isWanted = wantedFiles(environment, course.part);
  const restored = await restoreFolder(tree, states, { folder: environment.path, isWanted });
  const isClean = restored.conflicts.length === 0;
  const isConfig = configFiles(environment);
  if (restored.conflicts.some(isConfig)) throw conflict(course, restored.conflicts);
  const images = isClean ? [] : await pinned(tree, environment, course.target);
  const kept = isClean ? restored.changes : restored.changes.filter(({ path }) => isConfig(path));
  const changes = [...withPin(kept, environment, course), ...images];
  const rendered = await renderEnvironment(services.renderer, new OverlayTree(tree, changes), environment);
  const release = releaseIdOf(course.application, rendered);
  if (course.part === 'both' && release !== course.target.id)
    throw conflict(course, [...restored.conflicts, ...(await sharedSince(states, environment, rendered))]);
  const named = await nameRender(tree, environment, { release, renderDigest: rendered.renderDigest });
  return { method: isClean ? 'revert' : 'pin', changes: [...changes, ...named], rendered, release };
}

/** `authorised.yaml` is written anew each time: it names what the rest of the folder comes to. */
function wantedFiles(environment: EnvironmentDefinition, part: Rollback['part']): (path: string) => boolean {
  const authorised = `${environment.path}/${authorisedFile}`;
  const isConfig = configFiles(environment);
  return (path) => path !== authorised && (part === 'both' || isConfig(path) === (part === 'app-config'));
}

function configFiles(environment: EnvironmentDefinition): (path: string) => boolean {
  return (path) => path.startsWith(`${environment.path}/${appConfigFolder}/`);
}

/** The same settings, told by the commit that brought them back. */
function withPin(
  changes: readonly GitFileChange[],
  environment: EnvironmentDefinition,
  { pin }: RollbackCourse,
): readonly GitFileChange[] {
  const path = appConfigPinPath(environment.path);
  if (pin === undefined || !changes.some((change) => change.path === path)) return changes;
  return [...changes.filter((change) => change.path !== path), { path, content: Buffer.from(printAppConfigPin(pin)) }];
}

async function pinned(
  tree: EditableTree,
  environment: EnvironmentDefinition,
  target: Release,
): Promise<readonly GitFileChange[]> {
  const outcome = await pinInFolders(tree, [environment.path], target.images);
  return outcome.kind === 'changes' ? outcome.changes : [];
}

async function nameRender(
  tree: EditableTree,
  environment: EnvironmentDefinition,
  named: Parameters<typeof printAuthorised>[0],
): Promise<readonly GitFileChange[]> {
  const path = `${environment.path}/${authorisedFile}`;
  const text = printAuthorised(named);
  const known = await tree.readFile(path);
  return known !== undefined && Buffer.from(known).toString() === text ? [] : [{ path, content: Buffer.from(text) }];
}

/** Files that other environments share and that are not as they were. */
async function sharedSince(
  states: { readonly to: EditableTree; readonly from: EditableTree },
  environment: EnvironmentDefinition,
  rendered: RenderedEnvironment,
): Promise<readonly string[]> {
  const shared = rendered.paths.filter((path) => !path.startsWith(`${environment.path}/`));
  const [then, since] = await Promise.all([states.to.list(''), states.from.list('')]);
  const idOf = new Map(then.map((entry) => [entry.path, entry.id]));
  return since
    .filter((entry) => shared.includes(entry.path) && idOf.get(entry.path) !== entry.id)
    .map(({ path }) => path);
}

function conflict(course: RollbackCourse, paths: readonly string[]): DeliveryError {
  const files = paths.length === 0 ? 'files outside of its folder' : paths.join(', ');
  return new DeliveryError(
    'ROLLBACK_CONFLICT',
    `Environment ${course.environment} cannot go back to release ${shortDigest(course.target.id)} of ${course.to.slice(0, 12)} by itself: changed since were ${files}`,
    { facts: { environment: course.environment, revision: course.to, files } },
  );
}
