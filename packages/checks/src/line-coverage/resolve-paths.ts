import { addHits, type CoverageReport } from './coverage-report.ts';

/** Finds the repository's file that a path of a report means; `undefined` when none or more than one could be meant. */
export type PathResolver = (reportPath: string) => string | undefined;

/**
 * Makes a resolver for one repository.
 *
 * @param repositoryFiles - paths from the root, `/` between names.
 * @param prefixes - folders that reports may write before them, such as the workspace; tried in order.
 */
export function createPathResolver(repositoryFiles: Iterable<string>, prefixes: readonly string[] = []): PathResolver {
  const files = new Set(repositoryFiles);
  const byBaseName = new Map<string, string[]>();
  for (const path of files) {
    const name = baseName(path);
    const others = byBaseName.get(name);
    if (others === undefined) byBaseName.set(name, [path]);
    else others.push(path);
  }
  const roots = prefixes.map((prefix) => normalize(prefix)).filter((prefix) => prefix !== '');
  return (reportPath) => {
    const path = normalize(reportPath);
    const stripped = roots.flatMap((root) => (path.startsWith(`${root}/`) ? [path.slice(root.length + 1)] : []));
    const exact = [...stripped, path].find((candidate) => files.has(candidate));
    return exact ?? matchSuffix(path, byBaseName.get(baseName(path)) ?? []);
  };
}

/** As {@link createPathResolver}, for a single path. */
export function resolveReportPath(
  reportPath: string,
  repositoryFiles: Iterable<string>,
  prefixes: readonly string[] = [],
): string | undefined {
  return createPathResolver(repositoryFiles, prefixes)(reportPath);
}

/** The report by repository paths; two of its paths that mean one file are summed. */
export function resolveCoverage(
  report: CoverageReport,
  resolve: PathResolver,
): { readonly report: CoverageReport; readonly unresolved: readonly string[] } {
  const files = new Map<string, Map<number, number>>();
  const unresolved: string[] = [];
  for (const [path, lines] of report.files) {
    const resolved = resolve(path);
    if (resolved === undefined) unresolved.push(path);
    else addHits(files, resolved, lines);
  }
  return { report: { files }, unresolved };
}

/** A whole path must be the end of the other: `/build/x/src/a.js` means `src/a.js`, and `a.js` may mean `src/a.js`. */
function matchSuffix(path: string, candidates: readonly string[]): string | undefined {
  const inside = candidates.filter((candidate) => path.endsWith(`/${candidate}`));
  const [longest] = [...inside].sort((one, other) => other.length - one.length);
  if (longest !== undefined) return longest;
  const around = path.startsWith('/') ? [] : candidates.filter((candidate) => candidate.endsWith(`/${path}`));
  return around.length === 1 ? around[0] : undefined;
}

function normalize(path: string): string {
  const slashed = path
    .trim()
    .replace(/^file:\/\//, '')
    .replaceAll('\\', '/');
  const parts: string[] = [];
  for (const part of slashed.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `${slashed.startsWith('/') ? '/' : ''}${parts.join('/')}`;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
