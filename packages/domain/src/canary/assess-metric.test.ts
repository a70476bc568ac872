import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assessMetric,
  emptyMetricRun,
  judgeMeasurement,
  keptMeasurements,
  type MeasurementVerdict,
  type MetricAnswer,
  type MetricRun,
  nextMeasurementAt,
  recordMeasurement,
} from './assess-metric.ts';
import { boundOf, meets, parseCondition, printCondition } from './metric-condition.ts';
import type { MetricDefinition } from './strategy.ts';

const metric: MetricDefinition = {
  name: 'errors',
  question: 'error-ratio',
  windowMs: 60_000,
  initialDelayMs: 0,
  failureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 4,
  consecutiveSuccessLimit: 0,
  isDryRun: false,
};
const at = '2026-01-02T03:04:05.000Z';

function runOf(...verdicts: readonly MeasurementVerdict[]): MetricRun {
  return verdicts.reduce((run, verdict) => recordMeasurement(run, { at, verdict }), emptyMetricRun);
}

describe('conditions', () => {
  it.each([
    ['<= 0.01', undefined, 0.01],
    ['>=20', undefined, 20],
    ['< -1.5', undefined, -1.5],
    ['<= baseline', 0.1, 0.1],
    ['<= baseline * 1.2', 10, 12],
    ['<= baseline + 0.02', 0.01, 0.03],
    ['> baseline * 2 - 5', 10, 15],
  ])('reads %s', (text, baseline, bound) => {
    expect(boundOf(parseCondition(text), baseline)).toBeCloseTo(bound, 12);
  });

  it.each([
    '',
    '0.01',
    '<= ',
    '<= x',
    '= 1',
    '<= 1 + baseline',
    '<= 1e3',
    '<= baseline * baseline',
    '<= 1; > 2',
    '<= 0x10',
  ])('refuses %j', (text) => {
    expect(() => parseCondition(text)).toThrow(expect.objectContaining({ code: 'METRIC_CONDITION_INVALID' }) as Error);
  });

  it('reads what it prints', () => {
    const value = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((whole) => whole / 1_000);
    const bound = fc.oneof(
      value.map((number) => ({ kind: 'number' as const, value: number })),
      fc.record({ kind: fc.constant('baseline' as const), factor: value, offset: value }),
    );
    const comparison = fc.constantFrom('<=', '>=', '<', '>', '==', '!=');
    fc.assert(
      fc.property(comparison, bound, (one, other) => {
        const condition = { comparison: one, bound: other } as const;
        expect(parseCondition(printCondition(condition))).toEqual(condition);
      }),
    );
  });

  it('holds no condition for NaN, not even !=', () => {
    expect(meets(parseCondition('!= 1'), Number.NaN, undefined)).toBe(false);
  });
});

describe('judgeMeasurement', () => {
  const success = parseCondition('<= 0.01');
  const failure = parseCondition('> 0.05');
  const relative = parseCondition('<= baseline * 1.2');
  const answer = (value?: number, baseline?: number): MetricAnswer => ({
    kind: 'answer',
    ...(value === undefined ? {} : { value }),
    ...(baseline === undefined ? {} : { baseline }),
  });

  it.each([
    ['success met', { success }, answer(0.01), 'successful'],
    ['only success, not met', { success }, answer(0.02), 'failed'],
    ['only success, NaN', { success }, answer(Number.NaN), 'failed'],
    ['only failure, met', { failure }, answer(0.06), 'failed'],
    ['only failure, not met', { failure }, answer(0.05), 'successful'],
    ['only failure, NaN', { failure }, answer(Number.NaN), 'inconclusive'],
    ['both, success met', { success, failure }, answer(0.005), 'successful'],
    ['both, failure met', { success, failure }, answer(0.06), 'failed'],
    ['both met', { success: parseCondition('> 0'), failure }, answer(0.06), 'failed'],
    ['both, neither met', { success, failure }, answer(0.03), 'inconclusive'],
    ['none given', {}, answer(0), 'inconclusive'],
    ['no data', { success }, answer(), 'inconclusive'],
    ['no data, only failure', { failure }, answer(), 'inconclusive'],
    ['a baseline kept', { success: relative }, answer(12, 10), 'successful'],
    ['a baseline passed', { success: relative }, answer(12.1, 10), 'failed'],
    ['no baseline', { success: relative }, answer(12), 'inconclusive'],
    ['a baseline of NaN', { success: relative }, answer(12, Number.NaN), 'inconclusive'],
    ['nobody there', { failure }, { kind: 'unreachable', message: 'refused' } as const, 'error'],
  ])('%s', (_what, conditions, given, verdict) => {
    expect(judgeMeasurement(conditions, given)).toBe(verdict);
  });
});

describe('assessMetric', () => {
  it.each<[string, Partial<MetricDefinition>, MetricRun, string]>([
    ['nothing measured', {}, runOf(), 'running'],
    ['measured once, as asked', {}, runOf('successful'), 'successful'],
    ['one of three', { count: 3, intervalMs: 1 }, runOf('successful'), 'running'],
    ['errors do not count', { count: 2, intervalMs: 1 }, runOf('successful', 'error'), 'running'],
    ['a failure over the limit', { count: 3, intervalMs: 1 }, runOf('failed'), 'failed'],
    [
      'a failure within the limit',
      { count: 2, intervalMs: 1, failureLimit: 1 },
      runOf('failed', 'successful'),
      'successful',
    ],
    ['failures that never decide', { failureLimit: -1, count: 2 }, runOf('failed', 'failed'), 'successful'],
    ['inconclusive', {}, runOf('inconclusive'), 'inconclusive'],
    ['four errors in a row', {}, runOf('error', 'error', 'error', 'error'), 'running'],
    ['five errors in a row', {}, runOf('error', 'error', 'error', 'error', 'error'), 'error'],
    [
      'errors interrupted',
      { count: 9, intervalMs: 1 },
      runOf('error', 'error', 'error', 'error', 'successful', 'error'),
      'running',
    ],
    ['endless', { intervalMs: 1 }, runOf('successful', 'successful'), 'running'],
    ['two in a row', { intervalMs: 1, consecutiveSuccessLimit: 2 }, runOf('successful', 'successful'), 'successful'],
    [
      'two in a row never seen',
      { intervalMs: 1, count: 2, consecutiveSuccessLimit: 2, failureLimit: 1 },
      runOf('failed', 'successful'),
      'inconclusive',
    ],
  ])('%s', (_what, more, run, phase) => {
    expect(assessMetric({ ...metric, ...more }, run)).toBe(phase);
  });

  it('keeps the last measurements and counts them all', () => {
    const run = runOf(...Array.from({ length: 50 }, () => 'successful' as const));

    expect(run.recent).toHaveLength(keptMeasurements);
    expect(run.successful).toBe(50);
  });

  it('waits for the delay first, then the interval, and ten seconds after an error', () => {
    const timed = { ...metric, initialDelayMs: 5_000, intervalMs: 60_000 };
    const wait = (run: MetricRun): number => nextMeasurementAt(timed, run, at) - Date.parse(at);

    expect([wait(runOf()), wait(runOf('successful')), wait(runOf('error'))]).toEqual([5_000, 60_000, 10_000]);
  });
});
