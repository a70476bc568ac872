import { buildMerkleTree, type MerkleTree } from '@slipway/evidence';
import type { KeptStatement, Store } from '@slipway/ports';

const pageSize = 5_000;

/** The Merkle tree over the first `size` statements of the log. */
export async function readLogTree(store: Store, size: number): Promise<MerkleTree> {
  const leaves: Buffer[] = [];
  while (leaves.length < size) {
    const page = await store.leafHashes(leaves.length, Math.min(pageSize, size - leaves.length));
    if (page.length === 0) break;
    for (const hash of page) leaves.push(Buffer.from(hash, 'hex'));
  }
  return buildMerkleTree(leaves);
}

/** The first `size` statements of the log. */
export async function readLogStatements(store: Store, size: number): Promise<readonly KeptStatement[]> {
  const statements: KeptStatement[] = [];
  while (statements.length < size) {
    const page = await store.statements({
      from: statements.length,
      limit: Math.min(pageSize, size - statements.length),
    });
    if (page.length === 0) break;
    statements.push(...page);
  }
  return statements;
}
