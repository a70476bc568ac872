import type { KubeObject } from '@slipway/domain';
import type { Health, HealthOptions } from './assess-health.ts';
import { conditionOf, isCondition, numberAt, textAt, valueAt } from './status-fields.ts';

type Rule = (object: KubeObject, options: HealthOptions) => Health;

/** Milliseconds that a pod may be unschedulable before that counts as failure (kstatus: ScheduleWindow). */
const scheduleWindowMs = 15_000;

/** kstatus' rules by `Kind.group`; the first match within a rule wins. */
export const kindRules: Readonly<Record<string, Rule>> = {
  'Deployment.apps': deployment,
  'ReplicaSet.apps': replicaSet,
  'StatefulSet.apps': statefulSet,
  'DaemonSet.apps': daemonSet,
  Pod: pod,
  'Job.batch': job,
  PersistentVolumeClaim: (claim) => {
    const phase = textAt(claim, 'status', 'phase');
    return phase === 'Bound'
      ? current('Bound', 'the claim is bound')
      : inProgress('NotBound', `phase ${phase || 'unknown'}`);
  },
  Service: (service) => {
    const isWaiting = textAt(service, 'spec', 'type') === 'LoadBalancer' && textAt(service, 'spec', 'clusterIP') === '';
    return isWaiting
      ? inProgress('NoClusterIp', 'it has no cluster address yet')
      : current('Ready', 'the service is there');
  },
  'CustomResourceDefinition.apiextensions.k8s.io': definition,
  ConfigMap: stored,
  Secret: stored,
  'CronJob.batch': stored,
  'PodDisruptionBudget.policy': stored,
};

function stored(): Health {
  return current('Stored', 'it is stored');
}

function deployment(object: KubeObject): Health {
  const progressing = conditionOf(object, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded')
    return failed('ProgressDeadlineExceeded', progressing.message);
  const wanted = numberAt(object, ['spec', 'replicas'], 1);
  const { replicas, updated, available, ready } = countsOf(object);
  const waiting =
    fewer(replicas, wanted, 'created') ??
    fewer(updated, wanted, 'updated') ??
    tooMany(replicas, wanted) ??
    fewer(available, updated, 'available') ??
    fewer(ready, wanted, 'ready');
  if (waiting !== undefined) return waiting;
  const hasDeadline = valueAt(object, 'spec', 'progressDeadlineSeconds') !== undefined;
  const isRolledOut = progressing?.status === 'True' && progressing.reason === 'NewReplicaSetAvailable';
  if (hasDeadline && !isRolledOut)
    return inProgress('RolloutNotFinished', 'the new ReplicaSet is not reported available');
  if (!isCondition(object, 'Available', 'True')) return inProgress('NotAvailable', 'it is not reported available');
  return current('Available', `${ready} of ${wanted} replicas are ready`);
}

function replicaSet(object: KubeObject): Health {
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return inProgress(failure.reason || 'ReplicaFailure', failure.message);
  const wanted = numberAt(object, ['spec', 'replicas'], 1);
  const { replicas, available, ready } = countsOf(object);
  const waiting =
    fewer(numberAt(object, ['status', 'fullyLabeledReplicas']), wanted, 'labelled') ??
    fewer(available, wanted, 'available') ??
    fewer(ready, wanted, 'ready') ??
    tooMany(replicas, wanted);
  return waiting ?? current('Available', `${ready} of ${wanted} replicas are ready`);
}

function statefulSet(object: KubeObject): Health {
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') {
    return current('OnDelete', 'its pods are replaced when somebody deletes them');
  }
  const wanted = numberAt(object, ['spec', 'replicas'], 1);
  const { replicas, updated, ready } = countsOf(object);
  const waiting = fewer(replicas, wanted, 'created') ?? fewer(ready, wanted, 'ready') ?? tooMany(replicas, wanted);
  if (waiting !== undefined) return waiting;
  const partition = numberAt(object, ['spec', 'updateStrategy', 'rollingUpdate', 'partition']);
  if (partition > 0) {
    return (
      fewer(updated, wanted - partition, 'updated') ?? current('PartitionUpdated', `${updated} replicas are updated`)
    );
  }
  const behind = fewer(numberAt(object, ['status', 'currentReplicas']), wanted, 'at the current revision');
  if (behind !== undefined) return behind;
  if (textAt(object, 'status', 'currentRevision') !== textAt(object, 'status', 'updateRevision')) {
    return inProgress('RevisionNotCurrent', 'its update revision is not the current one yet');
  }
  return current('Updated', `${ready} of ${wanted} replicas are ready`);
}

