import path from 'node:path';
import { climbsOut, type FileTree, parentsOf, resolveInTree, type TreeEntry, treePath } from '../layout/file-tree.ts';
import { type Instruction, lineError } from './dockerfile.ts';
import { compilePattern } from './match-path.ts';

/** A COPY with everything looked up. */
export interface CopyPlan {
  readonly instruction: Instruction;
  /** Where the files come from: the context without what `.dockerignore` leaves out, or another stage. */
  readonly from: FileTree;
  readonly sources: readonly string[];
  readonly destination: string;
  readonly into: FileTree;
  readonly workingDir: string;
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Of `--chmod`; for files, and for folders too. */
  readonly mode?: number;
}

/**
 * The entries that a COPY adds to the tree: the files, and folders that are not there yet. Existing folders keep their mode.
 *
 * @throws ImageError `IMAGE_SOURCE_MISSING`, `IMAGE_DOCKERFILE_INVALID`.
 * @see Docker documentation, "COPY", for what a trailing slash and a folder as source mean.
 */
export function planCopy(plan: CopyPlan): FileTree {
  const sources = plan.sources.flatMap((source) => findSources(plan, source));
  const added = new Map<string, TreeEntry>();
  const target = resolveDestination(plan);
  const isFolder =
    plan.destination.endsWith('/') ||
    plan.sources.length > 1 ||
    sources.length > 1 ||
    target === '' ||
    plan.into.get(target)?.kind === 'folder';
  for (const source of sources) {
    const entry = plan.from.get(source.at);
    const isTree = source.at === '' || entry?.kind === 'folder';
    if (isTree) addTree(plan, added, { source: source.at, target });
    else if (entry !== undefined) {
      add(plan, added, { at: isFolder ? join(target, path.posix.basename(source.named)) : target, entry });
    }
  }
  const whole = new Map([...plan.into, ...added]);
  for (const [name, entry] of added) {
    if (entry.kind === 'link' && !entry.target.startsWith('/') && climbsOut(whole, name)) {
      throw lineError(plan.instruction, `would make the link ${name} point outside the image`);
    }
  }
  return added;
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function resolveDestination(plan: CopyPlan): string {
  const joined = plan.destination.startsWith('/') ? plan.destination : `${plan.workingDir}/${plan.destination}`;
  const target = resolveInTree(plan.into, joined, { followLast: true });
  if (target === undefined || joined.includes('\0'))
    throw lineError(plan.instruction, 'has a destination in a loop of links');
  return target;
}

interface Source {
  /** Where the entry is, links followed. */
  readonly at: string;
  /** As it was named: a file takes this name along. */
  readonly named: string;
}

function findSources(plan: CopyPlan, source: string): readonly Source[] {
  const name = treePath(source.replace(/^\/+/, ''));
  if (name === undefined)
    throw lineError(plan.instruction, `has the source ${JSON.stringify(source)} outside its root`);
  const isPattern = /[*?[\\]/.test(name);
  const pattern = isPattern ? compilePattern(name) : undefined;
  if (isPattern && (pattern === undefined || name.includes('**'))) {
    throw lineError(plan.instruction, `has the bad pattern ${JSON.stringify(source)}`);
  }
  const named = pattern === undefined ? [name] : [...plan.from.keys()].filter(pattern).sort();
  const found = named.flatMap((item): Source[] => {
    const at = resolveInTree(plan.from, item, { followLast: true });
    const isThere = at !== undefined && (at === '' || plan.from.has(at));
    return isThere ? [{ at, named: item }] : [];
  });
  if (found.length > 0) return found;
  throw lineError(plan.instruction, `does not find ${JSON.stringify(source)}`, 'IMAGE_SOURCE_MISSING');
}

function addTree(
  plan: CopyPlan,
  added: Map<string, TreeEntry>,
  move: { readonly source: string; readonly target: string },
): void {
  const prefix = move.source === '' ? '' : `${move.source}/`;
  if (move.target !== '') add(plan, added, { at: move.target, entry: { kind: 'folder', mode: 0o755 } });
  for (const [name, entry] of plan.from) {
    if (!name.startsWith(prefix)) continue;
    add(plan, added, { at: join(move.target, name.slice(prefix.length)), entry });
  }
}

function add(
  plan: CopyPlan,
  added: Map<string, TreeEntry>,
  item: { readonly at: string; readonly entry: TreeEntry },
): void {
  const at = resolveParents(plan, added, item.at);
  for (const parent of parentsOf(at)) {
    const old = added.get(parent) ?? plan.into.get(parent);
    if (old === undefined) added.set(parent, { kind: 'folder', mode: 0o755, ...plan.owner });
    else if (old.kind !== 'folder') throw lineError(plan.instruction, `needs a folder where the file ${parent} is`);
  }
  const old = added.get(at) ?? plan.into.get(at);
  if (item.entry.kind === 'folder' && old?.kind === 'folder') return;
  if (old !== undefined && (old.kind === 'folder') !== (item.entry.kind === 'folder')) {
    throw lineError(plan.instruction, `cannot put ${at} over what is there: one is a folder, the other not`);
  }
  const mode = item.entry.kind === 'link' ? item.entry.mode : (plan.mode ?? item.entry.mode);
  added.set(at, { ...item.entry, ...plan.owner, mode });
}

/** Folders above the destination may be links of the base (`/bin` to `usr/bin`); a layer must not replace them. */
function resolveParents(plan: CopyPlan, added: FileTree, at: string): string {
  const folder = path.posix.dirname(at);
  if (folder === '.') return at;
  const isNew = added.get(folder)?.kind === 'folder';
  const resolved = isNew ? folder : resolveInTree(plan.into, folder, { followLast: true });
  if (resolved === undefined) throw lineError(plan.instruction, `has a loop of links at ${folder}`);
  return join(resolved, path.posix.basename(at));
}
