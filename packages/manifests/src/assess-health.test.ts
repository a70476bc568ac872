import type { KubeObject } from '@slipway/domain';
import { describe, expect, it } from 'vitest';
import { assessHealth, type HealthStatus } from './index.ts';

type Fields = Readonly<Record<string, unknown>>;
type Row = readonly [
  rule: string,
  status: HealthStatus,
  object: { readonly meta?: Fields; readonly spec?: Fields; readonly status?: Fields },
];

function condition(type: string, status: string, reason = ''): Fields {
  return { type, status, reason, message: 'm' };
}

function live(apiVersion: string, kind: string, fields: Row[2]): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: { name: 'a', ...fields.meta },
    ...(fields.spec === undefined ? {} : { spec: fields.spec }),
    ...(fields.status === undefined ? {} : { status: fields.status }),
  };
}

const available = condition('Available', 'True');
const rolledOut = condition('Progressing', 'True', 'NewReplicaSetAvailable');
const three = {
  replicas: 3,
  updatedReplicas: 3,
  availableReplicas: 3,
  readyReplicas: 3,
  conditions: [available, rolledOut],
};
const deployments: readonly Row[] = [
  [
    'deadline exceeded',
    'failed',
    { status: { ...three, conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded')] } },
  ],
  ['replicas default to one', 'in-progress', { status: {} }],
  ['too few replicas', 'in-progress', { spec: { replicas: 4 }, status: { ...three, updatedReplicas: 4 } }],
  ['too few updated', 'in-progress', { spec: { replicas: 3 }, status: { ...three, updatedReplicas: 2 } }],
  ['old replicas ending', 'in-progress', { spec: { replicas: 2 }, status: three }],
  ['updated not available', 'in-progress', { spec: { replicas: 3 }, status: { ...three, availableReplicas: 2 } }],
  ['too few ready', 'in-progress', { spec: { replicas: 3 }, status: { ...three, readyReplicas: 2 } }],
  [
    'deadline and no NewReplicaSetAvailable',
    'in-progress',
    { spec: { replicas: 3, progressDeadlineSeconds: 600 }, status: { ...three, conditions: [available] } },
  ],
  ['not Available', 'in-progress', { spec: { replicas: 3 }, status: { ...three, conditions: [rolledOut] } }],
  [
    'no deadline needs no Progressing',
    'current',
    { spec: { replicas: 3 }, status: { ...three, conditions: [available] } },
  ],
  ['all there', 'current', { spec: { replicas: 3, progressDeadlineSeconds: 600 }, status: three }],
  ['scaled to none', 'current', { spec: { replicas: 0 }, status: { conditions: [available] } }],
];
const labelled = { ...three, fullyLabeledReplicas: 3 };
const replicaSets: readonly Row[] = [
  [
    'ReplicaFailure',
    'in-progress',
    { spec: { replicas: 3 }, status: { ...labelled, conditions: [condition('ReplicaFailure', 'True')] } },
  ],
  ['too few labelled', 'in-progress', { spec: { replicas: 3 }, status: { ...labelled, fullyLabeledReplicas: 2 } }],
  ['too few available', 'in-progress', { spec: { replicas: 3 }, status: { ...labelled, availableReplicas: 2 } }],
  ['too few ready', 'in-progress', { spec: { replicas: 3 }, status: { ...labelled, readyReplicas: 2 } }],
  ['too many', 'in-progress', { spec: { replicas: 2 }, status: labelled }],
  ['all there', 'current', { spec: { replicas: 3 }, status: labelled }],
];
const settled = {
  replicas: 3,
  readyReplicas: 3,
  currentReplicas: 3,
  updatedReplicas: 3,
  currentRevision: 'r',
  updateRevision: 'r',
};
const parted = { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } };
const statefulSets: readonly Row[] = [
  ['OnDelete', 'current', { spec: { replicas: 3, updateStrategy: { type: 'OnDelete' } } }],
  ['too few', 'in-progress', { spec: { replicas: 4 }, status: settled }],
  ['too few ready', 'in-progress', { spec: { replicas: 3 }, status: { ...settled, readyReplicas: 1 } }],
  ['too many', 'in-progress', { spec: { replicas: 2 }, status: settled }],
  ['partition not updated', 'in-progress', { spec: parted, status: { ...settled, updatedReplicas: 0 } }],
  ['partition updated', 'current', { spec: parted, status: { ...settled, updatedReplicas: 1, updateRevision: 's' } }],
  ['too few current', 'in-progress', { spec: { replicas: 3 }, status: { ...settled, currentReplicas: 2 } }],
  ['revisions differ', 'in-progress', { spec: { replicas: 3 }, status: { ...settled, updateRevision: 's' } }],
  ['settled', 'current', { spec: { replicas: 3 }, status: settled }],
];
const seen = { meta: { generation: 1 } };
const everywhere = {
  observedGeneration: 1,
  desiredNumberScheduled: 2,
  currentNumberScheduled: 2,
  updatedNumberScheduled: 2,
  numberAvailable: 2,
  numberReady: 2,
};
const daemonSets: readonly Row[] = [
  ['no generation', 'in-progress', { status: everywhere }],
  ['none observed', 'in-progress', { ...seen, status: { ...everywhere, observedGeneration: undefined } }],
  ['desired unknown', 'in-progress', { ...seen, status: { observedGeneration: 1 } }],
  ['too few scheduled', 'in-progress', { ...seen, status: { ...everywhere, currentNumberScheduled: 1 } }],
  ['too few updated', 'in-progress', { ...seen, status: { ...everywhere, updatedNumberScheduled: 1 } }],
  ['too few available', 'in-progress', { ...seen, status: { ...everywhere, numberAvailable: 1 } }],
  ['too few ready', 'in-progress', { ...seen, status: { ...everywhere, numberReady: 1 } }],
  ['on every node', 'current', { ...seen, status: everywhere }],
];
const looping = { containerStatuses: [{ name: 'c', state: { waiting: { reason: 'CrashLoopBackOff' } } }] };
const unschedulable = { phase: 'Pending', conditions: [condition('PodScheduled', 'False', 'Unschedulable')] };
const pods: readonly Row[] = [
  ['succeeded', 'current', { status: { phase: 'Succeeded' } }],
  ['ended in failure', 'current', { status: { phase: 'Failed' } }],
  ['running and ready', 'current', { status: { phase: 'Running', conditions: [condition('Ready', 'True')] } }],
  ['crash loop', 'failed', { status: { phase: 'Running', ...looping } }],
  ['running, not ready', 'in-progress', { status: { phase: 'Running', conditions: [condition('Ready', 'False')] } }],
  ['unschedulable for 16 s', 'failed', { meta: { creationTimestamp: '2026-01-01T00:00:00Z' }, status: unschedulable }],
  [
    'unschedulable for 14 s',
    'in-progress',
    { meta: { creationTimestamp: '2026-01-01T00:00:02Z' }, status: unschedulable },
  ],
  ['pending', 'in-progress', { status: { phase: 'Pending' } }],
  ['no phase', 'in-progress', {}],
];
const jobs: readonly Row[] = [
  ['complete', 'current', { status: { conditions: [condition('Complete', 'True')] } }],
  ['failed', 'failed', { status: { conditions: [condition('Failed', 'True', 'BackoffLimitExceeded')] } }],
  ['suspended', 'current', { status: { conditions: [condition('Suspended', 'True')] } }],
  ['not started', 'in-progress', {}],
  ['running', 'current', { status: { startTime: '2026-01-01T00:00:00Z' } }],
];
const definitions: readonly Row[] = [
  [
    'names taken',
    'failed',
    { status: { conditions: [condition('NamesAccepted', 'False'), condition('Established', 'True')] } },
  ],
  ['established', 'current', { status: { conditions: [condition('Established', 'True')] } }],
  ['installing', 'in-progress', { status: { conditions: [condition('Established', 'False', 'Installing')] } }],
  ['not established', 'failed', { status: { conditions: [condition('Established', 'False', 'Terminating')] } }],
  ['no condition', 'in-progress', {}],
];
const general: readonly Row[] = [
  ['deleted', 'terminating', { meta: { deletionTimestamp: '2026-01-01T00:00:00Z' } }],
  [
    'old generation',
    'in-progress',
    { meta: { generation: 2 }, status: { observedGeneration: 1, conditions: [condition('Ready', 'True')] } },
  ],
  [
    'Reconciling',
    'in-progress',
    { status: { conditions: [condition('Reconciling', 'True'), condition('Stalled', 'True')] } },
  ],
  ['Stalled', 'failed', { status: { conditions: [condition('Stalled', 'True'), condition('Ready', 'True')] } }],
  ['Ready', 'current', { status: { conditions: [condition('Ready', 'True')] } }],
  ['not Ready', 'in-progress', { status: { conditions: [condition('Ready', 'False')] } }],
  ['Ready unknown', 'in-progress', { status: { conditions: [condition('Ready', 'Unknown')] } }],
  ['nothing known', 'current', {}],
];
const table: readonly (readonly [apiVersion: string, kind: string, rows: readonly Row[]])[] = [
  ['x.io/v1', 'Anything', general],
  ['apps/v1', 'Deployment', deployments],
  ['apps/v1', 'ReplicaSet', replicaSets],
  ['apps/v1', 'StatefulSet', statefulSets],
  ['apps/v1', 'DaemonSet', daemonSets],
  ['v1', 'Pod', pods],
  ['batch/v1', 'Job', jobs],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', definitions],
  [
    'v1',
    'PersistentVolumeClaim',
    [
      ['bound', 'current', { status: { phase: 'Bound' } }],
      ['pending', 'in-progress', { status: { phase: 'Pending' } }],
    ],
  ],
  [
    'v1',
    'Service',
    [
      ['cluster address', 'current', { spec: { type: 'ClusterIP' } }],
      ['load balancer without address', 'in-progress', { spec: { type: 'LoadBalancer' } }],
      ['load balancer', 'current', { spec: { type: 'LoadBalancer', clusterIP: '10.0.0.1' } }],
    ],
  ],
  ...(
    [
      ['v1', 'ConfigMap'],
      ['v1', 'Secret'],
      ['batch/v1', 'CronJob'],
      ['policy/v1', 'PodDisruptionBudget'],
    ] as const
  ).map(([apiVersion, kind]) => [apiVersion, kind, [['stored', 'current', {}]]] as const),
];

describe.each(table)('%s %s', (apiVersion, kind, rows) => {
  it.each(rows)('%s: %s', (_rule, status, fields) => {
    const health = assessHealth(live(apiVersion, kind, fields), { nowMs: Date.parse('2026-01-01T00:00:16Z') });

    expect(health.status).toBe(status);
    expect(health.reason).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(health.message).not.toBe('');
  });
});

describe('assessHealth', () => {
  it('reads no generation that is not there, and checks it before the rules of a kind', () => {
    const old = live('apps/v1', 'Deployment', {
      meta: { generation: 2 },
      spec: { replicas: 3 },
      status: { ...three, observedGeneration: 1 },
    });

    expect(assessHealth(old)).toMatchObject({ status: 'in-progress', reason: 'GenerationNotObserved' });
  });

  it('waits for running Jobs when asked to', () => {
    const running = live('batch/v1', 'Job', { status: { startTime: '2026-01-01T00:00:00Z' } });

    expect(assessHealth(running, { waitsForJobs: true }).status).toBe('in-progress');
  });

  it('takes a custom kind with a borrowed name by the general rules', () => {
    const custom = live('serving.knative.dev/v1', 'Service', {
      spec: { type: 'LoadBalancer' },
      status: { conditions: [condition('Ready', 'True')] },
    });

    expect(assessHealth(custom).status).toBe('current');
  });
});
