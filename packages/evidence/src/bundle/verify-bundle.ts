import type { KeyObject } from 'node:crypto';
import type { Period, ProductionChange } from '../chain/production-change.ts';
import { defaultRequirements, type ChainRequirements } from '../chain/requirements.ts';
import { findLinkFaults, type Fault, type StatementLog } from '../chain/statement-log.ts';
import { walkChain, type ChainFindings } from '../chain/walk-chain.ts';
import { verifyCheckpoint } from '../checkpoint.ts';
import { EvidenceError } from '../evidence-error.ts';
import { buildMerkleTree, type MerkleTree } from '../merkle-tree.ts';
import { makeAuditReport } from '../report/audit-report.ts';
import { keyFingerprint, parsePublicKey } from '../signing-key.ts';
import { decodeUtf8, payloadDigest } from '../statement.ts';
import { bundleFiles, sealedFiles, type BundleManifest } from './layout.ts';
import { readLog } from './read-log.ts';
import { broken, readManifest, readText, type Files } from './read-manifest.ts';
import { verifyClone, type CloneReader, type Closure } from './verify-clone.ts';
import { deriveFiles, findPopulation } from './write-bundle.ts';

/** Gives a file's bytes, `undefined` when the bundle has none; the caller bounds the size. */
export type BundleReader = (path: string, signal?: AbortSignal) => Promise<Uint8Array | undefined>;

/** What the verifier brings; nothing of it may come out of the bundle. */
export interface VerifyOptions {
  /** The pinned key, SPKI PEM. */
  readonly publicKeyPem: string;
  /** The fingerprint that was told out of band; the key must have it. */
  readonly expectedFingerprint?: string;
  /** Without it the completeness is not checked. */
  readonly clone?: CloneReader;
  /** Paths of protected environments, beside those that the authorisations name. */
  readonly closures?: readonly Closure[];
  /** Default: {@link defaultRequirements}; what the bundle says of its own is only used to make its report again. */
  readonly requirements?: ChainRequirements;
  readonly signal?: AbortSignal;
}

/** One change of the population with its chain. */
export interface VerifiedChange {
  readonly application: string;
  readonly environment: string;
  readonly commit: string;
  readonly links: readonly { readonly id: string; readonly index: number; readonly kind: string }[];
  readonly verdict: ChainFindings['verdict'];
}

/** `broken` outweighs `incomplete`; only `whole` has no fault. */
export interface BundleVerdict {
  readonly verdict: 'whole' | 'broken' | 'incomplete';
  readonly completeness: 'checked' | 'not checked';
  /** Statements that were believed. */
  readonly statements: number;
  /** The period that the bundle says it covers; absent when its manifest cannot be read. */
  readonly period?: Period;
  readonly changes: readonly VerifiedChange[];
  readonly faults: readonly Fault[];
}

/**
 * Verifies a bundle by the pinned key alone, offline. Every fault is listed, never just the first.
 *
 * @throws {@link EvidenceError} `EVIDENCE_KEY_INVALID` when `publicKeyPem` is not a key to verify with.
 */
