import { isRecord } from './kustomization-references.ts';

/** A Kubernetes condition, read without trust. */
export interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The value at a path of plain data; absent when any part of the way is. */
export function valueAt(data: unknown, ...path: readonly string[]): unknown {
  return path.reduce((at, field) => (isRecord(at) && Object.hasOwn(at, field) ? at[field] : undefined), data);
}

/** A number at a path, or the default. */
export function numberAt(data: unknown, path: readonly string[], whenAbsent = 0): number {
  const value = valueAt(data, ...path);
  return typeof value === 'number' ? value : whenAbsent;
}

/** A text at a path; empty when absent. */
export function textAt(data: unknown, ...path: readonly string[]): string {
  const value = valueAt(data, ...path);
  return typeof value === 'string' ? value : '';
}

/** The first condition of a type in `status.conditions`. */
export function conditionOf(object: unknown, type: string): Condition | undefined {
  const conditions = valueAt(object, 'status', 'conditions');
  const found: unknown = Array.isArray(conditions)
    ? conditions.find((one) => valueAt(one, 'type') === type)
    : undefined;
  if (found === undefined) return undefined;
  return { status: textAt(found, 'status'), reason: textAt(found, 'reason'), message: textAt(found, 'message') };
}

/** Whether a condition is there with that status. */
export function isCondition(object: unknown, type: string, status: 'True' | 'False'): boolean {
  return conditionOf(object, type)?.status === status;
}
