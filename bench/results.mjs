// Figures, tables and the file they are kept in.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('RESULTS.md', import.meta.url));

export function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}

/** The machine as far as figures depend on it. */
export function describeMachine() {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = loadavg()
    .map((value) => value.toFixed(2))
    .join(' ');
  return `${cpus().length} cores, ${memory}, Linux ${release().split('-')[0]}, Node ${process.versions.node}, load before ${load}`;
}

export function printTable(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

/** Options that every benchmark takes. */
export const commonOptions = {
  write: { type: 'boolean', default: false },
  date: { type: 'string', default: new Date().toISOString().slice(0, 10) },
};

/** Milliseconds as people read them. */
export function printMs(value) {
  if (Number.isNaN(value)) return '';
  return value < 10
    ? `${value.toFixed(1)} ms`
    : value < 10_000
      ? `${Math.round(value)} ms`
      : `${(value / 1000).toFixed(1)} s`;
}

/** A row of least, median and most of some milliseconds. */
export function spreadRow(name, values) {
  const spread = [Math.min(...values), quantile(values, 0.5), Math.max(...values)];
  return [name, values.length, ...spread.map(printMs)];
}

/** A section of one table: shows it, and with `write` keeps it. `method` says how it is measured. */
export async function report(title, { machine, values, head, rows, method }) {
  const table = printTable(head, rows);
  process.stdout.write(`\n${machine}\n\n${table}`);
  if (values.write) await writeSection(title, `${values.date}; ${machine}.\n\n${table}\n${method}`);
}

/** Replaces the section of that title, or adds it. */
export async function writeSection(title, body) {
  const known = await readFile(file, 'utf8').catch(
    () => '# Benchmark results\n\nWritten by `npm run bench -- <name> --write`. Compare within one run only.\n',
  );
  const [intro, ...sections] = known.split(/^(?=## )/m);
  const kept = sections.filter((section) => !section.startsWith(`## ${title}\n`));
  const text = [intro.trimEnd(), ...kept.map((section) => section.trimEnd()), `## ${title}\n\n${body.trimEnd()}`];
  await writeFile(file, `${text.join('\n\n')}\n`);
}
