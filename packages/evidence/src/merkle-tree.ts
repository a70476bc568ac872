import { createHash } from 'node:crypto';
import { EvidenceError } from './evidence-error.ts';

/** Root of a log without statements: the hash of nothing. @see RFC 9162, section 2.1.1. */
export const emptyRoot: Uint8Array = createHash('sha256').digest();

/** Hash of one entry's bytes: SHA-256 over 0x00 and the bytes. */
export function leafHash(entry: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(entry).digest();
}

/** Hash of two children: SHA-256 over 0x01, left and right. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest();
}

/**
 * The least that must be kept to append: the roots of the complete subtrees that make up the tree, largest first (one
 * for each bit set in `size`).
 */
export interface CompactRange {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

export const emptyRange: CompactRange = { size: 0, hashes: [] };

/** The range with one more leaf; the given range stays as it is. */
export function appendLeaf(range: CompactRange, leaf: Uint8Array): CompactRange {
  const hashes = [...range.hashes];
  let last = leaf;
  for (let rest = range.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
    const left = hashes.pop();
    if (left === undefined) throw outside(`a range of ${range.size} leaves with too few hashes`);
    last = nodeHash(left, last);
  }
  return { size: range.size + 1, hashes: [...hashes, last] };
}

/** Root of the tree that the range stands for. */
export function rangeRoot(range: CompactRange): Uint8Array {
  const smallestFirst = [...range.hashes].reverse();
  const [first, ...others] = smallestFirst;
  if (first === undefined) return emptyRoot;
  return others.reduce((right, left) => nodeHash(left, right), first);
}

/** A whole tree in memory, which answers for every size up to its own. */
export interface MerkleTree {
  readonly size: number;
  /** @throws {@link EvidenceError} `EVIDENCE_PROOF_RANGE` beyond the tree. */
  rootAt(size: number): Uint8Array;
  /** Audit path of one leaf, from the leaf up. @see RFC 9162, section 2.1.3. */
  inclusionProof(index: number, size: number): readonly Uint8Array[];
  /** That the tree of `size1` leaves is the beginning of that of `size2`; `size1` is 1 or more. @see RFC 9162, 2.1.4. */
  consistencyProof(size1: number, size2: number): readonly Uint8Array[];
}

/** Builds the tree; each question then costs a number of hashes that grows with the logarithm of the size. */
export function buildMerkleTree(leafHashes: readonly Uint8Array[]): MerkleTree {
  const levels = completeLevels(leafHashes);
  const hashOf = (start: number, end: number): Uint8Array => {
    const width = end - start;
    const complete = levels[Math.log2(width)]?.[start / width];
    if (complete !== undefined) return complete;
    const middle = start + split(width);
    return nodeHash(hashOf(start, middle), hashOf(middle, end));
  };
  return {
    size: leafHashes.length,
    rootAt(size) {
      if (!isPlace(size, leafHashes.length + 1)) throw outside(`size ${size} of ${leafHashes.length}`);
      return size === 0 ? emptyRoot : hashOf(0, size);
    },
    inclusionProof(index, size) {
      if (!isPlace(size, leafHashes.length + 1) || !isPlace(index, size)) throw outside(`leaf ${index} of ${size}`);
      return auditPath(hashOf, { index, start: 0, end: size });
    },
    consistencyProof(size1, size2) {
      const isInside = isPlace(size2, leafHashes.length + 1) && isPlace(size1, size2 + 1) && size1 > 0;
      if (!isInside) throw outside(`sizes ${size1} and ${size2}`);
      return subProof(hashOf, { size: size1, start: 0, end: size2, isOldRoot: true });
    },
  };
}

type RangeHash = (start: number, end: number) => Uint8Array;

function auditPath(
  hashOf: RangeHash,
  at: { readonly index: number; readonly start: number; readonly end: number },
): readonly Uint8Array[] {
  const { index, start, end } = at;
  if (end - start <= 1) return [];
  const middle = start + split(end - start);
  return index < middle
    ? [...auditPath(hashOf, { index, start, end: middle }), hashOf(middle, end)]
    : [...auditPath(hashOf, { index, start: middle, end }), hashOf(start, middle)];
}

// RFC 9162, section 2.1.4.1, SUBPROOF(m, D_n, b); `size` counts from the tree's beginning.
function subProof(
  hashOf: RangeHash,
  at: { readonly size: number; readonly start: number; readonly end: number; readonly isOldRoot: boolean },
): readonly Uint8Array[] {
  const { size, start, end, isOldRoot } = at;
  if (size === end) return isOldRoot ? [] : [hashOf(start, end)];
  const middle = start + split(end - start);
  return size <= middle
    ? [...subProof(hashOf, { size, start, end: middle, isOldRoot }), hashOf(middle, end)]
    : [...subProof(hashOf, { size, start: middle, end, isOldRoot: false }), hashOf(start, middle)];
}

/** Row h holds the roots of all complete subtrees of 2^h leaves. */
function completeLevels(leafHashes: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const levels: (readonly Uint8Array[])[] = [leafHashes];
  for (let below = leafHashes; below.length > 1; ) {
    const row = pairs(below);
    levels.push(row);
    below = row;
  }
  return levels;
}

function pairs(row: readonly Uint8Array[]): readonly Uint8Array[] {
  const parents: Uint8Array[] = [];
  for (let at = 0; at + 1 < row.length; at += 2) {
    const [left, right] = row.slice(at, at + 2);
    if (left !== undefined && right !== undefined) parents.push(nodeHash(left, right));
  }
  return parents;
}

/** Largest power of two below `width`, which is 2 or more. */
function split(width: number): number {
  let power = 1;
  while (power * 2 < width) power *= 2;
  return power;
}

function isPlace(value: number, end: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value < end;
}

function outside(what: string): EvidenceError {
  return new EvidenceError('EVIDENCE_PROOF_RANGE', `The tree does not have ${what}`);
}
