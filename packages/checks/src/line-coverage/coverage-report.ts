/** Hits by line (from 1) of each file; only lines that the tool measures are there. */
export interface CoverageReport {
  readonly files: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** Sums hits by file and line; a line measured in any report is measured, covered in any is covered. */
export function mergeCoverage(reports: readonly CoverageReport[]): CoverageReport {
  const files = new Map<string, Map<number, number>>();
  for (const report of reports) {
    for (const [path, lines] of report.files) addHits(files, path, lines);
  }
  return { files };
}

/** Adds hits to a collection that is still being built. */
export function addHits(
  files: Map<string, Map<number, number>>,
  path: string,
  lines: Iterable<readonly [number, number]>,
): void {
  const known = files.get(path) ?? new Map<number, number>();
  for (const [line, hits] of lines) known.set(line, (known.get(line) ?? 0) + hits);
  files.set(path, known);
}
