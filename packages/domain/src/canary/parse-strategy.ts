import { DomainError } from '../errors/domain-error.ts';
import {
  type BackgroundAnalysis,
  type CanaryStep,
  comparisons,
  type DeploymentStrategy,
  type MetricBound,
  type MetricCondition,
  type MetricDefinition,
  metricQuestions,
  rollingStrategy,
} from './strategy.ts';

/** Bounds of a canary: its state must fit into one object of the target. */
export const canaryLimits = {
  steps: 30,
  metrics: 10,
  analyses: 5,
  measurements: 10_000,
  durationMs: 30 * 86_400_000,
} as const;

/**
 * Reads a strategy out of a signed statement. Absent: rolling, as statements from before canaries say.
 *
 * @throws {@link DomainError} `STRATEGY_INVALID` when a field is missing, of another type or out of its range.
 */
export function parseStrategy(raw: unknown): DeploymentStrategy {
  if (raw === undefined) return rollingStrategy;
  const strategy = fieldsOf(raw, 'strategy');
  if (strategy['kind'] === 'rolling') return rollingStrategy;
  if (strategy['kind'] !== 'canary') throw invalid('strategy.kind', 'is neither rolling nor canary');
  const steps = listOf(strategy['steps'], 'strategy.steps', canaryLimits.steps).map(parseStep);
  const analyses = listOf(strategy['analyses'], 'strategy.analyses', canaryLimits.analyses).map(
    (one, index): BackgroundAnalysis => {
      const at = `strategy.analyses[${index}]`;
      const fields = fieldsOf(one, at);
      return {
        fromStep: numberOf(fields['fromStep'], `${at}.fromStep`, { max: steps.length }),
        metrics: metricsOf(fields['metrics'], `${at}.metrics`),
      };
    },
  );
  return { kind: 'canary', steps, analyses };
}

type Fields = Readonly<Record<string, unknown>>;

function invalid(at: string, what: string): DomainError {
  return new DomainError('STRATEGY_INVALID', `${at} ${what}`);
}

function fieldsOf(raw: unknown, at: string): Fields {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw invalid(at, 'is not an object');
  return raw as Fields;
}

function listOf(raw: unknown, at: string, max: number): readonly unknown[] {
  if (!Array.isArray(raw) || raw.length > max) throw invalid(at, `is not a list of ${max} at most`);
  return raw;
}

function numberOf(raw: unknown, at: string, range: { readonly min?: number; readonly max: number }): number {
  const { min = 0, max } = range;
  if (typeof raw !== 'number' || !Number.isInteger(raw) || raw < min || raw > max)
    throw invalid(at, `is not a whole number from ${min} to ${max}`);
  return raw;
}

function textOf(raw: unknown, at: string, max = 253): string {
  if (typeof raw !== 'string' || raw === '' || raw.length > max) throw invalid(at, 'is not a text');
  return raw;
}

function parseStep(raw: unknown, index: number): CanaryStep {
  const at = `strategy.steps[${index}]`;
  const step = fieldsOf(raw, at);
  switch (step['kind']) {
    case 'weight':
      return { kind: 'weight', percent: numberOf(step['percent'], `${at}.percent`, { max: 100 }) };
    case 'pause': {
      if (step['durationMs'] === undefined) return { kind: 'pause' };
      return {
        kind: 'pause',
        durationMs: numberOf(step['durationMs'], `${at}.durationMs`, { max: canaryLimits.durationMs }),
      };
    }
    case 'analysis':
      return { kind: 'analysis', metrics: metricsOf(step['metrics'], `${at}.metrics`) };
    default:
      throw invalid(`${at}.kind`, 'is not a step');
  }
}

function metricsOf(raw: unknown, at: string): readonly MetricDefinition[] {
  const metrics = listOf(raw, at, canaryLimits.metrics).map((one, index) => parseMetric(one, `${at}[${index}]`));
  if (metrics.length === 0) throw invalid(at, 'has no metric');
  if (new Set(metrics.map(({ name }) => name)).size !== metrics.length) throw invalid(at, 'names a metric twice');
  return metrics;
}

function parseMetric(raw: unknown, at: string): MetricDefinition {
  const fields = fieldsOf(raw, at);
  const question = metricQuestions.find((kind) => kind === fields['question']);
  if (question === undefined) throw invalid(`${at}.question`, 'is not a question');
  const duration = (field: string): number =>
    numberOf(fields[field], `${at}.${field}`, { max: canaryLimits.durationMs });
  const limit = (field: string, min = 0): number =>
    numberOf(fields[field], `${at}.${field}`, { min, max: canaryLimits.measurements });
  const has = (field: string): boolean => fields[field] !== undefined;
  if (typeof fields['isDryRun'] !== 'boolean') throw invalid(`${at}.isDryRun`, 'is not true or false');
  return {
    name: textOf(fields['name'], `${at}.name`, 63),
    question,
    ...(question === 'query' ? { query: textOf(fields['query'], `${at}.query`, 4_000) } : {}),
    ...(has('deployment') ? { deployment: textOf(fields['deployment'], `${at}.deployment`) } : {}),
    ...(has('service') ? { service: textOf(fields['service'], `${at}.service`) } : {}),
    windowMs: numberOf(fields['windowMs'], `${at}.windowMs`, { min: 1, max: canaryLimits.durationMs }),
    ...(has('intervalMs') ? { intervalMs: duration('intervalMs') } : {}),
    ...(has('count') ? { count: limit('count', 1) } : {}),
    initialDelayMs: duration('initialDelayMs'),
    ...(has('success') ? { success: parseCondition(fields['success'], `${at}.success`) } : {}),
    ...(has('failure') ? { failure: parseCondition(fields['failure'], `${at}.failure`) } : {}),
    failureLimit: limit('failureLimit', -1),
    inconclusiveLimit: limit('inconclusiveLimit'),
    consecutiveErrorLimit: limit('consecutiveErrorLimit'),
    consecutiveSuccessLimit: limit('consecutiveSuccessLimit'),
    isDryRun: fields['isDryRun'],
  };
}

function parseCondition(raw: unknown, at: string): MetricCondition {
  const fields = fieldsOf(raw, at);
  const comparison = comparisons.find((kind) => kind === fields['comparison']);
  if (comparison === undefined) throw invalid(`${at}.comparison`, 'is not a comparison');
  return { comparison, bound: parseBound(fieldsOf(fields['bound'], `${at}.bound`), `${at}.bound`) };
}

function parseBound(bound: Fields, at: string): MetricBound {
  const { kind, value, factor, offset } = bound;
  if (kind === 'number' && isFinite(value)) return { kind, value };
  if (kind === 'baseline' && isFinite(factor) && isFinite(offset)) return { kind, factor, offset };
  throw invalid(at, 'is neither a number nor a baseline with factor and offset');
}

function isFinite(value: unknown): value is number {
  return Number.isFinite(value);
}
