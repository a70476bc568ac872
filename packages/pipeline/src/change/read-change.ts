import { type Branch, type Change, changeId, type CommitId, type Name, type PipelineDefinition } from '@slipway/domain';
import { ConfigError, parsePipelines } from '@slipway/config';
import type { GitRepository } from '@slipway/ports';

const file = 'slipway.yaml';

/** The pipelines of a commit, or why there are none. */
export interface ReadPipelines {
  readonly definitions: readonly PipelineDefinition[];
  /** What a person must mend; absent when the file reads well. */
  readonly fault?: string;
}

export async function readPipelines(repository: GitRepository, commit: CommitId): Promise<ReadPipelines> {
  const bytes = await repository.readFile(commit, file);
  if (bytes === undefined) return { definitions: [], fault: `There is no ${file} in the root of the repository.` };
  try {
    return { definitions: parsePipelines(Buffer.from(bytes).toString(), file) };
  } catch (error) {
    if (error instanceof ConfigError) return { definitions: [], fault: error.message };
    throw error;
  }
}

/** The change that a commit is, from Git's own record of it. */
export async function changeOf(
  repository: GitRepository,
  facts: { readonly repository: Name; readonly commit: CommitId; readonly branch: Branch; readonly pusher: string },
): Promise<Change> {
  const commit = await repository.readCommit(facts.commit);
  return {
    id: changeId(facts.repository, facts.commit),
    repository: facts.repository,
    commit: facts.commit,
    tree: commit.tree,
    branch: facts.branch,
    subject: (commit.message.split('\n')[0] ?? '').slice(0, 300),
    author: { name: commit.author.name, email: commit.author.email },
    pusher: facts.pusher,
    createdAt: commit.committer.at,
  };
}
