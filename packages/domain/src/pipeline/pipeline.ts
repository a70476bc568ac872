import type { Conclusion, RunPhase } from '../phases.ts';
import type { CommitId } from '../identity/commit-id.ts';
import type { Digest } from '../identity/digest.ts';
import type { Branch, Name } from '../identity/names.ts';
import type { Signature } from '../change/change.ts';

/** Built-in kinds of stages, in the order of the chain; `run` is any command. */
export const stageKinds = ['build', 'test', 'coverage', 'image', 'publish', 'manifests', 'run'] as const;
export type StageKind = (typeof stageKinds)[number];

/** `off` is recorded; `advisory` never fails the run. */
export const requirements = ['required', 'advisory', 'off'] as const;
export type Requirement = (typeof requirements)[number];

/** A node of a pipeline. */
export interface StageDefinition {
  readonly name: Name;
  readonly kind: StageKind;
  readonly needs: readonly Name[];
  readonly requirement: Requirement;
  /** Commands of kinds `build`, `test` and `run`; others have none. */
  readonly commands: readonly string[];
  /** Folder inside the repository where commands start; empty is the root. */
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Globs of files the stage depends on; empty means the whole tree. */
  readonly inputs: readonly string[];
  /** Paths of the workspace kept for later stages, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Hosts the egress proxy lets through, `host:port`. */
  readonly network: readonly string[];
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  /** Only on pushes to a long-lived branch, not on pull requests. */
  readonly isOnlyOnBranches: boolean;
  /** What the kind alone needs: reports, thresholds, Dockerfile, image name, config repository. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A pipeline as run: defaults filled in. */
export interface PipelineDefinition {
  readonly name: Name;
  readonly stages: readonly StageDefinition[];
  /** App config that the image holds; absent when it holds none. */
  readonly appConfig?: BakedAppConfig;
}

/** A folder of an app-config repository that the code repository holds a copy of, to build with. */
export interface BakedAppConfig {
  readonly repository: Name;
  /** Folder there. */
  readonly from: string;
  /** Folder here; what is in it comes from there alone. */
  readonly to: string;
}

/** What started a run. */
export type Trigger =
  | { readonly kind: 'push'; readonly branch: Branch; readonly base?: CommitId }
  | { readonly kind: 'pull-request'; readonly number: number; readonly base: CommitId; readonly head: CommitId }
  | { readonly kind: 'checkout'; readonly directory: string };

/** One execution of a pipeline. */
export interface PipelineRun {
  readonly id: string;
  readonly repository: Name;
  readonly pipeline: Name;
  /** The commit under test; for a pull request the merge result. */
  readonly commit: CommitId;
  readonly tree: CommitId;
  /** Change that the run belongs to (the head commit of a pull request, or the pushed commit). */
  readonly change: string;
  readonly author: Signature;
  readonly trigger: Trigger;
  readonly trust: 'trusted' | 'untrusted';
  readonly definition: PipelineDefinition;
  readonly definitionDigest: Digest;
  readonly phase: RunPhase;
  readonly conclusion?: Conclusion;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

/** A kept output: a tar in the content store. */
export interface KeptOutput {
  readonly name: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** One stage of one run. Its id is `run/stage`. */
export interface StageRun {
  readonly id: string;
  readonly run: string;
  readonly name: Name;
  readonly kind: StageKind;
  readonly requirement: Requirement;
  readonly needs: readonly Name[];
  readonly phase: RunPhase;
  readonly conclusion?: Conclusion;
  /** PascalCase constant, such as `CommandFailed` or `NeedFailed`. */
  readonly reason?: string;
  /** One sentence for people. */
  readonly message?: string;
  /** Counts from 1; grows with each retry. */
  readonly attempt: number;
  /** Digest of definition, environment, inputs and the outputs of its needs. Absent until its needs are done. */
  readonly key?: Digest;
  /** Stage run whose result stands for this one. */
  readonly hitOf?: string;
  /** Rung and its gaps, as in {@link StageRun.facts}; absent for stages of the server itself. */
  readonly isolation?: string;
  readonly exitCode?: number;
  readonly logDigest?: Digest;
  readonly outputs: readonly KeptOutput[];
  /** What the kind found: tests, coverage, image digest, manifest commit. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}
