/** One line of a comparison. */
export interface DiffLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** Above this many differing lines the middle is shown as replaced whole: time stays linear in it. */
const maxDistance = 400;
const context = 3;

/**
 * Compares two lists of lines by the shortest edit.
 *
 * @see E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986.
 */
export function compareLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const room = Math.min(before.length, after.length) - head;
  while (tail < room && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const old = before.slice(head, before.length - tail);
  const fresh = after.slice(head, after.length - tail);
  const keep = (text: string): DiffLine => ({ sign: ' ', text });
  const middle = shortestEdit(old, fresh) ?? [
    ...old.map((text): DiffLine => ({ sign: '-', text })),
    ...fresh.map((text): DiffLine => ({ sign: '+', text })),
  ];
  return [...before.slice(0, head).map(keep), ...middle, ...before.slice(before.length - tail).map(keep)];
}

/** Unified hunks with three lines around each change; empty when nothing differs. */
export function unifiedHunks(lines: readonly DiffLine[]): string {
  const isNear = nearChange(lines);
  const hunks: string[] = [];
  let oldLine = 1;
  let newLine = 1;
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && isNear[end] === isNear[at]) end += 1;
    const part = lines.slice(at, end);
    const oldCount = part.filter(({ sign }) => sign !== '+').length;
    const newCount = part.filter(({ sign }) => sign !== '-').length;
    if (isNear[at] === true) {
      const place = `@@ -${range(oldLine, oldCount)} +${range(newLine, newCount)} @@`;
      hunks.push([place, ...part.map(({ sign, text }) => sign + text), ''].join('\n'));
    }
    oldLine += oldCount;
    newLine += newCount;
    at = end;
  }
  return hunks.join('');
}

function range(line: number, count: number): string {
  return `${count === 0 ? line - 1 : line},${count}`;
}

function nearChange(lines: readonly DiffLine[]): readonly boolean[] {
  const near = lines.map(() => false);
  lines.forEach(({ sign }, at) => {
    if (sign === ' ') return;
    near.fill(true, Math.max(0, at - context), at + context + 1);
  });
  return near;
}

/** Absent when more than `maxDistance` lines differ. */
function shortestEdit(a: readonly string[], b: readonly string[]): readonly DiffLine[] | undefined {
  const furthest = new Map<number, number>([[1, 0]]);
  const trace: ReadonlyMap<number, number>[] = [];
  for (let d = 0; d <= Math.min(maxDistance, a.length + b.length); d += 1) {
    trace.push(new Map(furthest));
    for (let k = -d; k <= d; k += 2) {
      let x = nextX(furthest, k, d);
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      furthest.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(a, b, trace);
    }
  }
  return undefined;
}

function nextX(furthest: ReadonlyMap<number, number>, k: number, d: number): number {
  const down = furthest.get(k + 1) ?? -1;
  const right = furthest.get(k - 1) ?? -1;
  return k === -d || (k !== d && right < down) ? down : right + 1;
}

function walkBack(
  a: readonly string[],
  b: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const furthest = trace[d] ?? new Map<number, number>();
    const k = x - y;
    const isDown = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const fromK = isDown ? k + 1 : k - 1;
    const fromX = furthest.get(fromK) ?? 0;
    const fromY = fromX - fromK;
    while (x > fromX && y > fromY && x > 0 && y > 0) {
      lines.push({ sign: ' ', text: a[x - 1] ?? '' });
      x -= 1;
      y -= 1;
    }
    if (d === 0) break;
    lines.push(isDown ? { sign: '+', text: b[y - 1] ?? '' } : { sign: '-', text: a[x - 1] ?? '' });
    x = fromX;
    y = fromY;
  }
  return lines.toReversed();
}
