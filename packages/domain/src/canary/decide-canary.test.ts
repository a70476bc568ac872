import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Measurement, MeasurementVerdict } from './assess-metric.ts';
import { answeredCount, emptyMetricRun } from './assess-metric.ts';
import type { CanaryControl, CanaryProgress } from './canary.ts';
import {
  beginCanary,
  type CanaryAction,
  type CanaryFacts,
  decideCanary,
  type TakenMeasurement,
} from './decide-canary.ts';
import { parseCondition } from './metric-condition.ts';
import type { CanaryStrategy, MetricDefinition } from './strategy.ts';

const errors: MetricDefinition = {
  name: 'errors',
  question: 'error-ratio',
  windowMs: 60_000,
  intervalMs: 10_000,
  count: 2,
  initialDelayMs: 0,
  success: parseCondition('<= 0.01'),
  failureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 1,
  consecutiveSuccessLimit: 0,
  isDryRun: false,
};
const strategy: CanaryStrategy = {
  kind: 'canary',
  steps: [
    { kind: 'weight', percent: 10 },
    { kind: 'pause', durationMs: 30_000 },
    { kind: 'analysis', metrics: [errors] },
    { kind: 'pause' },
    { kind: 'weight', percent: 50 },
  ],
  analyses: [],
};
const start = Date.parse('2026-01-02T03:04:05.000Z');
const instant = (seconds: number): string => new Date(start + seconds * 1_000).toISOString();

/** Decides step by step with a target that obeys at once. */
class Walk {
  state: CanaryProgress = beginCanary(instant(0));
  served = 0;
  readonly #strategy: CanaryStrategy;

  constructor(of: CanaryStrategy = strategy) {
    this.#strategy = of;
  }

