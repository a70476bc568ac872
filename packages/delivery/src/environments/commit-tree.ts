import type { CommitId } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import { OverlayTree } from '../writer/overlay-tree.ts';
import type { EditableTree } from '../writer/manifest-edit.ts';

/** The tree of a commit, for reading. */
export function treeAt(repository: GitRepository, commit: CommitId): EditableTree {
  return new OverlayTree(repository, commit);
}
