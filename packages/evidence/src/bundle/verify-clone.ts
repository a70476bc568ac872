import type { KeyObject } from 'node:crypto';
import { isJsonObject } from '../canonical-json.ts';
import { findProductionChanges, isOfPlace, readText, unknownCommit } from '../chain/production-change.ts';
import type { Fault, StatementLog } from '../chain/statement-log.ts';
import { verifyCheckpoint, type Checkpoint } from '../checkpoint.ts';
import { EvidenceError } from '../evidence-error.ts';
import { verifyConsistency } from '../merkle-proof.ts';
import type { MerkleTree } from '../merkle-tree.ts';

/** Branch of the config repository that checkpoints are pushed to, fast-forward only. */
export const evidenceBranch = 'slipway-evidence';

/** An auditor's own clone of the config repository. */
export interface CloneReader {
  /** First-parent commits of the config branch that changed the tree or blob id of one of the paths, oldest first. */
  commitsChanging(paths: readonly string[], signal?: AbortSignal): Promise<readonly string[]>;
  /**
   * The newest commit of {@link commitsChanging} that is `commit` itself or before it; `undefined` when there is none
   * or the branch does not hold `commit`.
   */
  lastChange(commit: string, paths: readonly string[], signal?: AbortSignal): Promise<string | undefined>;
  /** Every version of the file `checkpoint` on the branch {@link evidenceBranch}, oldest first. */
  checkpoints(signal?: AbortSignal): Promise<readonly { readonly commit: string; readonly note: string }[]>;
}

/** What the render of one protected environment is made from. */
export interface Closure {
  readonly application: string;
  readonly environment: string;
  /** Folders and files of the config repository. */
  readonly paths: readonly string[];
}

/** What the clone is held against. */
export interface CloneQuestion {
  readonly log: StatementLog;
  readonly tree: MerkleTree;
  readonly publicKey: KeyObject;
  readonly origin: string;
  /** Beside those that the authorisations name in `predicate.paths`. */
  readonly closures: readonly Closure[];
  readonly signal?: AbortSignal;
}

/** What came of it. */
export interface CloneFindings {
  readonly completeness: 'checked' | 'not checked';
  readonly faults: readonly Fault[];
}

/** Finds commits that came past the chain, and checkpoints that the log of the bundle contradicts. */
export async function verifyClone(clone: CloneReader, question: CloneQuestion): Promise<CloneFindings> {
  const closures = findClosures(question);
  const faults: Fault[] = [...(await findCheckpointFaults(clone, question))];
  for (const closure of closures) {
    if (closure.paths.length === 0) faults.push(unknownClosure(closure));
    else faults.push(...(await findUnprovenCommits(clone, closure, question)));
  }
  const isChecked = closures.every(({ paths }) => paths.length > 0);
  return { completeness: isChecked ? 'checked' : 'not checked', faults };
}

function findClosures({ log, closures }: CloneQuestion): readonly Closure[] {
  const places = [...findProductionChanges(log), ...closures];
  const keyed = new Map(places.map((place) => [JSON.stringify([place.application, place.environment]), place]));
  return [...keyed.values()].map(({ application, environment }) => {
    const given = closures.filter((one) => one.application === application && one.environment === environment);
    const stated = log.entries.filter(
      (entry) => entry.kind === 'authorisation' && isOfPlace(entry, { application, environment }),
    );
    const paths = [...given.flatMap((one) => one.paths), ...stated.flatMap(({ predicate }) => readPaths(predicate))];
    return { application, environment, paths: [...new Set(paths)].sort() };
  });
}

function readPaths(predicate: Readonly<Record<string, unknown>>): readonly string[] {
  const paths = isJsonObject(predicate) ? predicate['paths'] : undefined;
  return Array.isArray(paths) ? paths.filter((path): path is string => typeof path === 'string' && path !== '') : [];
}

async function findUnprovenCommits(
  clone: CloneReader,
  closure: Closure,
  question: CloneQuestion,
): Promise<readonly Fault[]> {
  const { log, signal } = question;
  const accounted = new Set<string>();
  const faults: Fault[] = [];
  for (const commit of findAccountedCommits(log, closure)) {
    const change = await clone.lastChange(commit, closure.paths, signal);
    if (change === undefined) faults.push(foreignCommit(commit, closure));
    else accounted.add(change);
  }
  const commits = await clone.commitsChanging(closure.paths, signal);
  // Before the first commit that the log knows, nobody had authorised anything: the environment began there.
  const first = commits.findIndex((commit) => accounted.has(commit));
  const unproven = commits.slice(Math.max(0, first)).filter((commit) => !accounted.has(commit));
  return [...faults, ...unproven.map((commit) => unprovenCommit(commit, closure))];
}

