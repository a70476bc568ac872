import { parseCommitId, type CommitId } from '@slipway/domain';
import type { GitCommitPlan, GitFileChange, GitRepository } from '../git.ts';

/** When every commit of the suite was made. */
export const at = '2026-03-01T10:20:30.000Z';
export const ada = { name: 'Ada Lovelace', email: 'ada@example.org' };
export const robot = { name: 'Slipway', email: 'slipway@example.org' };
/** A hash that no repository holds. */
export const absent = parseCommitId('1234567890123456789012345678901234567890');
export const main = 'refs/heads/main';

/** A file to write. */
export function file(path: string, text: string, mode?: '100644' | '100755'): GitFileChange {
  const content = new TextEncoder().encode(text);
  return mode === undefined ? { path, content } : { path, content, mode };
}

/** A commit to write. */
export function plan(changes: readonly GitFileChange[], message = 'change\n'): GitCommitPlan {
  return { changes, author: ada, committer: robot, message, at };
}

/** Writes one commit and gives its id. */
export async function commit(
  repository: GitRepository,
  parent: CommitId | undefined,
  changes: readonly GitFileChange[],
): Promise<CommitId> {
  const [id] = await repository.commitChain(parent, [plan(changes)]);
  if (id === undefined) throw new Error('commitChain gave no commit');
  return id;
}
