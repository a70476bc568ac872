import {
  type Change,
  type EvidenceStatement,
  type PipelineRun,
  type StageRun,
  statementIds,
  type Subject,
} from '@slipway/domain';

function commitSubject(repository: string, commit: string, tree: string): Subject {
  return { name: `git:${repository}`, digest: { gitCommit: commit, gitTree: tree } };
}

/** @param reviews - statements of the reviews that let it in, where a pull request brought it. */
export function changeStatement(change: Change, reviews: readonly string[] = []): EvidenceStatement {
  return {
    id: statementIds.change(change.id),
    kind: 'change',
    subjects: [commitSubject(change.repository, change.commit, change.tree)],
    predicate: {
      repository: change.repository,
      branch: change.branch,
      author: change.author,
      pusher: change.pusher,
      subject: change.subject,
      signature: 'not checked',
      ...(change.pullRequest === undefined ? {} : { pullRequest: change.pullRequest }),
    },
    links: reviews,
  };
}

/** What is about to run: its definition, and who and what started it. Stages link to it, so a chain shows it before the run has ended. */
export function runStartedStatement(run: PipelineRun): EvidenceStatement {
  return {
    id: statementIds.runStarted(run.id),
    kind: 'pipelineRun',
    subjects: [commitSubject(run.repository, run.commit, run.tree)],
    predicate: {
      run: run.id,
      pipeline: run.pipeline,
      definition: run.definition,
      definitionDigest: run.definitionDigest,
      trust: run.trust,
      trigger: run.trigger,
    },
    links: [statementIds.change(run.change)],
  };
}

export function stageStatement(run: PipelineRun, stage: StageRun): EvidenceStatement {
  return {
    id: statementIds.stage(stage),
    kind: 'stage',
    subjects: [commitSubject(run.repository, run.commit, run.tree)],
    predicate: {
      run: run.id,
      stage: stage.name,
      stageKind: stage.kind,
      attempt: stage.attempt,
      conclusion: stage.conclusion ?? 'none',
      requirement: stage.requirement,
      ...optional('reason', stage.reason),
      ...optional('key', stage.key),
      ...optional('hitOf', stage.hitOf),
      ...optional('isolation', stage.isolation),
      ...optional('exitCode', stage.exitCode),
      ...optional('logDigest', stage.logDigest),
      outputs: stage.outputs,
      facts: stage.facts,
      startedAt: stage.startedAt ?? stage.createdAt,
      finishedAt: stage.finishedAt ?? stage.createdAt,
    },
    links: [statementIds.change(run.change), statementIds.runStarted(run.id)],
  };
}

export function runStatement(run: PipelineRun, stages: readonly StageRun[]): EvidenceStatement {
  const done = stages.filter((stage) => stage.phase === 'finished');
  return {
    id: statementIds.run(run.id, Math.max(1, ...stages.map((stage) => stage.attempt))),
    kind: 'pipelineRun',
    subjects: [commitSubject(run.repository, run.commit, run.tree)],
    predicate: {
      run: run.id,
      pipeline: run.pipeline,
      definitionDigest: run.definitionDigest,
      trust: run.trust,
      trigger: run.trigger,
      conclusion: run.conclusion ?? 'none',
      stages: done.map((stage) => ({
        name: stage.name,
        conclusion: stage.conclusion ?? 'none',
        reason: stage.reason ?? '',
      })),
    },
    links: [statementIds.runStarted(run.id), ...done.map(statementIds.stage)],
  };
}

/** SLSA provenance v1 of an image as published (ci.md §5.5). */
export function provenanceStatement(facts: {
  readonly run: PipelineRun;
  readonly stages: readonly StageRun[];
  readonly image: { readonly name: string; readonly digest: string };
  readonly builderId: string;
}): EvidenceStatement {
  const { run, image } = facts;
  return {
    id: statementIds.provenance(run.id, image.digest),
    kind: 'provenance',
    subjects: [{ name: image.name, digest: { sha256: image.digest.slice('sha256:'.length) } }],
    predicate: {
      buildDefinition: {
        buildType: 'https://slipway.dev/build/pipeline/v1',
        externalParameters: { repository: run.repository, commit: run.commit, pipeline: run.pipeline },
        internalParameters: { definitionDigest: run.definitionDigest },
        resolvedDependencies: [{ uri: `git:${run.repository}`, digest: { gitCommit: run.commit } }],
      },
      runDetails: {
        builder: { id: facts.builderId },
        metadata: { invocationId: run.id, startedOn: run.startedAt ?? run.createdAt },
      },
    },
    links: [
      statementIds.change(run.change),
      ...facts.stages.filter((s) => s.phase === 'finished').map(statementIds.stage),
    ],
  };
}

function optional(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}
