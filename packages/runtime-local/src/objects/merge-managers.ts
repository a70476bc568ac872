import { TargetError, type KubeObject } from '@slipway/ports';
import { isDeepStrictEqual } from 'node:util';
import { isFields, type Fields } from './field-reader.ts';

/**
 * One object out of what every manager applied. Mappings merge field by field; a list is owned whole by who applied it.
 *
 * @throws TargetError `TARGET_CONFLICT` when two managers want different values for one field; facts: `path`, `manager`.
 */
export function mergeManagers(managers: Readonly<Record<string, KubeObject>>, applying: string): Fields {
  let merged: Fields = managers[applying] ?? {};
  for (const [manager, applied] of Object.entries(managers)) {
    if (manager !== applying) merged = mergeFields(merged, applied, { path: '', manager });
  }
  return merged;
}

function mergeFields(ours: Fields, theirs: Fields, at: { readonly path: string; readonly manager: string }): Fields {
  const merged: Record<string, unknown> = { ...ours };
  for (const [name, value] of Object.entries(theirs)) {
    const mine = Object.hasOwn(ours, name) ? ours[name] : undefined;
    const path = at.path === '' ? name : `${at.path}.${name}`;
    if (mine === undefined) merged[name] = value;
    else if (isFields(mine) && isFields(value)) merged[name] = mergeFields(mine, value, { path, manager: at.manager });
    else if (!isDeepStrictEqual(mine, value)) {
      throw new TargetError(
        'TARGET_CONFLICT',
        `the field ${path} belongs to the manager "${at.manager}" with another value`,
        {
          facts: { path, manager: at.manager },
        },
      );
    }
  }
  return merged;
}
