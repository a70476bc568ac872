import { isCommitId, parseCommitId, zeroCommit, type CommitId } from '@slipway/domain';
import type { Cancellable } from '@slipway/ports';
import { GitError } from './git-error.ts';
import { checkHash, checkRef } from './inputs.ts';
import { missing, type ReadContext } from './read-objects.ts';

const format = '--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)';

interface RefLine {
  readonly name: string;
  /** What the ref itself holds: for an annotated tag the tag. */
  readonly id: CommitId;
  /** Absent when it leads to no commit. */
  readonly commit: CommitId | undefined;
}

export async function listRefs(
  context: ReadContext,
  { signal }: Cancellable = {},
): Promise<ReadonlyMap<string, CommitId>> {
  const refs = await readRefs(context, [], signal);
  return new Map(refs.flatMap(({ name, commit }) => (commit === undefined ? [] : [[name, commit] as const])));
}

/** By its exact name only: Git's own lookup would also find `refs/heads/refs/heads/main`. */
export async function readRef(
  context: ReadContext,
  ref: string,
  { signal }: Cancellable = {},
): Promise<CommitId | undefined> {
  const refs = await readRefs(context, [checkRef(ref)], signal);
  return refs.find(({ name }) => name === ref)?.commit;
}

export async function resolve(
  context: ReadContext,
  revision: string,
  options: Cancellable = {},
): Promise<CommitId | undefined> {
  if (!isCommitId(revision)) return readRef(context, revision, options);
  const found = await context.objects.info(`${revision}^{commit}`, options.signal);
  return found?.id;
}

export interface RefMove {
  readonly ref: string;
  readonly next: CommitId | undefined;
  readonly expected: CommitId | undefined;
}

/** @throws {@link GitError} `GIT_OBJECT_MISSING`, or `GIT_COMMAND_FAILED` when Git refused for another reason than a moved ref. */
export async function updateRef(
  context: ReadContext,
  { ref, next, expected }: RefMove,
  { signal }: Cancellable = {},
): Promise<boolean> {
  const old = expected === undefined ? zeroCommit : checkHash(expected);
  checkRef(ref);
  if (next === undefined && expected === undefined) return (await readRef(context, ref)) === undefined;
  if (next !== undefined && (await context.objects.info(checkHash(next), signal)) === undefined) {
    throw missing(next, 'object');
  }
  const change = next === undefined ? ['-d', '--', ref, old] : ['--', ref, next, old];
  try {
    await context.git.run(['update-ref', '--no-deref', ...change], signal === undefined ? {} : { signal });
    return true;
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    const now = (await readRefs(context, [ref], signal)).find(({ name }) => name === ref)?.id;
    if (now !== expected) return false;
    throw error;
  }
}

async function readRefs(
  context: ReadContext,
  patterns: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly RefLine[]> {
  const { stdout } = await context.git.run(
    ['for-each-ref', format, '--', ...patterns],
    signal === undefined ? {} : { signal },
  );
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return Promise.all(lines.map((line) => readRefLine(context, line)));
}

async function readRefLine({ objects }: ReadContext, line: string): Promise<RefLine> {
  const [type, id = '', peeledType, peeledId = '', ...rest] = line.split(' ');
  const held = { name: rest.join(' '), id: parseCommitId(id) };
  if (type === 'commit') return { ...held, commit: held.id };
  if (peeledType === 'commit') return { ...held, commit: parseCommitId(peeledId) };
  if (peeledType !== 'tag') return { ...held, commit: undefined };
  return { ...held, commit: (await objects.info(`${peeledId}^{commit}`))?.id };
}
