import { describe, expect, it } from 'vitest';
import {
  conditionOf,
  deadlineOf,
  nextDeploymentStatus,
  type DeploymentStatus,
  type StatusFacts,
} from './deployment-status.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');

describe('nextDeploymentStatus', () => {
  it('is equal for equal facts, so that nothing is written when nothing happens', () => {
    const first = nextDeploymentStatus(facts({}), undefined);
    const second = nextDeploymentStatus(facts({ afterMs: 500 }), first);

    expect(nextDeploymentStatus(facts({ afterMs: 900 }), second)).toEqual(second);
  });

  it('runs the deadline from the last progress and fails when it passes', () => {
    const created = nextDeploymentStatus(facts({}), undefined);
    const grown = nextDeploymentStatus(facts({ afterMs: 8000, updated: 1, replicas: 1 }), created);
    const waiting = nextDeploymentStatus(facts({ afterMs: 17_000, updated: 1, replicas: 1 }), grown);
    const late = nextDeploymentStatus(facts({ afterMs: 18_000, updated: 1, replicas: 1 }), waiting);

    expect(deadlineOf(grown, 10)).toBe(start + 18_000);
    expect(reason(waiting)).toBe('ReplicaSetUpdated');
    expect(conditionOf(late, 'Progressing')).toMatchObject({ status: 'False', reason: 'ProgressDeadlineExceeded' });
    expect(deadlineOf(late, 10)).toBeUndefined();
  });

  it('comes back from a passed deadline when pods become available after all', () => {
    const late: DeploymentStatus = nextDeploymentStatus(
      facts({ afterMs: 60_000 }),
      nextDeploymentStatus(facts({}), undefined),
    );

    const complete = nextDeploymentStatus(
      facts({ afterMs: 61_000, updated: 2, replicas: 2, ready: 2, available: 2 }),
      late,
    );

    expect(reason(late)).toBe('ProgressDeadlineExceeded');
    expect(conditionOf(complete, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetAvailable' });
    expect(conditionOf(complete, 'Available')).toMatchObject({ status: 'True' });
  });

  it('never judges a complete revision by the deadline again, however long a pod is away', () => {
    const complete = nextDeploymentStatus(facts({ updated: 2, replicas: 2, ready: 2, available: 2 }), undefined);
    const hurt = nextDeploymentStatus(
      facts({ afterMs: 1000, updated: 2, replicas: 2, ready: 1, available: 1 }),
      complete,
    );
    const longAfter = nextDeploymentStatus(
      facts({ afterMs: 99_000, updated: 2, replicas: 2, ready: 1, available: 1 }),
      hurt,
    );

    expect(reason(longAfter)).toBe('NewReplicaSetAvailable');
    expect(conditionOf(longAfter, 'Available')).toMatchObject({ status: 'False' });
  });

  it('begins anew with another revision', () => {
    const late = nextDeploymentStatus(facts({ afterMs: 60_000 }), nextDeploymentStatus(facts({}), undefined));

    const next = nextDeploymentStatus({ ...facts({ afterMs: 70_000 }), revision: 'bbb' }, late);

    expect(conditionOf(next, 'Progressing')).toMatchObject({ status: 'True', reason: 'NewReplicaSetCreated' });
    expect(deadlineOf(next, 10)).toBe(start + 80_000);
  });
});

function reason(status: DeploymentStatus): string | undefined {
  return conditionOf(status, 'Progressing')?.reason;
}

function facts(given: Partial<StatusFacts> & { readonly afterMs?: number }): StatusFacts {
  const { afterMs = 0, ...more } = given;
  const counts = { replicas: 0, updated: 0, ready: 0, available: 0 };
  const wanted = { generation: 1, desired: 2, minAvailable: 2, progressDeadlineSeconds: 10, revision: 'aaa' };
  return { ...wanted, ...counts, now: new Date(start + afterMs).toISOString(), ...more };
}
