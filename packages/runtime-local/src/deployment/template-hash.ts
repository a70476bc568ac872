import { createHash } from 'node:crypto';
import { isFields } from '../objects/field-reader.ts';

/** Ten hex digits that name a pod template: whatever changes in it, also what the runtime ignores, makes new pods, as in Kubernetes. */
export function hashTemplate(template: unknown): string {
  return createHash('sha256').update(stableJson(template)).digest('hex').slice(0, 10);
}

function stableJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  if (!isFields(value)) return printScalar(value) ?? 'null';
  const fields = Object.keys(value).sort();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${stableJson(value[name])}`).join(',')}}`;
}

/** Absent for what JSON does not have, which its type does not say. */
function printScalar(value: unknown): string | undefined {
  return JSON.stringify(value);
}
