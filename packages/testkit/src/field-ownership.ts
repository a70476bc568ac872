/** A document of fields: maps are merged, everything else is one value. */
export type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Both together; where both speak, the later one counts. */
export function mergeFields(one: Fields, other: Fields): Fields {
  const merged: Record<string, unknown> = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const before = merged[name];
    merged[name] = isFields(before) && isFields(value) ? mergeFields(before, value) : value;
  }
  return merged;
}

/** Path of the first field that both set to different values; absent when they agree. */
export function findConflict(one: Fields, other: Fields, path = ''): string | undefined {
  for (const [name, value] of Object.entries(other)) {
    if (!Object.hasOwn(one, name)) continue;
    const mine = one[name];
    const at = path === '' ? name : `${path}.${name}`;
    if (!isFields(mine) || !isFields(value)) {
      if (sortedText(mine) !== sortedText(value)) return at;
      continue;
    }
    const below = findConflict(mine, value, at);
    if (below !== undefined) return below;
  }
  return undefined;
}

/** Equal fields give equal text, whatever their order. */
export function sortedText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isFields(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
