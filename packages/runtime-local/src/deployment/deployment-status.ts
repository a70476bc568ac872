/** A condition of a Deployment's status, as Kubernetes writes it. */
export interface DeploymentCondition {
  readonly type: 'Progressing' | 'Available' | 'ReplicaFailure';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly lastUpdateTime: string;
  readonly lastTransitionTime: string;
}

export interface DeploymentStatus {
  readonly observedGeneration: number;
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly unavailableReplicas: number;
  /** Template digest that the counts of updated replicas are about. */
  readonly updateRevision: string;
  readonly conditions: readonly DeploymentCondition[];
}

/** Counts of pods that are not ending. */
export interface StatusFacts {
  readonly generation: number;
  readonly desired: number;
  readonly minAvailable: number;
  readonly progressDeadlineSeconds: number;
  readonly revision: string;
  readonly replicas: number;
  readonly updated: number;
  readonly ready: number;
  readonly available: number;
  /** Why pods of the wanted revision do not run, for people. */
  readonly trouble?: string;
  /** ISO 8601, UTC. */
  readonly now: string;
}

/**
 * The next status. Pure; equal facts give an equal status, so that nothing is written when nothing happened.
 *
 * @see kubernetes `pkg/controller/deployment/progress.go`: progress is any growth of updated, ready or available pods or any old pod gone;
 *   once complete, a revision is never judged by the deadline again.
 */
export function nextDeploymentStatus(facts: StatusFacts, before: DeploymentStatus | undefined): DeploymentStatus {
  const counts = {
    observedGeneration: facts.generation,
    replicas: facts.replicas,
    updatedReplicas: facts.updated,
    readyReplicas: facts.ready,
    availableReplicas: facts.available,
    unavailableReplicas: Math.max(0, Math.max(facts.desired, facts.replicas) - facts.available),
    updateRevision: facts.revision,
  };
  return { ...counts, conditions: [availableCondition(facts, before), progressingCondition(facts, before)] };
}

/** When the deadline passes, as milliseconds since the epoch; absent when no deadline runs. */
export function deadlineOf(status: DeploymentStatus, progressDeadlineSeconds: number): number | undefined {
  const progressing = conditionOf(status, 'Progressing');
  if (progressing === undefined || progressing.status === 'False' || progressing.reason === 'NewReplicaSetAvailable')
    return undefined;
  return Date.parse(progressing.lastUpdateTime) + progressDeadlineSeconds * 1000;
}

function availableCondition(facts: StatusFacts, before: DeploymentStatus | undefined): DeploymentCondition {
  const isAvailable = facts.available >= facts.minAvailable;
  const reason = isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable';
  const message = isAvailable
    ? 'Deployment has minimum availability.'
    : 'Deployment does not have minimum availability.';
  return withTimes(
    { type: 'Available', status: isAvailable ? 'True' : 'False', reason, message },
    facts.now,
    before,
    false,
  );
}

function progressingCondition(facts: StatusFacts, before: DeploymentStatus | undefined): DeploymentCondition {
  const condition = (status: 'True' | 'False', reason: string, message: string, isProgress: boolean) =>
    withTimes(
      { type: 'Progressing', status, reason, message: withTrouble(message, facts) },
      facts.now,
      before,
      isProgress,
    );
  const previous = before === undefined ? undefined : conditionOf(before, 'Progressing');
  const isNew = before === undefined || previous === undefined || before.updateRevision !== facts.revision;
  const isComplete =
    facts.updated === facts.desired && facts.replicas === facts.desired && facts.available >= facts.desired;
  const available = `Revision ${facts.revision} has successfully progressed.`;
  if (isComplete) return condition('True', 'NewReplicaSetAvailable', available, isNew);
  if (isNew) return condition('True', 'NewReplicaSetCreated', `Created revision ${facts.revision}.`, true);
  if (previous.reason === 'NewReplicaSetAvailable' && before.updatedReplicas > 0)
    return condition('True', previous.reason, available, false);
  const isProgress = hasProgressed(facts, before);
  if (isProgress) return condition('True', 'ReplicaSetUpdated', `Revision ${facts.revision} is progressing.`, true);
  const isLate = Date.parse(facts.now) - Date.parse(previous.lastUpdateTime) >= facts.progressDeadlineSeconds * 1000;
  if (previous.status === 'False' || isLate) {
    return condition(
      'False',
      'ProgressDeadlineExceeded',
      `Revision ${facts.revision} has timed out progressing.`,
      false,
    );
  }
  return condition('True', previous.reason, `Revision ${facts.revision} is progressing.`, false);
}

function hasProgressed(facts: StatusFacts, before: DeploymentStatus): boolean {
  const isOldGone = facts.replicas - facts.updated < before.replicas - before.updatedReplicas;
  const isGrown = facts.ready > before.readyReplicas || facts.available > before.availableReplicas;
  return facts.updated > before.updatedReplicas || isOldGone || isGrown;
}

function withTrouble(message: string, facts: StatusFacts): string {
  return facts.trouble === undefined ? message : `${message} ${facts.trouble}`;
}

function withTimes(
  condition: Omit<DeploymentCondition, 'lastUpdateTime' | 'lastTransitionTime'>,
  now: string,
  before: DeploymentStatus | undefined,
  isProgress: boolean,
): DeploymentCondition {
  const previous = before === undefined ? undefined : conditionOf(before, condition.type);
  const isSame = previous?.status === condition.status && previous.reason === condition.reason;
  return {
    ...condition,
    lastUpdateTime: isSame && !isProgress ? previous.lastUpdateTime : now,
    lastTransitionTime: previous?.status === condition.status ? previous.lastTransitionTime : now,
  };
}

/** The condition of that type. */
export function conditionOf(
  status: DeploymentStatus,
  type: DeploymentCondition['type'],
): DeploymentCondition | undefined {
  return status.conditions.find((condition) => condition.type === type);
}
