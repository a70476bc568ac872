import type { SourceTree } from '@slipway/manifests';
import type { GitFileChange } from '@slipway/ports';
import type { EditableTree } from '../writer/manifest-edit.ts';

/** What going back to an earlier state of a folder means for the tree as it is now. */
export interface RestoredFolder {
  readonly changes: readonly GitFileChange[];
  /** Files that were changed since by something else: neither side can be taken without losing the other. */
  readonly conflicts: readonly string[];
}

/**
 * Takes back what changed in a folder between two states of it, on a third: what `git revert` does, file by file.
 *
 * A file that is still as in `from` becomes what it was in `to`, byte for byte; one that is already so stays; any other is a conflict.
 */
export async function restoreFolder(
  now: EditableTree,
  states: { readonly from: SourceTree; readonly to: SourceTree },
  options: { readonly folder: string; readonly isWanted: (path: string) => boolean },
): Promise<RestoredFolder> {
  const { folder, isWanted } = options;
  const listed = await Promise.all([states.from.list(folder), states.to.list(folder)]);
  const paths = [...new Set(listed.flat().map((entry) => entry.path))].filter(isWanted).sort();
  const changes: GitFileChange[] = [];
  const conflicts: string[] = [];
  for (const path of paths) {
    const [ours, from, to] = await Promise.all([
      now.readFile(path),
      states.from.readFile(path),
      states.to.readFile(path),
    ]);
    if (isSame(from, to) || isSame(ours, to)) continue;
    if (isSame(ours, from)) changes.push({ path, content: to });
    else conflicts.push(path);
  }
  return { changes, conflicts };
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return Buffer.compare(one, other) === 0;
}
