/** Covered lines of all lines; nothing of nothing counts as everything. */
export interface Ratio {
  readonly covered: number;
  readonly total: number;
}

// Percentages people write have at most six decimals; comparing in whole numbers keeps 80.1 from becoming 80.0999….
const scale = 1_000_000;

/** Tells whether covered ÷ total is at least `percent`, exactly. */
export function atLeast({ covered, total }: Ratio, percent: number): boolean {
  if (total === 0) return true;
  return BigInt(covered) * 100n * BigInt(scale) >= scaled(percent) * BigInt(total);
}

/**
 * Tells whether a ratio is not below another by more than `tolerance` percentage points, exactly. A base without lines
 * asks for nothing.
 */
export function keepsLevel(now: Ratio, base: Ratio, tolerance: number): boolean {
  if (now.total === 0 || base.total === 0) return true;
  const [nowTotal, baseTotal] = [BigInt(now.total), BigInt(base.total)];
  const have = BigInt(now.covered) * 100n * BigInt(scale) * baseTotal;
  const needed = (BigInt(base.covered) * 100n * BigInt(scale) - scaled(tolerance) * baseTotal) * nowTotal;
  return have >= needed;
}

/** Whole percent, rounded down, so that 100 means all. */
export function floorPercent({ covered, total }: Ratio): number {
  return total === 0 ? 100 : Math.floor((covered * 100) / total);
}

/** For people: `87 % (174 of 200 lines)`. */
export function printPercent(ratio: Ratio): string {
  return `${floorPercent(ratio)} % (${ratio.covered} of ${ratio.total} lines)`;
}

function scaled(percent: number): bigint {
  return BigInt(Math.round(percent * scale));
}