/** Commits that the log tells of in this environment: let in, or refused. */
function findAccountedCommits(log: StatementLog, place: Closure): ReadonlySet<string> {
  const changed = findProductionChanges(log).filter(
    ({ application, environment }) => application === place.application && environment === place.environment,
  );
  const authorised = changed.filter(({ authorisations }) => authorisations.length > 0).map(({ commit }) => commit);
  const refused = log.entries
    .filter((entry) => entry.kind === 'refusal' && isOfPlace(entry, place))
    .map((entry) => readText(entry, 'commit'));
  return new Set([...authorised, ...refused].filter((commit) => commit !== '' && commit !== unknownCommit));
}

async function findCheckpointFaults(clone: CloneReader, question: CloneQuestion): Promise<readonly Fault[]> {
  const published = await clone.checkpoints(question.signal);
  if (published.length === 0) return [noCheckpoint()];
  let size = 0;
  return published.flatMap(({ commit, note }) => {
    const where = `commit ${commit} of branch ${evidenceBranch}`;
    const checkpoint = read(note, question);
    if (checkpoint instanceof EvidenceError) return [contradiction(where, checkpoint.message)];
    if (checkpoint.size < size) return [contradiction(where, 'The log became shorter there')];
    size = checkpoint.size;
    return compare(checkpoint, question.tree, where);
  });
}

function compare(checkpoint: Checkpoint, tree: MerkleTree, where: string): readonly Fault[] {
  const { size, root } = checkpoint;
  if (size > tree.size) return [shortBundle(where, size, tree.size)];
  if (size === 0) return [];
  const isConsistent = verifyConsistency({
    size1: size,
    size2: tree.size,
    root1: root,
    root2: tree.rootAt(tree.size),
    proof: tree.consistencyProof(size, tree.size),
  });
  return isConsistent
    ? []
    : [contradiction(where, `The first ${size} statements were others than those of the bundle`)];
}

function read(note: string, { publicKey, origin }: CloneQuestion): Checkpoint | EvidenceError {
  try {
    return verifyCheckpoint(note, publicKey, origin);
  } catch (error) {
    if (error instanceof EvidenceError) return error;
    throw error;
  }
}

function contradiction(where: string, what: string): Fault {
  return { where, what, next: 'The log was rewritten: compare with checkpoints kept elsewhere.', verdict: 'broken' };
}

function shortBundle(where: string, published: number, held: number): Fault {
  const what = `A checkpoint for ${published} statements was published and the bundle holds ${held}`;
  const next = 'Export again; if it stays short, statements were taken out.';
  return { where, what, next, verdict: 'incomplete' };
}

function noCheckpoint(): Fault {
  const what = 'The clone holds no checkpoint of the log';
  const next = `Fetch the branch ${evidenceBranch} into the clone.`;
  return { where: `branch ${evidenceBranch}`, what, next, verdict: 'incomplete' };
}

function unknownClosure({ application, environment }: Closure): Fault {
  const what = 'No statement says which paths its render is made from, so its commits cannot be counted';
  return {
    where: `${application} in ${environment}`,
    what,
    next: 'Name its paths to the verifier.',
    verdict: 'incomplete',
  };
}

function foreignCommit(commit: string, { application, environment }: Closure): Fault {
  const what = `The log names commit ${commit} for ${application} in ${environment}, and the clone does not know it`;
  const next = 'Fetch the clone; if the commit stays unknown, the branch was rewritten.';
  return { where: `commit ${commit}`, what, next, verdict: 'incomplete' };
}

function unprovenCommit(commit: string, { application, environment }: Closure): Fault {
  const what = `It changed what ${application} in ${environment} is rendered from, and the log has no chain for it`;
  const next = 'Ask who made it; if it is newer than the export, use the clone as it was then.';
  return { where: `commit ${commit}`, what, next, verdict: 'incomplete' };
}
