/** How a value is held against its bound. */
export const comparisons = ['<=', '>=', '<', '>', '==', '!='] as const;
export type Comparison = (typeof comparisons)[number];

/** What a value is compared with: a number, or what the same question says of the stable Deployment. */
export type MetricBound =
  | { readonly kind: 'number'; readonly value: number }
  /** `baseline × factor + offset`. */
  | { readonly kind: 'baseline'; readonly factor: number; readonly offset: number };

/** One comparison of a measured value: the whole grammar of conditions. */
export interface MetricCondition {
  readonly comparison: Comparison;
  readonly bound: MetricBound;
}

/** Questions that every provider knows by name; `query` is written in the provider's own language. */
export const metricQuestions = ['error-ratio', 'latency-p95-ms', 'requests', 'query'] as const;
export type MetricQuestionKind = (typeof metricQuestions)[number];

/**
 * What is asked of the canary, how often, and what the answers mean.
 *
 * @see Argo Rollouts, Analysis: the fields and their defaults have the meaning they have there.
 */
export interface MetricDefinition {
  /** Unique in its analysis. */
  readonly name: string;
  readonly question: MetricQuestionKind;
  /** For `query`: text with `{{namespace}}`, `{{service}}`, `{{deployment}}` and `{{window}}` to fill in. */
  readonly query?: string;
  /** Only this Deployment is asked about; absent: every one that has a canary. */
  readonly deployment?: string;
  /** Only what comes by this Service; absent: every Service that selects the canary. */
  readonly service?: string;
  /** The last so many milliseconds are asked about, never more than since the canary began. */
  readonly windowMs: number;
  /** Between measurements; absent with no `count`: measured once. */
  readonly intervalMs?: number;
  /** Measurements without error until it has passed; absent with an interval: until it is stopped. */
  readonly count?: number;
  readonly initialDelayMs: number;
  readonly success?: MetricCondition;
  readonly failure?: MetricCondition;
  /** More failed measurements than this and the metric has failed; -1: failures never decide. */
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  /** So many successes in a row and the metric has passed; 0: off. */
  readonly consecutiveSuccessLimit: number;
  /** It is measured and shown, and never decides. */
  readonly isDryRun: boolean;
}

export type CanaryStep =
  | { readonly kind: 'weight'; readonly percent: number }
  /** Without a duration it waits for a person. */
  | { readonly kind: 'pause'; readonly durationMs?: number }
  | { readonly kind: 'analysis'; readonly metrics: readonly MetricDefinition[] };

/** An analysis that goes on beside the steps, from one of them to the end. */
export interface BackgroundAnalysis {
  /** Index of the step it starts with. */
  readonly fromStep: number;
  readonly metrics: readonly MetricDefinition[];
}

export interface CanaryStrategy {
  readonly kind: 'canary';
  readonly steps: readonly CanaryStep[];
  readonly analyses: readonly BackgroundAnalysis[];
}

/** How a render replaces the one before it. */
export type DeploymentStrategy = { readonly kind: 'rolling' } | CanaryStrategy;

/** What replaces all pods by the target's own rolling update. */
export const rollingStrategy: DeploymentStrategy = { kind: 'rolling' };
