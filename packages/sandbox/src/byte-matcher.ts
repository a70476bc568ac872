/** A trie of byte strings with failure links (Aho and Corasick, 1975), read one byte at a time. */
export interface ByteMatcher {
  /** State after one more byte; the start state is 0. */
  next(state: number, byte: number): number;
  /** Length of the longest suffix of what was read that begins some needle: how much may still become a match. */
  depth(state: number): number;
  /** Length of the longest needle that ends here; 0 for none. */
  matched(state: number): number;
}

interface Trie {
  /** Key `state * 256 + byte`. */
  readonly edges: Map<number, number>;
  readonly depths: number[];
  readonly matches: number[];
  readonly failures: number[];
}

/** @param needles - none empty. */
export function createByteMatcher(needles: readonly Uint8Array[]): ByteMatcher {
  const trie: Trie = { edges: new Map(), depths: [0], matches: [0], failures: [0] };
  for (const needle of needles) addNeedle(trie, needle);
  linkFailures(trie);
  const starts = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) if (trie.edges.has(byte)) starts[byte] = 1;
  return {
    next: (state, byte) => (state === 0 && starts[byte] === 0 ? 0 : step(trie, state, byte)),
    depth: (state) => trie.depths[state] ?? 0,
    matched: (state) => trie.matches[state] ?? 0,
  };
}

function addNeedle(trie: Trie, needle: Uint8Array): void {
  let state = 0;
  for (const byte of needle) {
    const key = state * 256 + byte;
    let next = trie.edges.get(key);
    if (next === undefined) {
      next = trie.depths.length;
      trie.edges.set(key, next);
      trie.depths.push((trie.depths[state] ?? 0) + 1);
      trie.matches.push(0);
      trie.failures.push(0);
    }
    state = next;
  }
  trie.matches[state] = needle.length;
}

/** Breadth first: a state's failure link leads to a shallower state, linked before. */
function linkFailures(trie: Trie): void {
  const edges = [...trie.edges].sort(([, a], [, b]) => (trie.depths[a] ?? 0) - (trie.depths[b] ?? 0));
  for (const [key, child] of edges) {
    const parent = Math.floor(key / 256);
    if (parent !== 0) trie.failures[child] = step(trie, trie.failures[parent] ?? 0, key % 256);
    const inherited = trie.matches[trie.failures[child] ?? 0] ?? 0;
    if ((trie.matches[child] ?? 0) === 0) trie.matches[child] = inherited;
  }
}

function step(trie: Trie, from: number, byte: number): number {
  let state = from;
  for (;;) {
    const next = trie.edges.get(state * 256 + byte);
    if (next !== undefined) return next;
    if (state === 0) return 0;
    state = trie.failures[state] ?? 0;
  }
}
