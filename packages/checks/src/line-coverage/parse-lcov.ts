import { readText } from '../read-text.ts';
import { unreadable } from '../read-xml.ts';
import { addHits, type CoverageReport } from './coverage-report.ts';

/**
 * Reads an LCOV tracefile, 1.x or 2.x. Only `SF`, `DA` and `end_of_record` decide: totals are recomputed, and what else
 * the format has or will have is passed over. A file told twice is summed.
 *
 * @throws {@link CheckError} `REPORT_UNREADABLE` for a damaged line, a record that is cut off, or a file without any.
 * @see geninfo(1), "TRACEFILE FORMAT".
 */
export function parseLcov(bytes: Uint8Array, file: string): CoverageReport {
  const files = new Map<string, Map<number, number>>();
  let path: string | undefined;
  let number = 0;
  for (const line of splitLines(readText(bytes, file))) {
    number += 1;
    const record = readRecord(line);
    if (record === undefined) continue;
    if (record.kind === 'file') {
      if (path !== undefined) throw unreadable(file, `line ${number}: a record begins before the one before has ended`);
      path = record.path;
      addHits(files, path, []);
      continue;
    }
    if (path === undefined) throw unreadable(file, `line ${number}: it belongs to no file`);
    if (record.kind === 'damaged') throw unreadable(file, `line ${number}: ${JSON.stringify(line.slice(0, 100))}`);
    if (record.kind === 'line') addHits(files, path, [[record.line, record.hits]]);
    else path = undefined;
  }
  if (path !== undefined) throw unreadable(file, 'its last record is cut off');
  if (files.size === 0) throw unreadable(file, 'it has no record');
  return { files };
}

type LcovRecord =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'line'; readonly line: number; readonly hits: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'damaged' };

function readRecord(line: string): LcovRecord | undefined {
  if (line === 'end_of_record') return { kind: 'end' };
  if (line.startsWith('SF:')) return line.length === 3 ? { kind: 'damaged' } : { kind: 'file', path: line.slice(3) };
  if (!line.startsWith('DA:')) return undefined;
  const [, number, count] = /^DA:(\d{1,9}),(-?\d[\d.eE+]*)(?:,.*)?$/.exec(line) ?? [];
  const hits = Number(count);
  if (number === undefined || !Number.isFinite(hits)) return { kind: 'damaged' };
  // gcov overflows into negative counts; such a line is not known to have run.
  return { kind: 'line', line: Number(number), hits: Math.max(0, hits) };
}

/** One line at a time, so that a large file is not held twice. */
function* splitLines(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    const stop = end === -1 ? text.length : end;
    yield text.slice(start, stop).trim();
    start = stop + 1;
  }
}
