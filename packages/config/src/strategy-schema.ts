import {
  canaryLimits,
  type CanaryStep,
  CodedError,
  type DeploymentStrategy,
  type MetricCondition,
  type MetricDefinition,
  metricQuestions,
  parseCondition,
  rollingStrategy,
} from '@slipway/domain';
import { z } from 'zod';
import { defaults } from './defaults.ts';
import { durationField, nameField } from './fields.ts';

/** `<= 0.01`, `<= baseline * 1.2`, `<= baseline + 0.02`. */
const conditionField = z.string().transform((text, context): MetricCondition => {
  try {
    return parseCondition(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof CodedError ? error.message : 'not a condition' });
    return z.NEVER;
  }
});

const limitField = z.number().int().min(0).max(canaryLimits.measurements);

const metric = z
  .strictObject({
    name: nameField,
    question: z.enum(metricQuestions),
    query: z.string().min(1).max(4_000).optional(),
    deployment: nameField.optional(),
    service: nameField.optional(),
    window: durationField.optional(),
    interval: durationField.optional(),
    count: limitField.min(1).optional(),
    initialDelay: durationField.optional(),
    success: conditionField.optional(),
    failure: conditionField.optional(),
    failureLimit: limitField.min(-1).optional(),
    inconclusiveLimit: limitField.optional(),
    consecutiveErrorLimit: limitField.optional(),
    consecutiveSuccessLimit: limitField.optional(),
    dryRun: z.boolean().optional(),
  })
  .superRefine((value, context) => {
    const fault = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (value.question === 'query' && value.query === undefined) fault('question', 'query needs the text of a `query`');
    if (value.question !== 'query' && value.query !== undefined) fault('query', 'belongs to `question: query` only');
    if (value.interval === 0) fault('interval', 'must be longer than nothing');
    if (value.window === 0) fault('window', 'must be longer than nothing');
    if ((value.count ?? 1) > 1 && value.interval === undefined) fault('count', 'more than one needs an `interval`');
    if (value.success === undefined && value.failure === undefined && value.dryRun !== true)
      fault('name', 'has neither `success` nor `failure`: it could only ever wait for a person');
  });
type MetricSource = z.output<typeof metric>;

const metrics = z
  .array(metric)
  .min(1)
  .max(canaryLimits.metrics)
  .superRefine((list, context) => {
    for (const [index, { name }] of list.entries()) {
      if (list.findIndex((other) => other.name === name) === index) continue;
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `metric ${name} stands twice` });
    }
  });

/** How long, or `person`: until somebody resumes it. */
const pauseField = z.string().transform((text, context): number | 'person' => {
  if (text === 'person') return text;
  const duration = durationField.safeParse(text);
  if (duration.success) return duration.data;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a pause; write 30s, 5m, 1h or person` });
  return z.NEVER;
});

const stepKinds = ['weight', 'pause', 'analysis'] as const;

const step = z
  .strictObject({
    /** Percent of the requests. */
    weight: z.number().int().min(0).max(100).optional(),
    pause: pauseField.optional(),
    analysis: metrics.optional(),
  })
  .superRefine((value, context) => {
    const given = stepKinds.filter((kind) => value[kind] !== undefined);
    if (given.length !== 1) context.addIssue({ code: 'custom', message: 'a step is one of weight, pause or analysis' });
    for (const [index, one] of (value.analysis ?? []).entries()) {
      if (one.interval === undefined || one.count !== undefined || (one.consecutiveSuccessLimit ?? 0) > 0) continue;
      const message = 'a step that measures again and again needs a `count`, or it never ends';
      context.addIssue({ code: 'custom', path: ['analysis', index, 'interval'], message });
    }
  });

const background = z.strictObject({
  /** Number of the step that it starts with, from 1; the first when absent. */
  startingStep: z.number().int().min(1).max(canaryLimits.steps).optional(),
  metrics,
});

const canary = z
  .strictObject({
    steps: z.array(step).min(1).max(canaryLimits.steps),
    /** Goes on beside the steps to the end. */
    analyses: z.array(background).max(canaryLimits.analyses).optional(),
  })
  .superRefine((value, context) => {
    for (const [index, one] of (value.analyses ?? []).entries()) {
      if ((one.startingStep ?? 1) <= value.steps.length) continue;
      const path = ['analyses', index, 'startingStep'];
      context.addIssue({ code: 'custom', path, message: `there are only ${value.steps.length} steps` });
    }
  });

/** `strategy` of an environment: `rolling`, or `canary` with its steps. */
export const strategyField = z.union([z.literal('rolling'), z.strictObject({ canary })]);
export type StrategySource = z.output<typeof strategyField>;

/** The strategy of an environment; absent: rolling. */
export function toStrategy(source: StrategySource | undefined): DeploymentStrategy {
  if (source === undefined || source === 'rolling') return rollingStrategy;
  return {
    kind: 'canary',
    steps: source.canary.steps.map(toStep),
    analyses: (source.canary.analyses ?? []).map((analysis) => ({
      fromStep: (analysis.startingStep ?? 1) - 1,
      metrics: analysis.metrics.map(toMetric),
    })),
  };
}

function toStep(source: z.output<typeof step>): CanaryStep {
  if (source.weight !== undefined) return { kind: 'weight', percent: source.weight };
  if (source.analysis !== undefined) return { kind: 'analysis', metrics: source.analysis.map(toMetric) };
  return typeof source.pause === 'number' ? { kind: 'pause', durationMs: source.pause } : { kind: 'pause' };
}

function toMetric(source: MetricSource): MetricDefinition {
  const { query, deployment, service, interval, count, success, failure } = source;
  return {
    name: source.name,
    question: source.question,
    ...(query === undefined ? {} : { query }),
    ...(deployment === undefined ? {} : { deployment }),
    ...(service === undefined ? {} : { service }),
    windowMs: source.window ?? interval ?? defaults.metricWindowMs,
    ...(interval === undefined ? {} : { intervalMs: interval }),
    ...(count === undefined ? {} : { count }),
    initialDelayMs: source.initialDelay ?? 0,
    ...(success === undefined ? {} : { success }),
    ...(failure === undefined ? {} : { failure }),
    failureLimit: source.failureLimit ?? defaults.metricLimits.failure,
    inconclusiveLimit: source.inconclusiveLimit ?? defaults.metricLimits.inconclusive,
    consecutiveErrorLimit: source.consecutiveErrorLimit ?? defaults.metricLimits.consecutiveError,
    consecutiveSuccessLimit: source.consecutiveSuccessLimit ?? defaults.metricLimits.consecutiveSuccess,
    isDryRun: source.dryRun ?? false,
  };
}
