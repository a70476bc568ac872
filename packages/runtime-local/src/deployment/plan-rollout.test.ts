import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RolloutStrategy } from '../objects/workload.ts';
import { planRollout, resolveBounds, type RevisionFacts } from './plan-rollout.ts';

const rolling: RolloutStrategy = { type: 'RollingUpdate', maxSurge: '25%', maxUnavailable: '25%' };

describe('planRollout', () => {
  it('rounds surge up and unavailability down, and never lets both be nothing', () => {
    expect(resolveBounds(4, rolling)).toEqual({ surge: 1, unavailable: 1 });
    expect(resolveBounds(10, rolling)).toEqual({ surge: 3, unavailable: 2 });
    expect(resolveBounds(1, rolling)).toEqual({ surge: 1, unavailable: 0 });
    expect(resolveBounds(3, { ...rolling, maxSurge: 0 })).toEqual({ surge: 0, unavailable: 1 });
  });

  it('starts with the surge and keeps every available old pod until a new one is available', () => {
    const old = revision('old', { replicas: 2, available: 2 });

    expect(planOf({ replicas: 2, older: [old], wanted: revision('new', {}) })).toEqual({ old: 2, new: 1 });
    expect(planOf({ replicas: 2, older: [old], wanted: revision('new', { replicas: 1 }) })).toEqual({ old: 2, new: 1 });
    expect(planOf({ replicas: 2, older: [old], wanted: revision('new', { replicas: 1, available: 1 }) })).toEqual({
      old: 1,
      new: 1,
    });
  });

  it('takes broken old pods away before serving ones', () => {
    const broken = revision('broken', { replicas: 2, available: 0 });
    const good = revision('good', { replicas: 3, available: 3 });

    const plan = planOf({ replicas: 4, older: [broken, good], wanted: revision('new', {}) });

    expect(plan['broken']).toBe(0);
    expect(plan['good']).toBe(3);
  });

  it('recreates only when every old pod has gone, also the ending ones', () => {
    const facts = {
      replicas: 2,
      strategy: { ...rolling, type: 'Recreate' } as RolloutStrategy,
      wanted: revision('new', {}),
    };
    const old = revision('old', { replicas: 2, available: 2 });

    expect(planOf({ ...facts, older: [old] })).toEqual({ old: 0, new: 0 });
    expect(planOf({ ...facts, older: [{ ...old, replicas: 0, live: 0 }], olderEnding: 1 })).toEqual({ old: 0, new: 0 });
    expect(planOf({ ...facts, older: [] })).toEqual({ new: 2 });
  });

  it('from any state keeps its bounds in every step and ends at the wanted revision', () => {
    fc.assert(
      fc.property(
        fc.record({
          replicas: fc.integer({ min: 0, max: 12 }),
          old: fc.integer({ min: 0, max: 12 }),
          started: fc.integer({ min: 0, max: 12 }),
        }),
        fc.constantFrom<RolloutStrategy>(
          rolling,
          { ...rolling, maxSurge: 0, maxUnavailable: 1 },
          { ...rolling, maxSurge: 2, maxUnavailable: 0 },
        ),
        ({ replicas, old, started }, strategy) => {
          const { surge, unavailable } = resolveBounds(replicas, strategy);
          let older = revision('old', { replicas: old, available: old });
          let wanted = revision('new', { replicas: started, available: started });
          for (let step = 0; step < 60; step += 1) {
            const before = older.replicas + wanted.replicas;
            const available = older.available + wanted.available;
            const plan = planOf({ replicas, strategy, older: [older], wanted });
            const total = (plan['old'] ?? 0) + (plan['new'] ?? 0);
            expect(total).toBeLessThanOrEqual(Math.max(before, replicas + surge));
            // What is available now and stays: removals never cut below the promised number.
            const left = Math.min(older.available, plan['old'] ?? 0) + Math.min(wanted.available, plan['new'] ?? 0);
            expect(left).toBeGreaterThanOrEqual(Math.min(available, replicas - unavailable));
            older = revision('old', {
              replicas: plan['old'] ?? 0,
              available: Math.min(older.available, plan['old'] ?? 0),
            });
            wanted = revision('new', { replicas: plan['new'] ?? 0, available: plan['new'] ?? 0 });
          }
          expect([older.replicas, wanted.replicas]).toEqual([0, replicas]);
        },
      ),
    );
  });
});

function revision(hash: string, counts: { readonly replicas?: number; readonly available?: number }): RevisionFacts {
  const replicas = counts.replicas ?? 0;
  return { hash, replicas, live: replicas, available: counts.available ?? 0 };
}

function planOf(facts: {
  readonly replicas: number;
  readonly older: readonly RevisionFacts[];
  readonly wanted: RevisionFacts;
  readonly strategy?: RolloutStrategy;
  readonly olderEnding?: number;
}): Readonly<Record<string, number>> {
  return Object.fromEntries(planRollout({ strategy: rolling, olderEnding: 0, ...facts }));
}