export async function verifyBundle(read: BundleReader, options: VerifyOptions): Promise<BundleVerdict> {
  const publicKey = parsePublicKey(options.publicKeyPem);
  const fingerprint = keyFingerprint(publicKey);
  if (options.expectedFingerprint !== undefined && options.expectedFingerprint !== fingerprint) {
    return judge([otherKey(fingerprint)], { statements: 0, changes: [], completeness: 'not checked' });
  }
  const files = await readFiles(read, options.signal);
  const {
    log,
    leaves,
    faults: lineFaults,
  } = readLog(files.get(bundleFiles.statements) ?? none, publicKey, options.signal);
  const tree = buildMerkleTree(leaves);
  const { manifest, faults: sealFaults } = readManifest(files, publicKey);
  const chains = findChains(log, manifest, options.requirements ?? defaultRequirements);
  const faults = [
    ...lineFaults,
    ...findLinkFaults(log),
    ...findTreeFaults(files.get(bundleFiles.checkpoint), { tree, publicKey, origin: manifest?.origin }),
    ...sealFaults,
    ...(manifest === undefined ? [] : findFileFaults(files, log, manifest)),
    ...chains.flatMap(findChainFaults),
  ];
  const about = {
    statements: log.entries.length,
    ...(manifest === undefined ? {} : { period: manifest.period }),
    changes: chains.map(({ change, findings }) => describeChange(change, findings)),
  };
  if (options.clone === undefined || manifest === undefined)
    return judge(faults, { ...about, completeness: 'not checked' });
  const found = await verifyClone(options.clone, {
    log,
    tree,
    publicKey,
    origin: manifest.origin,
    closures: options.closures ?? [],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return judge([...faults, ...found.faults], { ...about, completeness: found.completeness });
}

const none = new Uint8Array();
interface Chain {
  readonly change: ProductionChange;
  readonly findings: ChainFindings;
}

async function readFiles(read: BundleReader, signal?: AbortSignal): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  for (const path of Object.values(bundleFiles)) {
    const bytes = await read(path, signal);
    if (bytes !== undefined) files.set(path, bytes);
  }
  return files;
}

function findTreeFaults(
  bytes: Uint8Array | undefined,
  about: { readonly tree: MerkleTree; readonly publicKey: KeyObject; readonly origin: string | undefined },
): readonly Fault[] {
  const { tree, publicKey, origin } = about;
  if (bytes === undefined) return [broken(bundleFiles.checkpoint, 'The bundle has no checkpoint')];
  try {
    const { size, root } = verifyCheckpoint(decodeUtf8(bytes), publicKey, origin);
    if (size !== tree.size)
      return [broken(bundleFiles.checkpoint, `It is for ${size} statements, the bundle holds ${tree.size}`)];
    return Buffer.from(tree.rootAt(size)).equals(root)
      ? []
      : [broken(bundleFiles.checkpoint, 'The statements do not have its root')];
  } catch (error) {
    if (error instanceof EvidenceError) return [broken(bundleFiles.checkpoint, error.message)];
    throw error;
  }
}

function findFileFaults(files: Files, log: StatementLog, manifest: BundleManifest): readonly Fault[] {
  const derived = deriveFiles(log, makeAuditReport(log, manifest, manifest.requirements));
  const altered = sealedFiles.filter((path) => payloadDigest(files.get(path) ?? none) !== manifest.files[path]);
  const underived = Object.keys(derived).filter((path) => readText(files, path) !== derived[path]);
  const { statements, changes } = manifest.counts;
  const isCounted = statements === log.entries.length && changes === findPopulation(log, manifest.period).length;
  return [
    ...altered.map((path) => broken(path, 'It is not the file that the manifest lists')),
    ...underived.map((path) => broken(path, 'It is not what the statements tell')),
    ...(isCounted ? [] : [broken(bundleFiles.manifest, 'Its counts are not those of the statements')]),
  ];
}

function findChains(
  log: StatementLog,
  manifest: BundleManifest | undefined,
  requirements: ChainRequirements,
): readonly Chain[] {
  if (manifest === undefined) return [];
  const population = findPopulation(log, manifest.period);
  return population.map((change) => ({ change, findings: walkChain(log, change, requirements) }));
}

function findChainFaults({ change, findings }: Chain): readonly Fault[] {
  if (findings.verdict === 'whole') return [];
  const where = `${change.application} in ${change.environment} at commit ${change.commit}`;
  const lacks = [
    ...findings.missing.map((kind) => `no ${kind}`),
    ...(findings.isApproved ? [] : ['too few approvals']),
  ];
  const what = `Its chain shows ${lacks.join(', ') || 'no commit'}`;
  return [
    { where, what, next: 'Ask for the missing evidence, or treat the change as unproven.', verdict: 'incomplete' },
  ];
}

function describeChange(change: ProductionChange, { entries, verdict }: ChainFindings): VerifiedChange {
  const { application, environment, commit } = change;
  return {
    application,
    environment,
    commit,
    verdict,
    links: entries.map(({ id, index, kind }) => ({ id, index, kind })),
  };
}

function judge(faults: readonly Fault[], about: Omit<BundleVerdict, 'verdict' | 'faults'>): BundleVerdict {
  const isBroken = faults.some(({ verdict }) => verdict === 'broken');
  const verdict = isBroken ? 'broken' : faults.length > 0 ? 'incomplete' : 'whole';
  return { verdict, ...about, faults };
}

function otherKey(fingerprint: string): Fault {
  const what = `The key given has the fingerprint ${fingerprint}, not the one expected`;
  return {
    where: 'the pinned key',
    what,
    next: 'Get the key and its fingerprint from two sources again.',
    verdict: 'broken',
  };
}
