/** What one folder may import of ours, as `docs/architecture.md` says. Names as in the table: `domain`, `ports/contract`. */
export interface ImportRule {
  readonly folder: string;
  readonly mayImport: ReadonlySet<string>;
  /** Further ones, for tests only. */
  readonly testsAlso: ReadonlySet<string>;
}

const everything = 'any package';

/**
 * Reads the import table: the rows whose first cell is a folder in backquotes, with purpose, may import, tests also.
 *
 * @param page - the Markdown of `docs/architecture.md`
 * @param members - folders of the repository; "any package" means all under `packages` but testkit
 * @throws Error when a row has another number of cells or names the same folder again
 */
export function readImportTable(page: string, members: readonly string[]): ReadonlyMap<string, ImportRule> {
  const rules = new Map<string, ImportRule>();
  for (const line of page.split('\n')) {
    const folder = /^\| `((?:packages|apps|tools)\/[a-z-]+|tests|bench)` \|/.exec(line)?.[1];
    if (folder === undefined) continue;
    const cells = line.split('|').slice(1, -1);
    const [, , mayImport, testsAlso] = cells;
    if (cells.length !== 4 || mayImport === undefined || testsAlso === undefined || rules.has(folder)) {
      throw new Error(`docs/architecture.md: the row of ${folder} is doubled or has not four cells`);
    }
    rules.set(folder, { folder, mayImport: readNames(mayImport, members), testsAlso: readNames(testsAlso, members) });
  }
  return rules;
}

function readNames(cell: string, members: readonly string[]): ReadonlySet<string> {
  const text = cell.trim();
  if (text === 'nothing') return new Set();
  if (text === everything) {
    return new Set(
      members
        .filter((folder) => folder.startsWith('packages/') && folder !== 'packages/testkit')
        .map((folder) => folder.slice('packages/'.length)),
    );
  }
  return new Set(text.split(',').map((name) => name.trim()));
}
