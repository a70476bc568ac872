/**
 * Compiles globs over repository paths: `*` and `?` inside one folder, `**` over folders; everything else is literal.
 * Linear in the path (no backtracking groups), so a hostile glob cannot stall the server (ci.md A19).
 */
export function compileGlobs(globs: readonly string[]): (path: string) => boolean {
  const patterns = globs.map((glob) => glob.split('/'));
  return (path) => {
    const parts = path.split('/');
    return patterns.some((pattern) => matches(pattern, parts));
  };
}

/** Dynamic programming over folders: `**` stands for any number of them. */
function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  let reachable = new Set<number>([0]);
  for (const piece of pattern) {
    const next = new Set<number>();
    for (const at of reachable) {
      if (piece === '**') for (let to = at; to <= parts.length; to++) next.add(to);
      else if (at < parts.length && matchesPart(piece, parts[at] ?? '')) next.add(at + 1);
    }
    reachable = next;
  }
  return reachable.has(parts.length);
}

/** Greedy wildcard match with one point of return. */
function matchesPart(piece: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (p < piece.length && (piece[p] === '?' || (piece[p] !== '*' && piece[p] === text[t]))) {
      p++;
      t++;
    } else if (piece[p] === '*') {
      star = p++;
      mark = t;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (piece[p] === '*') p++;
  return p === piece.length;
}