  at(seconds: number, more: Partial<CanaryFacts> = {}): CanaryAction {
    const facts = { now: instant(seconds), servedWeight: this.served, measurements: [], ...more };
    const { action, progress } = decideCanary(this.state, this.#strategy, facts);
    this.state = progress;
    if (action.kind === 'set-weight') this.served = action.percent;
    return action;
  }

  /** Takes what is due at that time, with one verdict for all. */
  measure(seconds: number, verdict: MeasurementVerdict): CanaryAction {
    const action = this.at(seconds);
    if (action.kind !== 'measure') throw new Error(`nothing is due but ${action.kind}`);
    return this.at(seconds, { measurements: take(action, { at: instant(seconds), verdict }) });
  }
}

function take(
  action: Extract<CanaryAction, { kind: 'measure' }>,
  measurement: Measurement,
): readonly TakenMeasurement[] {
  return action.due.map(({ run, metric }) => ({ run, metric: metric.name, measurement }));
}

const resume = (step: number, at = 'r1'): CanaryControl => ({ action: 'resume', step, by: 'ada', at });

describe('decideCanary', () => {
  it('goes through weights, pauses and analyses to the end', () => {
    const walk = new Walk();

    expect(walk.at(0)).toEqual({ kind: 'set-weight', percent: 10 });
    expect(walk.at(1)).toEqual({ kind: 'wait', until: instant(31), isForPerson: false });
    expect(walk.at(31)).toMatchObject({ kind: 'measure', due: [{ run: 'step-2', metric: { name: 'errors' } }] });
    expect(walk.measure(31, 'successful')).toEqual({ kind: 'wait', until: instant(41), isForPerson: false });
    expect(walk.measure(41, 'successful')).toEqual({ kind: 'wait', isForPerson: true });
    expect(walk.state).toMatchObject({ phase: 'paused', step: 3, weight: 10 });
    expect(walk.at(500)).toEqual({ kind: 'wait', isForPerson: true });
    expect(walk.at(501, { control: resume(3) })).toEqual({ kind: 'set-weight', percent: 50 });
    expect(walk.at(502)).toEqual({ kind: 'promote' });
    expect(walk.at(503)).toEqual({ kind: 'promote' });
  });

  it('counts a pause only from when the weight is served', () => {
    const walk = new Walk();
    walk.at(0);
    walk.served = 0;

    expect(walk.at(600)).toEqual({ kind: 'set-weight', percent: 10 });
    expect(walk.at(601)).toEqual({ kind: 'wait', until: instant(631), isForPerson: false });
  });

  it('aborts as soon as a metric has failed, and says the value', () => {
    const walk = new Walk();
    walk.at(0);
    walk.at(0);
    const due = walk.at(30);
    if (due.kind !== 'measure') throw new Error('nothing is due');

    const action = walk.at(30, { measurements: take(due, { at: instant(30), verdict: 'failed', value: 0.4 }) });

    expect(action).toMatchObject({ kind: 'abort', reason: expect.stringContaining('0.4') as string });
    expect(walk.state.phase).toBe('aborting');
    expect(walk.at(31, { control: resume(2) })).toMatchObject({ kind: 'abort' });
  });

  it.each<[string, readonly MeasurementVerdict[]]>([
    ['is inconclusive', ['inconclusive']],
    ['gets no answer', ['error', 'error']],
  ])('waits for a person when a metric %s, and goes on only by their word', (_what, verdicts) => {
    const walk = new Walk();
    walk.at(0);
    walk.at(0);
    const last = verdicts.map((verdict, index) => walk.measure(30 + index * 10, verdict)).at(-1);

    expect(last).toMatchObject({ kind: 'pause-inconclusive' });
    expect(walk.at(9_000)).toMatchObject({ kind: 'pause-inconclusive' });
    expect(walk.at(9_000, { control: resume(1) })).toMatchObject({ kind: 'pause-inconclusive' });
    expect(walk.at(9_001, { control: resume(2) })).toEqual({ kind: 'wait', isForPerson: true });
    expect(walk.state.runs[0]).toMatchObject({ waivedBy: 'ada' });
    // The same word does not count again for the pause that follows.
    expect(walk.at(9_002, { control: resume(3) })).toEqual({ kind: 'wait', isForPerson: true });
    expect(walk.at(9_003, { control: resume(3, 'r2') })).toEqual({ kind: 'set-weight', percent: 50 });
  });

  it('aborts by a person at any step', () => {
    const walk = new Walk();
    walk.at(0);

    const control = { action: 'abort', step: 0, by: 'eve', at: 'a1' } as const;
    expect(walk.at(10, { control })).toEqual({ kind: 'abort', reason: 'eve aborted the canary.' });
  });

  it('lets a dry run decide nothing', () => {
    const walk = new Walk({
      ...strategy,
      steps: [{ kind: 'analysis', metrics: [{ ...errors, isDryRun: true, count: 1 }] }],
    });

    expect(walk.measure(0, 'failed')).toEqual({ kind: 'promote' });
  });

  it('measures in the background beside the steps, and aborts from there', () => {
    const { count: _count, ...endless } = errors;
    const walk = new Walk({ ...strategy, analyses: [{ fromStep: 1, metrics: [endless] }] });
    walk.at(0);

    expect(walk.measure(1, 'successful')).toEqual({ kind: 'wait', until: instant(11), isForPerson: false });
    expect(walk.measure(11, 'failed')).toMatchObject({ kind: 'abort' });
  });

  it('does not promote while the background has no answer', () => {
    const { count: _count, ...endless } = errors;
    const steps = [{ kind: 'weight', percent: 10 }] as const;
    const walk = new Walk({ kind: 'canary', steps, analyses: [{ fromStep: 0, metrics: [endless] }] });

    expect(walk.measure(0, 'error')).toEqual({ kind: 'set-weight', percent: 10 });
    expect(walk.at(1)).toEqual({ kind: 'wait', until: instant(10), isForPerson: false });
    expect(walk.measure(10, 'successful')).toEqual({ kind: 'promote' });
  });

  it('begins a pause anew when the clock goes back', () => {
    const walk = new Walk();
    walk.at(0);
    walk.at(0);

    expect(walk.at(-3_600)).toEqual({ kind: 'wait', until: instant(-3_570), isForPerson: false });
    expect(walk.at(-3_571)).toMatchObject({ kind: 'wait' });
    expect(walk.at(-3_570)).toMatchObject({ kind: 'measure' });
  });
});

describe('decideCanary, whatever comes', () => {
  const metric = fc.record({
    name: fc.constantFrom('a', 'b'),
    question: fc.constant('requests' as const),
    windowMs: fc.constant(1_000),
    intervalMs: fc.constant(1_000),
    count: fc.integer({ min: 1, max: 3 }),
    initialDelayMs: fc.constantFrom(0, 2_000),
    failureLimit: fc.integer({ min: 0, max: 2 }),
    inconclusiveLimit: fc.integer({ min: 0, max: 2 }),
    consecutiveErrorLimit: fc.integer({ min: 0, max: 2 }),
    consecutiveSuccessLimit: fc.integer({ min: 0, max: 2 }),
    isDryRun: fc.constant(false),
  });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('weight' as const), percent: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ kind: fc.constant('pause' as const), durationMs: fc.integer({ min: 0, max: 5_000 }) }),
    fc.record({
      kind: fc.constant('analysis' as const),
      metrics: fc.uniqueArray(metric, { minLength: 1, maxLength: 2, selector: ({ name }) => name }),
    }),
  );
  const strategies = fc.record({
    kind: fc.constant('canary' as const),
    steps: fc.array(step, { minLength: 1, maxLength: 5 }),
    analyses: fc.constant([]),
  });
  const ticks = fc.array(
    fc.record({
      // Mostly forward, sometimes far back.
      shiftMs: fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: -100_000, max: 0 })),
      verdict: fc.constantFrom<MeasurementVerdict>('successful', 'failed', 'inconclusive', 'error'),
    }),
    { maxLength: 80 },
  );

  function play(
    of: CanaryStrategy,
    list: readonly { readonly shiftMs: number; readonly verdict: MeasurementVerdict }[],
    look: (before: CanaryProgress, after: CanaryProgress, forwardMs: number) => void = () => undefined,
  ): CanaryProgress {
    let state = beginCanary(new Date(start).toISOString());
    let served = 0;
    let now = start;
    for (const { shiftMs, verdict } of list) {
      now += shiftMs;
      const at = new Date(now).toISOString();
      const before = state;
      const facts = { now: at, servedWeight: served, measurements: [] };
      let decision = decideCanary(state, of, facts);
      expect(decideCanary(state, of, facts)).toEqual(decision);
      if (decision.action.kind === 'measure') {
        const measurements = take(decision.action, { at, verdict });
        decision = decideCanary(decision.progress, of, { ...facts, measurements });
      }
      if (decision.action.kind === 'set-weight') served = decision.action.percent;
      state = decision.progress;
      look(before, state, Math.max(0, shiftMs));
    }
    return state;
  }

  it('never promotes with a metric over its limit, nor past one that was not passed', () => {
    fc.assert(
      fc.property(strategies, ticks, (of, list) => {
        const end = play(of, list);
        if (end.phase !== 'promoting') return;
        for (const [index, one] of of.steps.entries()) {
          if (one.kind !== 'analysis') continue;
          const run = end.runs.find(({ id }) => id === `step-${index}`);
          for (const asked of one.metrics) {
            const seen = run?.metrics[asked.name] ?? emptyMetricRun;
            expect(seen.failed).toBeLessThanOrEqual(asked.failureLimit);
            expect(answeredCount(seen)).toBeGreaterThan(0);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never promotes past an analysis whose provider is unreachable', () => {
    fc.assert(
      fc.property(strategies, ticks, (of, list) => {
        const first = of.steps.findIndex(({ kind }) => kind === 'analysis');
        const end = play(
          of,
          list.map((tick) => ({ ...tick, verdict: 'error' as const })),
        );
        if (first >= 0) expect(end.step).toBeLessThanOrEqual(first);
        expect(end.phase).not.toBe('aborting');
      }),
      { numRuns: 500 },
    );
  });

  it('never leaves a pause before its time went by, whatever the clock does', () => {
    fc.assert(
      fc.property(strategies, ticks, (of, list) => {
        const spent = new Map<number, number>();
        play(of, list, (before, after, forwardMs) => {
          for (let index = before.step; index <= after.step; index++) {
            const own = of.steps[index];
            if (own?.kind !== 'pause') continue;
            if (index === before.step) spent.set(index, (spent.get(index) ?? 0) + forwardMs);
            if (after.step > index) expect(spent.get(index) ?? 0).toBeGreaterThanOrEqual(own.durationMs);
          }
        });
      }),
      { numRuns: 500 },
    );
  });
});
