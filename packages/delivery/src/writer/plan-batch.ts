import { type CommitId, InvariantError, type Signature } from '@slipway/domain';
import { treeAt } from '@slipway/manifests';
import type { GitCommitPlan, GitRepository } from '@slipway/ports';
import type { ChangeIndex } from './change-index.ts';
import { checkChangeId, commitMessage, type ManifestEdit } from './manifest-edit.ts';
import { OverlayTree } from './overlay-tree.ts';

/** Where an edit ended up. */
export interface LandedEdit {
  readonly commit: CommitId;
  /** False when the head said it already: `commit` is that head. */
  readonly isChange: boolean;
  /** True when an earlier submission of the same id had landed it. */
  readonly isReplay: boolean;
  readonly paths: readonly string[];
}

/** What becomes of one edit when its batch lands. `plan` is a place in the plans. */
export type EditFate =
  | { readonly kind: 'known'; readonly landed: LandedEdit }
  | { readonly kind: 'planned' | 'twin'; readonly plan: number; readonly paths: readonly string[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** A fate for each edit, in the order of the edits. */
export interface BatchPlan {
  readonly plans: readonly GitCommitPlan[];
  readonly fates: readonly EditFate[];
}

/** What a batch is planned on. */
export interface BatchGround {
  readonly repository: GitRepository;
  readonly head: CommitId;
  readonly index: ChangeIndex;
  readonly settings: { readonly committer: Signature; readonly now: () => string };
}

/** Applies edits one on top of the other; no ref moves, and an edit that throws leaves nothing behind. */
export async function planBatch(edits: readonly ManifestEdit[], ground: BatchGround): Promise<BatchPlan> {
  const tree = new OverlayTree(treeAt(ground.repository, ground.head));
  const at = ground.settings.now();
  const plans: GitCommitPlan[] = [];
  const fates: EditFate[] = [];
  const planned = new Map<string, EditFate & { readonly kind: 'planned' | 'twin' }>();
  for (const edit of edits) {
    const twin = planned.get(edit.id);
    if (twin !== undefined) {
      fates.push({ ...twin, kind: 'twin' });
      continue;
    }
    const outcome = await applyEdit(edit, tree, ground);
    if (outcome.kind !== 'changes') {
      fates.push(outcome);
      continue;
    }
    tree.add(outcome.changes);
    const fate = { kind: 'planned', plan: plans.length, paths: outcome.changes.map(({ path }) => path) } as const;
    const { committer } = ground.settings;
    plans.push({ changes: outcome.changes, author: edit.author, committer, message: outcome.message, at });
    planned.set(edit.id, fate);
    fates.push(fate);
  }
  return { plans, fates };
}

type Applied =
  | Exclude<EditFate, { readonly plan: number }>
  | { readonly kind: 'changes'; readonly changes: GitCommitPlan['changes']; readonly message: string };

async function applyEdit(edit: ManifestEdit, tree: OverlayTree, ground: BatchGround): Promise<Applied> {
  try {
    checkChangeId(edit.id);
    const known = ground.index.find(edit.id);
    if (known !== undefined) return { kind: 'known', landed: await replay(ground.repository, known) };
    const message = commitMessage(edit);
    const outcome = await edit.apply(tree);
    if (outcome.kind === 'nothing' || outcome.changes.length === 0) return { kind: 'nothing' };
    return { kind: 'changes', changes: outcome.changes, message };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** The same answer as the first time, read from the commit itself. */
async function replay(repository: GitRepository, commit: CommitId): Promise<LandedEdit> {
  const [parent] = (await repository.readCommit(commit)).parents;
  const changed = parent === undefined ? [] : await repository.changedLines(parent, commit);
  return { commit, isChange: true, isReplay: true, paths: changed.map(({ path }) => path) };
}

/** What the caller hears once the batch stands on the branch. `commits` are those of the plans, `head` is what they stand on. */
export function landedAs(
  fate: Exclude<EditFate, { readonly kind: 'failed' }>,
  chain: { readonly head: CommitId; readonly commits: readonly CommitId[] },
): LandedEdit {
  if (fate.kind === 'known') return fate.landed;
  if (fate.kind === 'nothing') {
    return { commit: chain.commits.at(-1) ?? chain.head, isChange: false, isReplay: false, paths: [] };
  }
  const commit = chain.commits[fate.plan];
  if (commit === undefined) throw new InvariantError('an edit has no commit');
  return { commit, isChange: true, isReplay: fate.kind === 'twin', paths: fate.paths };
}
