import { nodeHash } from './merkle-tree.ts';

const hashBytes = 32;

/**
 * Tells whether a leaf stands at an index of the tree with this size and root.
 *
 * @see RFC 9162, section 2.1.3.2.
 */
export function verifyInclusion(claim: {
  readonly leafHash: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { leafHash, index, size, root, proof } = claim;
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leafHash, root, ...proof])) return false;
  let place = index;
  let last = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) return false;
    const isRight = place % 2 === 1 || place === last;
    hash = isRight ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    if (isRight) [place, last] = climb(place, last);
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && isSame(hash, root);
}

/**
 * Tells whether the tree of `size1` and `root1` is the beginning of that of `size2` and `root2`.
 *
 * A size of 0 is refused: every tree begins with the empty one, so such a claim proves nothing.
 *
 * @see RFC 9162, section 2.1.4.2.
 */
export function verifyConsistency(claim: {
  readonly size1: number;
  readonly size2: number;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { size1, size2, root1, root2, proof } = claim;
  if (!isCount(size1) || !isCount(size2) || size1 === 0 || size1 > size2) return false;
  if (size1 === size2) return proof.length === 0 && isSame(root1, root2);
  if (!areHashes([root1, root2, ...proof])) return false;
  const [first, ...rest] = isPowerOfTwo(size1) ? [root1, ...proof] : proof;
  if (first === undefined || proof.length === 0) return false;
  return followConsistency({ size1, size2, root1, root2, first, rest });
}

function followConsistency(claim: {
  readonly size1: number;
  readonly size2: number;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly first: Uint8Array;
  readonly rest: readonly Uint8Array[];
}): boolean {
  let place = claim.size1 - 1;
  let last = claim.size2 - 1;
  while (place % 2 === 1) [place, last] = [half(place), half(last)];
  let old = claim.first;
  let young = claim.first;
  for (const sibling of claim.rest) {
    if (last === 0) return false;
    if (place % 2 === 1 || place === last) {
      old = nodeHash(sibling, old);
      young = nodeHash(sibling, young);
      [place, last] = climb(place, last);
    } else {
      young = nodeHash(young, sibling);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && isSame(old, claim.root1) && isSame(young, claim.root2);
}

/** Up to where the path has a left sibling: a node without right sibling moves up unchanged. */
function climb(place: number, last: number): [number, number] {
  let [low, high] = [place, last];
  while (low !== 0 && low % 2 === 0) [low, high] = [half(low), half(high)];
  return [low, high];
}

// Sizes may pass 32 bits, where shifts would wrap.
function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  let rest = value;
  while (rest > 1 && rest % 2 === 0) rest /= 2;
  return rest === 1;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.byteLength === hashBytes);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one).equals(other);
}
