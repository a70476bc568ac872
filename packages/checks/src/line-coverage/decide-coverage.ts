import type { CoverageReport } from './coverage-report.ts';
import { atLeast, floorPercent, keepsLevel, printPercent, type Ratio } from './ratio.ts';

/** A file of the repository that counts as source. */
export interface SourceFile {
  readonly path: string;
  /** Lines that count as uncovered when no report knows the file: at least as many as a tool would measure. */
  readonly lines: number;
}

/** What the merge base had; `uncovered` is its number of uncovered lines. */
export interface CoverageBase {
  readonly covered: number;
  readonly total: number;
  readonly uncovered: number;
}

/** In percent, 0 to 100, up to six decimals. */
export interface CoverageThresholds {
  /** Least coverage of the whole; absent asks for none. */
  readonly total?: number;
  /** Least coverage of changed lines. */
  readonly changed: number;
  /** Percentage points by which the whole may fall below the merge base. */
  readonly ratchetTolerance: number;
}

/** Every fact that the gate depends on. */
export interface CoverageFacts {
  /** By repository path: resolve a tool's paths first. */
  readonly report: CoverageReport;
  readonly sourceFiles: readonly SourceFile[];
  /** Added or modified lines since the merge base, by repository path. */
  readonly changedLines: ReadonlyMap<string, readonly number[]>;
  /** Absent on a first run: then there is no ratchet. */
  readonly base?: CoverageBase;
  readonly thresholds: CoverageThresholds;
}

/** Why coverage is refused. */
export type CoverageFailureReason = 'TotalTooLow' | 'ChangedLinesTooLow' | 'CoverageFell';

/** Lines that nothing ran, for people: `12-15, 20`. */
export interface UncoveredLines {
  readonly path: string;
  readonly lines: readonly number[];
  readonly ranges: string;
}

/** The verdict with what was measured. */
export interface CoverageDecision {
  readonly verdict: 'passed' | 'failed';
  /** Every reason; empty when passed. */
  readonly reasons: readonly CoverageFailureReason[];
  readonly total: Ratio;
  readonly changed: Ratio;
  /** Rounded down, for people; nothing is decided by it. */
  readonly totalPercent: number;
  readonly changedPercent: number;
  readonly uncoveredChanges: readonly UncoveredLines[];
  /** Source files that no report knows, sorted. */
  readonly absentFiles: readonly string[];
  /** To be stored for the next change's ratchet. */
  readonly measured: CoverageBase;
  /** One line for people. */
  readonly text: string;
}

/**
 * Decides whether coverage suffices: of the whole, of changed lines, and against the merge base.
 *
 * Only source files count, so covered tests lift nothing. One that no report knows counts as uncovered entirely. A whole
 * that fell still passes when it has no more uncovered lines than the base: removing covered code is no fault.
 */
export function decideCoverage(facts: CoverageFacts): CoverageDecision {
  const { thresholds, base } = facts;
  const total = measureTotal(facts);
  const changes = measureChanges(facts);
  const uncovered = total.total - total.covered;
  const hasFallen =
    base !== undefined && !keepsLevel(total, base, thresholds.ratchetTolerance) && uncovered > base.uncovered;
  const reasons: readonly CoverageFailureReason[] = [
    ...(atLeast(total, thresholds.total ?? 0) ? [] : (['TotalTooLow'] as const)),
    ...(atLeast(changes.ratio, thresholds.changed) ? [] : (['ChangedLinesTooLow'] as const)),
    ...(hasFallen ? (['CoverageFell'] as const) : []),
  ];
  return {
    verdict: reasons.length === 0 ? 'passed' : 'failed',
    reasons,
    total,
    changed: changes.ratio,
    totalPercent: floorPercent(total),
    changedPercent: floorPercent(changes.ratio),
    uncoveredChanges: changes.uncovered,
    absentFiles: findAbsent(facts),
    measured: { ...total, uncovered },
    text: describe({ facts, total, changes, reasons }),
  };
}

/** Sorted lines as ranges for people: `12-15, 20`. */
export function printRanges(lines: readonly number[]): string {
  const ranges: { readonly first: number; last: number }[] = [];
  for (const line of [...new Set(lines)].sort((one, other) => one - other)) {
    const open = ranges.at(-1);
    if (open !== undefined && open.last + 1 === line) open.last = line;
    else ranges.push({ first: line, last: line });
  }
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(', ');
}

interface Changes {
  readonly ratio: Ratio;
  readonly uncovered: readonly UncoveredLines[];
}

function measureTotal({ report, sourceFiles }: CoverageFacts): Ratio {
  let covered = 0;
  let total = 0;
  for (const { path, lines } of uniqueFiles(sourceFiles)) {
    const measured = report.files.get(path);
    total += measured === undefined ? lines : measured.size;
    covered += measured === undefined ? 0 : [...measured.values()].filter((hits) => hits > 0).length;
  }
  return { covered, total };
}

function measureChanges({ report, sourceFiles, changedLines }: CoverageFacts): Changes {
  let total = 0;
  const uncovered: UncoveredLines[] = [];
  for (const { path } of uniqueFiles(sourceFiles)) {
    const changed = [...new Set(changedLines.get(path) ?? [])];
    const measured = report.files.get(path);
    const counted = measured === undefined ? changed : changed.filter((line) => measured.has(line));
    const missed = counted.filter((line) => (measured?.get(line) ?? 0) === 0).sort((one, other) => one - other);
    total += counted.length;
    if (missed.length > 0) uncovered.push({ path, lines: missed, ranges: printRanges(missed) });
  }
  const missing = uncovered.reduce((sum, { lines }) => sum + lines.length, 0);
  return { ratio: { covered: total - missing, total }, uncovered };
}

function findAbsent({ report, sourceFiles }: CoverageFacts): readonly string[] {
  return uniqueFiles(sourceFiles)
    .map(({ path }) => path)
    .filter((path) => !report.files.has(path))
    .sort();
}

function uniqueFiles(files: readonly SourceFile[]): readonly SourceFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

const shownFiles = 5;

function describe(about: {
  readonly facts: CoverageFacts;
  readonly total: Ratio;
  readonly changes: Changes;
  readonly reasons: readonly CoverageFailureReason[];
}): string {
  const { thresholds, base } = about.facts;
  const { ratio, uncovered } = about.changes;
  const failed = new Set(about.reasons);
  const shown = uncovered.slice(0, shownFiles).map(({ path, ranges }) => `${path}: ${ranges}`);
  const more = uncovered.length > shownFiles ? [`and ${uncovered.length - shownFiles} more files`] : [];
  const changed = ratio.total === 0 ? 'no changed line is measured' : `changed lines ${printPercent(ratio)}`;
  return [
    `total ${printPercent(about.total)}${failed.has('TotalTooLow') ? `, ${thresholds.total ?? 0} % needed` : ''}`,
    `${changed}${failed.has('ChangedLinesTooLow') ? `, ${thresholds.changed} % needed` : ''}`,
    ...(failed.has('CoverageFell') && base !== undefined ? [`fell from ${printPercent(base)}`] : []),
    ...(shown.length > 0 ? [`not covered: ${[...shown, ...more].join('; ')}`] : []),
  ].join('; ');
}
