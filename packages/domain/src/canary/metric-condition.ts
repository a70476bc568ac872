import { DomainError } from '../errors/domain-error.ts';
import { comparisons, type Comparison, type MetricCondition, type MetricDefinition } from './strategy.ts';

const number = String.raw`-?\d{1,15}(?:\.\d{1,15})?`;
const grammar = new RegExp(
  String.raw`^\s*(<=|>=|<|>|==|!=)\s*(?:(${number})|baseline(?:\s*\*\s*(${number}))?(?:\s*([+-])\s*(${number}))?)\s*$`,
);

/**
 * Reads `<= 0.01`, `<= baseline * 1.2`, `<= baseline + 0.02` or `<= baseline * 1.2 + 5`.
 *
 * @throws {@link DomainError} `METRIC_CONDITION_INVALID`.
 */
export function parseCondition(text: string): MetricCondition {
  const match = grammar.exec(text.length > 200 ? '' : text);
  const comparison = comparisons.find((candidate) => candidate === match?.[1]);
  if (match === null || comparison === undefined)
    throw new DomainError('METRIC_CONDITION_INVALID', `${JSON.stringify(text.slice(0, 200))} is not a condition`);
  const [, , plain, factor, sign, offset] = match;
  if (plain !== undefined) return { comparison, bound: { kind: 'number', value: Number(plain) } };
  const shift = offset === undefined ? 0 : Number(offset) * (sign === '-' ? -1 : 1);
  return { comparison, bound: { kind: 'baseline', factor: factor === undefined ? 1 : Number(factor), offset: shift } };
}

/** The condition as a person writes it. */
export function printCondition({ comparison, bound }: MetricCondition): string {
  if (bound.kind === 'number') return `${comparison} ${plainNumber(bound.value)}`;
  const factor = bound.factor === 1 ? '' : ` * ${plainNumber(bound.factor)}`;
  if (bound.offset === 0) return `${comparison} baseline${factor}`;
  return `${comparison} baseline${factor} ${bound.offset < 0 ? '-' : '+'} ${plainNumber(Math.abs(bound.offset))}`;
}

/** The number that a condition compares with; absent when it needs a baseline and there is none. */
export function boundOf({ bound }: MetricCondition, baseline: number | undefined): number | undefined {
  if (bound.kind === 'number') return bound.value;
  return baseline === undefined || !Number.isFinite(baseline) ? undefined : baseline * bound.factor + bound.offset;
}

/** Tells whether a metric compares with the stable Deployment. */
export function needsBaseline(metric: Pick<MetricDefinition, 'success' | 'failure'>): boolean {
  return metric.success?.bound.kind === 'baseline' || metric.failure?.bound.kind === 'baseline';
}

const compare: Readonly<Record<Comparison, (value: number, bound: number) => boolean>> = {
  '<=': (value, bound) => value <= bound,
  '>=': (value, bound) => value >= bound,
  '<': (value, bound) => value < bound,
  '>': (value, bound) => value > bound,
  '==': (value, bound) => value === bound,
  '!=': (value, bound) => value !== bound,
};

/** Whether a value meets a condition; absent when there is nothing to compare with. */
export function meets(condition: MetricCondition, value: number, baseline: number | undefined): boolean | undefined {
  const bound = boundOf(condition, baseline);
  if (bound === undefined) return undefined;
  // NaN is unequal to everything, which `!=` would take for an answer.
  return !Number.isNaN(value) && compare[condition.comparison](value, bound);
}

/** Never in exponent form, which the grammar does not know. */
function plainNumber(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(15).replace(/\.?0+$/, '') : text;
}
