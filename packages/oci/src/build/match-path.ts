type Token =
  | { readonly kind: 'sign'; readonly accepts: (sign: string) => boolean }
  /** `*`: any signs but a slash. `any`: `**`, any signs. */
  | { readonly kind: 'part' | 'any' }
  /** The folders of `**` before a slash: entered or skipped, left after a slash. */
  | { readonly kind: 'enter' | 'folders' };

/** Tells whether a whole path matches. */
export type PathPattern = (path: string) => boolean;

/**
 * A pattern of one path by Go's `filepath.Match`, with `**` for any number of folders (`.dockerignore`).
 * Patterns come from strangers: matching takes length times length steps and never more, which a RegExp would not promise.
 *
 * @returns absent for a pattern that is not closed.
 */
export function compilePattern(pattern: string): PathPattern | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern.charAt(at);
    if (sign === '*' && pattern.charAt(at + 1) === '*') {
      while (pattern.charAt(at + 1) === '*') at += 1;
      if (pattern.charAt(at + 1) === '/') {
        tokens.push({ kind: 'enter' }, { kind: 'folders' });
        at += 1;
      } else tokens.push({ kind: 'any' });
    } else if (sign === '*') tokens.push({ kind: 'part' });
    else if (sign === '?') tokens.push({ kind: 'sign', accepts: (given) => given !== '/' });
    else if (sign === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) return undefined;
      tokens.push({ kind: 'sign', accepts: classOf(pattern.slice(at + 1, end)) });
      at = end;
    } else {
      if (sign === '\\') at += 1;
      const wanted = pattern.charAt(at);
      tokens.push({ kind: 'sign', accepts: (given) => given === wanted });
    }
  }
  return (path) => matches(tokens, path);
}

function classOf(inner: string): (sign: string) => boolean {
  const isNegated = inner.startsWith('^') || inner.startsWith('!');
  const signs = isNegated ? inner.slice(1) : inner;
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < signs.length; at += 1) {
    const isRange = signs.charAt(at + 1) === '-' && at + 2 < signs.length;
    ranges.push([signs.charAt(at), signs.charAt(isRange ? at + 2 : at)]);
    if (isRange) at += 2;
  }
  return (sign) => sign !== '/' && ranges.some(([low, high]) => low <= sign && sign <= high) !== isNegated;
}

function matches(tokens: readonly Token[], path: string): boolean {
  let states = reach(tokens, [0]);
  for (const sign of path) {
    const next: number[] = [];
    for (const state of states) {
      const token = tokens[state];
      if (token === undefined) continue;
      if (token.kind === 'sign' && token.accepts(sign)) next.push(state + 1);
      if (token.kind === 'any' || token.kind === 'folders' || (token.kind === 'part' && sign !== '/')) next.push(state);
      if (token.kind === 'folders' && sign === '/') next.push(state + 1);
    }
    states = reach(tokens, next);
    if (states.size === 0) return false;
  }
  return states.has(tokens.length);
}

/** Adds the states that need no sign. */
function reach(tokens: readonly Token[], from: readonly number[]): ReadonlySet<number> {
  const states = new Set<number>();
  const todo = [...from];
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    if (states.has(state)) continue;
    states.add(state);
    const kind = tokens[state]?.kind;
    if (kind === 'part' || kind === 'any') todo.push(state + 1);
    if (kind === 'enter') todo.push(state + 1, state + 2);
  }
  return states;
}

/**
 * Reads a `.dockerignore`.
 *
 * @returns tells whether a path is left out: the last pattern that matches it, or a folder above it, decides.
 * @see Docker documentation, "Build context", ".dockerignore files".
 */
export function parseIgnore(text: string): PathPattern {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const isKept = line.startsWith('!');
      const parts = (isKept ? line.slice(1).trim() : line).split('/').filter((part) => part !== '' && part !== '.');
      return { isKept, matches: parts.length === 0 ? undefined : compilePattern(parts.join('/')) };
    });
  return (path) => {
    const parts = path.split('/');
    const heads = parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
    const decisive = rules.findLast((rule) => rule.matches !== undefined && heads.some(rule.matches));
    return decisive !== undefined && !decisive.isKept;
  };
}
