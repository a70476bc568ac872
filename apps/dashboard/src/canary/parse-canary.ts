import * as z from 'zod/mini';

/** A field that another release of the server may lack or write differently: what cannot be read is left out. */
function maybe<Schema extends z.core.$ZodType>(schema: Schema) {
  return z.catch(z.optional(schema), undefined);
}

const requests = z.object({ total: z.number(), failed: z.number() });
const metric = z.object({
  name: z.string(),
  run: maybe(z.string()),
  phase: maybe(z.string()),
  isDryRun: maybe(z.boolean()),
  value: maybe(z.number()),
  baseline: maybe(z.number()),
  limit: maybe(z.union([z.string(), z.number()])),
  count: maybe(z.number()),
});
const canary = z.object({
  phase: z.string(),
  step: maybe(z.number()),
  steps: maybe(z.number()),
  weight: maybe(z.number()),
  realShare: maybe(z.number()),
  metrics: z.catch(z.optional(z.array(z.catch(z.optional(metric), undefined))), undefined),
  startedAt: maybe(z.string()),
  message: maybe(z.string()),
  requests: maybe(requests),
  requestsSinceAbort: maybe(requests),
});

export type CanaryMetric = z.infer<typeof metric>;
/** A canary as the operator last told of it. Weight and share are percent of the requests. */
export interface Canary extends Omit<z.infer<typeof canary>, 'metrics'> {
  readonly metrics: readonly CanaryMetric[];
}

/** The one place that knows the shape. @returns `undefined` where there is no canary, or nothing of it can be read. */
export function parseCanary(value: unknown): Canary | undefined {
  const parsed = z.safeParse(canary, value);
  if (!parsed.success) return undefined;
  const metrics = (parsed.data.metrics ?? []).filter((one) => one !== undefined);
  return { ...parsed.data, metrics };
}

/** Of an answer that may carry one beside what is known of it. */
export function canaryOf(answer: object | undefined): Canary | undefined {
  return answer === undefined ? undefined : parseCanary(Reflect.get(answer, 'canary'));
}
