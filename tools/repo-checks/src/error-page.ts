import type { ErrorEntry } from './error-tables.ts';

/** Prints `docs/errors.md`: one table a package, codes in the order of their source. */
export function printErrorPage(entries: readonly ErrorEntry[]): string {
  const byFolder = new Map<string, ErrorEntry[]>();
  for (const entry of entries) byFolder.set(entry.folder, [...(byFolder.get(entry.folder) ?? []), entry]);
  const sections = [...byFolder].map(([folder, rows]) =>
    [`## ${folder}`, '', '| code | retry | next |', '|---|---|---|', ...rows.map(printRow), ''].join('\n'),
  );
  return [...introduction, ...sections].join('\n');
}

const introduction = [
  '# Error codes',
  '',
  'Every error of Slipway has a code that stays the same between releases: scripts branch on the code, never on the text. `next` is what',
  'the message ends with. `retry` says what the program itself does: `soon` tries again at once, `backoff` waits longer each time, `never`',
  'needs a change first.',
  '',
  'Written from the sources by `npm run golden:update`; a test holds the two equal.',
  '',
];

function printRow({ code, retry, next }: ErrorEntry): string {
  return `| \`${code}\` | ${retry} | ${next.replaceAll('|', '\\|')} |`;
}
