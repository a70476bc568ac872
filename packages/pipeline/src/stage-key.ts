import { compileGlobs } from '@slipway/config';
import { contentDigest, type Digest, type PipelineRun, type StageDefinition, type StageRun } from '@slipway/domain';
import type { GitRepository, GitTreeEntry } from '@slipway/ports';

/** Everything the result of a stage depends on. */
export interface StageInputs {
  readonly definition: StageDefinition;
  readonly trust: PipelineRun['trust'];
  /** Files of the tree that the stage declares; all of them when it declares none. */
  readonly files: readonly GitTreeEntry[];
  /** Stages it needs, finished. */
  readonly needs: readonly StageRun[];
  /** What else decides: tool versions, a base to compare with, the commit for stages that name it. */
  readonly extra: Readonly<Record<string, string>>;
}

/**
 * The stage's key by content: equal keys mean that an earlier success stands for this one.
 *
 * Names of runs and commits are not part of it, so a merge with the tree that was tested on the pull request is a hit.
 */
export function stageKey(inputs: StageInputs): Digest {
  const { name: _name, needs: _needs, requirement: _requirement, ...work } = inputs.definition;
  return contentDigest({
    version: 1,
    work,
    trust: inputs.trust,
    files: inputs.files.map((file) => [file.path, file.mode, file.id]),
    needs: inputs.needs.map((need) => [
      need.name,
      need.kind,
      need.outputs.map((output) => [output.name, output.digest]),
    ]),
    extra: inputs.extra,
  });
}

/** Files of a run's tree that a stage declares as inputs. */
export async function declaredFiles(
  repository: GitRepository,
  tree: PipelineRun['tree'],
  globs: readonly string[],
): Promise<readonly GitTreeEntry[]> {
  const files = await repository.readTree(tree);
  if (globs.length === 0) return files;
  const isDeclared = compileGlobs(globs);
  return files.filter((file) => isDeclared(file.path));
}