function daemonSet(object: KubeObject): Health {
  const generation = object.metadata.generation;
  if (generation === undefined || valueAt(object, 'status', 'observedGeneration') === undefined) {
    return inProgress('GenerationNotObserved', 'no generation is observed yet');
  }
  if (valueAt(object, 'status', 'desiredNumberScheduled') === undefined) {
    return inProgress('NotScheduled', 'it is not known how many nodes need it');
  }
  const wanted = numberAt(object, ['status', 'desiredNumberScheduled']);
  const ready = numberAt(object, ['status', 'numberReady']);
  const waiting =
    fewer(numberAt(object, ['status', 'currentNumberScheduled']), wanted, 'scheduled') ??
    fewer(numberAt(object, ['status', 'updatedNumberScheduled']), wanted, 'updated') ??
    fewer(numberAt(object, ['status', 'numberAvailable']), wanted, 'available') ??
    fewer(ready, wanted, 'ready');
  return waiting ?? current('Available', `${ready} of ${wanted} pods are ready`);
}

function pod(object: KubeObject, options: HealthOptions): Health {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Succeeded' || phase === 'Failed') return current(`Pod${phase}`, 'the pod has ended');
  if (phase === 'Running') return runningPod(object);
  if (phase !== 'Pending') return inProgress('NoPhase', 'the pod has no phase yet');
  const scheduled = conditionOf(object, 'PodScheduled');
  const isUnschedulable = scheduled?.status === 'False' && scheduled.reason === 'Unschedulable';
  const createdMs = Date.parse(textAt(object, 'metadata', 'creationTimestamp'));
  const isLate = options.nowMs !== undefined && options.nowMs - createdMs > scheduleWindowMs;
  if (isUnschedulable && isLate) return failed('Unschedulable', scheduled.message);
  return inProgress('Pending', 'the pod has not started');
}

function runningPod(object: KubeObject): Health {
  if (isCondition(object, 'Ready', 'True')) return current('Ready', 'the pod is ready');
  const statuses = valueAt(object, 'status', 'containerStatuses');
  const isLooping = (one: unknown): boolean => textAt(one, 'state', 'waiting', 'reason') === 'CrashLoopBackOff';
  const crashing: unknown = Array.isArray(statuses) ? statuses.find(isLooping) : undefined;
  if (crashing !== undefined) return failed('CrashLoopBackOff', `container ${textAt(crashing, 'name')} keeps ending`);
  return inProgress('NotReady', 'the pod runs and is not ready');
}

function job(object: KubeObject, options: HealthOptions): Health {
  if (isCondition(object, 'Complete', 'True')) return current('Complete', 'the job is done');
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True') return failed(failure.reason || 'JobFailed', failure.message);
  const isSuspended = isCondition(object, 'Suspended', 'True') || valueAt(object, 'spec', 'suspend') === true;
  if (isSuspended) return current('Suspended', 'the job is suspended');
  if (textAt(object, 'status', 'startTime') === '') return inProgress('NotStarted', 'the job has not started');
  if (options.waitsForJobs === true) return inProgress('Running', 'the job runs');
  return current('Running', 'the job runs');
}

function definition(object: KubeObject): Health {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(names.reason || 'NamesNotAccepted', names.message);
  const established = conditionOf(object, 'Established');
  if (established?.status === 'True') return current('Established', 'the kind is served');
  if (established?.status === 'False' && established.reason !== 'Installing') {
    return failed(established.reason || 'NotEstablished', established.message);
  }
  return inProgress('Installing', 'the kind is not served yet');
}

function countsOf(object: KubeObject): Readonly<Record<'replicas' | 'updated' | 'available' | 'ready', number>> {
  return {
    replicas: numberAt(object, ['status', 'replicas']),
    updated: numberAt(object, ['status', 'updatedReplicas']),
    available: numberAt(object, ['status', 'availableReplicas']),
    ready: numberAt(object, ['status', 'readyReplicas']),
  };
}

function fewer(have: number, wanted: number, what: string): Health | undefined {
  return have < wanted ? inProgress('ReplicasMissing', `${have} of ${wanted} replicas are ${what}`) : undefined;
}

function tooMany(have: number, wanted: number): Health | undefined {
  return have > wanted ? inProgress('OldReplicasEnding', `${have - wanted} old replicas are ending`) : undefined;
}

function current(reason: string, message: string): Health {
  return { status: 'current', reason, message };
}

function inProgress(reason: string, message: string): Health {
  return { status: 'in-progress', reason, message };
}

function failed(reason: string, message: string): Health {
  return { status: 'failed', reason, message };
}
