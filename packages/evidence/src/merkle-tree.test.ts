import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appendLeaf,
  buildMerkleTree,
  emptyRange,
  emptyRoot,
  EvidenceError,
  leafHash,
  nodeHash,
  rangeRoot,
  verifyConsistency,
  verifyInclusion,
  type CompactRange,
} from './index.ts';

const project = new URL('../../../', import.meta.url).pathname;
const vectors = join(process.env['SLIPWAY_TESTDATA'] ?? join(project, '../shared/testdata'), 'merkle');
const hasVectors = existsSync(vectors);
if (!hasVectors) console.info('Skipped: the public Merkle vectors are absent (SLIPWAY_TESTDATA).');

interface InclusionVector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}
interface ConsistencyVector {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

function readVectors(folder: string): readonly (readonly [string, unknown])[] {
  if (!hasVectors) return [];
  return readdirSync(join(vectors, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, JSON.parse(readFileSync(join(vectors, folder, name), 'utf8'))] as const);
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function leaves(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)));
}

/** The definition of RFC 9162, section 2.1.1, word for word. */
function naiveRoot(hashes: readonly Uint8Array[]): Uint8Array {
  const [only] = hashes;
  if (only === undefined) return emptyRoot;
  if (hashes.length === 1) return only;
  const middle = 2 ** Math.ceil(Math.log2(hashes.length) - 1);
  return nodeHash(naiveRoot(hashes.slice(0, middle)), naiveRoot(hashes.slice(middle)));
}

describe.skipIf(!hasVectors)('public vectors', () => {
  it('hold for inclusion', () => {
    const cases = readVectors('inclusion') as readonly (readonly [string, InclusionVector])[];
    const wrong = cases.filter(([, { leafIdx, treeSize, root, leafHash: leaf, proof, wantErr }]) => {
      const claim = {
        leafHash: bytes(leaf),
        index: leafIdx,
        size: treeSize,
        root: bytes(root),
        proof: (proof ?? []).map(bytes),
      };
      return verifyInclusion(claim) === wantErr;
    });

    expect(cases).toHaveLength(98);
    expect(wrong.map(([name]) => name)).toEqual([]);
  });

  it('hold for consistency', () => {
    const cases = readVectors('consistency') as readonly (readonly [string, ConsistencyVector])[];
    const wrong = cases.filter(([, { root1, root2, proof, wantErr, ...sizes }]) => {
      const claim = { ...sizes, root1: bytes(root1), root2: bytes(root2), proof: (proof ?? []).map(bytes) };
      return verifyConsistency(claim) === wantErr;
    });

    expect(cases).toHaveLength(98);
    expect(wrong.map(([name]) => name)).toEqual([]);
  });
});

describe('buildMerkleTree', () => {
  it('has the root of the definition, as the compact range has, at every size', () => {
    const all = leaves(70);
    const tree = buildMerkleTree(all);
    let range: CompactRange = emptyRange;

    for (let size = 0; size <= all.length; size += 1) {
      expect(Buffer.from(tree.rootAt(size)).equals(naiveRoot(all.slice(0, size)))).toBe(true);
      expect(Buffer.from(rangeRoot(range)).equals(tree.rootAt(size))).toBe(true);
      const next = all[size];
      if (next !== undefined) range = appendLeaf(range, next);
    }
  });

  it('makes proofs that verify for every leaf and every pair of sizes, and for no other place', () => {
    const all = leaves(34);
    const tree = buildMerkleTree(all);

    for (let size = 1; size <= all.length; size += 1) {
      const root = tree.rootAt(size);
      for (const [index, leaf] of all.slice(0, size).entries()) {
        const proof = tree.inclusionProof(index, size);
        expect(verifyInclusion({ leafHash: leaf, index, size, root, proof })).toBe(true);
        expect(verifyInclusion({ leafHash: leaf, index: index + 1, size, root, proof })).toBe(false);
      }
      for (let size1 = 1; size1 <= size; size1 += 1) {
        const claim = {
          size1,
          size2: size,
          root1: tree.rootAt(size1),
          root2: root,
          proof: tree.consistencyProof(size1, size),
        };
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, root1: leafHash(Buffer.from('x')) })).toBe(false);
      }
    }
  });

  it('refuses places outside', () => {
    const tree = buildMerkleTree(leaves(3));

    expect(() => tree.rootAt(4)).toThrow(EvidenceError);
    expect(() => tree.inclusionProof(3, 3)).toThrow(EvidenceError);
    expect(() => tree.consistencyProof(0, 3)).toThrow(EvidenceError);
    expect(() => tree.consistencyProof(3, 2)).toThrow(EvidenceError);
  });

  it('notices any changed leaf', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.nat(), (size, seed) => {
        const all = leaves(size);
        const changed = all.with(seed % size, leafHash(Buffer.from('forged')));

        expect(Buffer.from(buildMerkleTree(changed).rootAt(size)).equals(buildMerkleTree(all).rootAt(size))).toBe(
          false,
        );
      }),
      { numRuns: 50 },
    );
  });
});
