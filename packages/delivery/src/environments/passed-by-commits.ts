import type { CommitId, DesiredState } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import type { DeliveryServices } from '../services.ts';

/** More commits than this at once are not looked at one by one; the audit then names them. */
const mostCommits = 200;

/** Commits after the last look and before the head that changed a file of the closure, oldest first. */
export async function passedByCommits(
  services: Pick<DeliveryServices, 'openRepository'>,
  facts: { readonly known: DesiredState | undefined; readonly head: CommitId; readonly paths: readonly string[] },
): Promise<readonly CommitId[]> {
  const { known, head, paths } = facts;
  if (known?.definition.class !== 'protected' || known.head === head) return [];
  const repository = await services.openRepository(known.repository);
  const byId = new Map(
    (await repository.log(head, { since: known.head, limit: mostCommits })).map((one) => [one.id, one]),
  );
  const wanted = new Set(paths);
  const passed: CommitId[] = [];
  // First parents only: what a merge brought came in with the merge.
  for (let commit = byId.get(head); commit !== undefined; commit = byId.get(commit.parents[0] ?? head)) {
    const [parent] = commit.parents;
    if (parent === undefined) break;
    if (commit.id === head) continue;
    const [after, before] = await Promise.all([
      printClosure(repository, commit.id, wanted),
      printClosure(repository, parent, wanted),
    ]);
    if (after !== before) passed.unshift(commit.id);
  }
  return passed;
}

async function printClosure(repository: GitRepository, commit: CommitId, wanted: ReadonlySet<string>): Promise<string> {
  const entries = await repository.readTree(commit);
  return JSON.stringify(entries.filter((entry) => wanted.has(entry.path)).map((entry) => [entry.path, entry.id]));
}
