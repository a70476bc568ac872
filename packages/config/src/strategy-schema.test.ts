import type { EnvironmentDefinition } from '@slipway/domain';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseDelivery, printFault } from './index.ts';

function parse(strategy: string): EnvironmentDefinition {
  const text = `apiVersion: slipway.dev/v1alpha1
kind: Delivery
metadata: {name: guestbook}
spec:
  updates: [qa]
  registries: [localhost]
  environments:
    - name: qa
      path: overlays/qa
      namespace: qa
${strategy}`;
  const [environment] = parseDelivery(text, 'slipway.yaml').environments;
  if (environment === undefined) throw new Error('no environment');
  return environment;
}

function faultsOf(strategy: string): readonly string[] {
  try {
    parse(strategy);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(printFault);
    throw error;
  }
  return [];
}

const steps = (text: string): string => `      strategy:\n        canary:\n          steps:\n${text}`;

describe('strategy', () => {
  it('is rolling when nothing is said', () => {
    expect(parse('').strategy).toEqual({ kind: 'rolling' });
    expect(parse('      strategy: rolling\n').strategy).toEqual({ kind: 'rolling' });
  });

  it('reads steps, metrics and their defaults', () => {
    const { strategy } = parse(`${steps(`            - {weight: 10}
            - {pause: 30s}
            - {pause: person}
            - analysis:
                - {name: errors, question: error-ratio, interval: 10s, count: 3, success: "<= baseline + 0.02"}
`)}          analyses:
            - {startingStep: 2, metrics: [{name: p95, question: latency-p95-ms, interval: 5s, failure: "> 500"}]}
`);

    const limits = {
      initialDelayMs: 0,
      failureLimit: 0,
      inconclusiveLimit: 0,
      consecutiveErrorLimit: 4,
      consecutiveSuccessLimit: 0,
      isDryRun: false,
    };
    const success = { comparison: '<=', bound: { kind: 'baseline', factor: 1, offset: 0.02 } };
    const failure = { comparison: '>', bound: { kind: 'number', value: 500 } };
    const errors = {
      name: 'errors',
      question: 'error-ratio',
      windowMs: 10_000,
      intervalMs: 10_000,
      count: 3,
      success,
      ...limits,
    };
    const p95 = { name: 'p95', question: 'latency-p95-ms', windowMs: 5_000, intervalMs: 5_000, failure, ...limits };
    expect(strategy).toEqual({
      kind: 'canary',
      steps: [
        { kind: 'weight', percent: 10 },
        { kind: 'pause', durationMs: 30_000 },
        { kind: 'pause' },
        { kind: 'analysis', metrics: [errors] },
      ],
      analyses: [{ fromStep: 1, metrics: [p95] }],
    });
  });

  it.each([
    ['an unknown strategy', '      strategy: blue-green\n', 'slipway.yaml:11:7: spec.environments[0].strategy: '],
    [
      'a weight over 100',
      steps('            - {weight: 110}\n'),
      '14:16: spec.environments[0].strategy.canary.steps[0].weight: ',
    ],
    [
      'two things in one step',
      steps('            - {weight: 1, pause: 1s}\n'),
      'steps[0]: a step is one of weight, pause or analysis',
    ],
    [
      'a pause that is no duration',
      steps('            - {pause: long}\n'),
      'steps[0].pause: "long" is not a pause; write',
    ],
    [
      'a condition that is none',
      steps('            - analysis:\n                - {name: a, question: requests, success: "about 5"}\n'),
      '15:49: spec.environments[0].strategy.canary.steps[0].analysis[0].success: "about 5" is not a condition',
    ],
    [
      'a metric twice',
      steps(
        '            - analysis:\n                - &m {name: a, question: requests, success: "> 5"}\n                - *m\n',
      ),
      'analysis[1].name: metric a stands twice',
    ],
    [
      'an analysis without an end',
      steps('            - analysis: [{name: a, question: requests, success: "> 5", interval: 1s}]\n'),
      'analysis[0].interval: a step that measures again and again needs a `count`',
    ],
    [
      'a query without text',
      steps('            - analysis: [{name: a, question: query, success: "> 5"}]\n'),
      'needs the text of a `query`',
    ],
    [
      'a metric without a condition',
      steps('            - analysis: [{name: a, question: requests}]\n'),
      'neither `success` nor `failure`',
    ],
    [
      'a background after the last step',
      `${steps('            - {weight: 1}\n')}          analyses: [{startingStep: 2, metrics: [{name: a, question: requests, success: "> 5"}]}]\n`,
      'analyses[0].startingStep: there are only 1 steps',
    ],
  ])('refuses %s, and says where', (_what, text, fault) => {
    expect(faultsOf(text).join('\n')).toContain(fault);
  });

  it('says every fault of a strategy, and no other', () => {
    const faults = faultsOf(
      steps('            - {weight: 110}\n            - {pause: long}\n            - {weight: 1, jump: 1}\n'),
    );

    expect(faults.map((fault) => /steps\[\d\]\S*/.exec(fault)?.[0])).toEqual([
      'steps[0].weight:',
      'steps[1].pause:',
      'steps[2].jump:',
    ]);
  });
});
