import { readFile } from 'node:fs/promises';
import { type CommitId, parseCommitId } from '@slipway/domain';
import { writeAtomically } from '@slipway/host';
import type { GitRepository } from '@slipway/ports';
import { ChangeIndex, type KnownChanges } from './change-index.ts';

/** Reading this many commits again costs less than writing the file. */
const worthSaving = 200;

/**
 * An index that outlives its process, for callers that make one edit and end. The file is a cache: it may be lost, cut or of
 * another branch, since what it says counts only while the branch holds the commit it was made at.
 */
export async function openChangeIndex(
  repository: GitRepository,
  file: string,
): Promise<{ readonly index: ChangeIndex; save(): Promise<void> }> {
  const known = await readFile(file, 'utf8').then(parseKnown, () => undefined);
  const index = new ChangeIndex(repository, known);
  return {
    index,
    async save() {
      const now = index.known;
      if (now === undefined || index.commitsRead < worthSaving) return;
      await writeAtomically(file, JSON.stringify({ seen: now.seen, byId: [...now.byId] }));
    },
  };
}

function parseKnown(text: string): KnownChanges | undefined {
  try {
    const { seen, byId } = JSON.parse(text) as { readonly seen: string; readonly byId: readonly [string, string][] };
    const ids = byId.map(([id, commit]): readonly [string, CommitId] => [id, parseCommitId(commit)]);
    return { seen: parseCommitId(seen), byId: new Map(ids) };
  } catch {
    return undefined;
  }
}
