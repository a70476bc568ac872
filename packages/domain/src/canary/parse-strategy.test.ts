import { describe, expect, it } from 'vitest';
import { parseCondition } from './metric-condition.ts';
import { parseStrategy } from './parse-strategy.ts';
import type { CanaryStrategy } from './strategy.ts';

const strategy: CanaryStrategy = {
  kind: 'canary',
  steps: [
    { kind: 'weight', percent: 10 },
    { kind: 'pause' },
    { kind: 'pause', durationMs: 1_000 },
    {
      kind: 'analysis',
      metrics: [
        {
          name: 'p95',
          question: 'query',
          query: 'up',
          deployment: 'web',
          service: 'web',
          windowMs: 1_000,
          intervalMs: 1_000,
          count: 3,
          initialDelayMs: 0,
          success: parseCondition('<= 1'),
          failure: parseCondition('> baseline * 2'),
          failureLimit: -1,
          inconclusiveLimit: 0,
          consecutiveErrorLimit: 4,
          consecutiveSuccessLimit: 0,
          isDryRun: true,
        },
      ],
    },
  ],
  analyses: [],
};
const [metric] = strategy.steps[3]?.kind === 'analysis' ? strategy.steps[3].metrics : [];

describe('parseStrategy', () => {
  it('reads back what a statement carries', () => {
    expect(parseStrategy(JSON.parse(JSON.stringify(strategy)))).toEqual(strategy);
    expect(parseStrategy({ kind: 'rolling' })).toEqual({ kind: 'rolling' });
  });

  it('takes an absent strategy for rolling', () => {
    expect(parseStrategy(undefined)).toEqual({ kind: 'rolling' });
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['another kind', { kind: 'blue-green' }],
    ['a weight over 100', { ...strategy, steps: [{ kind: 'weight', percent: 101 }] }],
    ['half a percent', { ...strategy, steps: [{ kind: 'weight', percent: 0.5 }] }],
    ['a negative pause', { ...strategy, steps: [{ kind: 'pause', durationMs: -1 }] }],
    ['an unknown step', { ...strategy, steps: [{ kind: 'jump' }] }],
    ['too many steps', { ...strategy, steps: Array.from({ length: 31 }, () => ({ kind: 'pause' })) }],
    ['an analysis of nothing', { ...strategy, steps: [{ kind: 'analysis', metrics: [] }] }],
    ['a metric twice', { ...strategy, steps: [{ kind: 'analysis', metrics: [metric, metric] }] }],
    [
      'a bound that is no number',
      {
        ...strategy,
        steps: [
          {
            kind: 'analysis',
            metrics: [{ ...metric, success: { comparison: '<=', bound: { kind: 'number', value: '1' } } }],
          },
        ],
      },
    ],
    [
      'a missing limit',
      { ...strategy, steps: [{ kind: 'analysis', metrics: [{ ...metric, failureLimit: undefined }] }] },
    ],
    ['a background after the end', { ...strategy, analyses: [{ fromStep: 9, metrics: [metric] }] }],
  ])('refuses %s', (_what, raw) => {
    expect(() => parseStrategy(raw)).toThrow(expect.objectContaining({ code: 'STRATEGY_INVALID' }) as Error);
  });
});
