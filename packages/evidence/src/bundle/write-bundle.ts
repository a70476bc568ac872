import { createPublicKey, type KeyObject } from 'node:crypto';
import { InvariantError } from '@slipway/domain';
import { canonicalJson } from '../canonical-json.ts';
import {
  findProductionChanges,
  isInPeriod,
  isPeriod,
  type Period,
  type ProductionChange,
} from '../chain/production-change.ts';
import { defaultRequirements, type ChainRequirements } from '../chain/requirements.ts';
import { indexStatements, type LogEntry, type StatementLog } from '../chain/statement-log.ts';
import { verifyCheckpoint } from '../checkpoint.ts';
import { signEnvelope, verifyEnvelope } from '../envelope.ts';
import { EvidenceError } from '../evidence-error.ts';
import { leafHash } from '../merkle-tree.ts';
import { makeAuditReport, type AuditReport } from '../report/audit-report.ts';
import { printReportCsv } from '../report/print-csv.ts';
import { printReportHtml } from '../report/print-html.ts';
import { keyFingerprint } from '../signing-key.ts';
import { parseStatement, payloadDigest } from '../statement.ts';
import { bundleFiles, manifestPayloadType, printJsonFile, type BundleManifest } from './layout.ts';

/** A statement as the store keeps it; the same shape as the port's, which this package may not import. */
export interface KeptStatement {
  readonly id: string;
  readonly kind: string;
  readonly envelope: string;
  readonly payloadDigest: string;
  readonly recordedAt: string;
  readonly index?: number;
}

/** Takes one file; awaited before the next. */
export type BundleSink = (path: string, bytes: Uint8Array) => Promise<void> | void;

/** What an export is made of. */
export interface BundleInput {
  /** The whole log from 0, in order, up to the checkpoint's size. */
  readonly statements: readonly KeptStatement[];
  /** Signed note as published; its size is the number of statements. */
  readonly checkpoint: string;
  readonly origin: string;
  readonly period: Period;
  /** Seals the manifest; the statements and the checkpoint must be signed by it too. */
  readonly signingKey: KeyObject;
  /** Default: {@link defaultRequirements}. */
  readonly requirements?: ChainRequirements;
}

/** Line of `population.json`: a {@link ProductionChange} without the report's findings. */
export type Population = readonly ProductionChange[];

/** Changes of protected environments in a period. */
export function findPopulation(log: StatementLog, period: Period): Population {
  return findProductionChanges(log).filter((change) => isInPeriod(log, change, period));
}

/** The files that are derived from the log alone: who has the log can make them again, byte for byte. */
export function deriveFiles(log: StatementLog, report: AuditReport): Readonly<Record<string, string>> {
  return {
    [bundleFiles.population]: printJsonFile(findPopulation(log, report.period)),
    [bundleFiles.reportJson]: printJsonFile(report),
    [bundleFiles.reportCsv]: printReportCsv(report),
  };
}

/**
 * Writes a bundle that a third party verifies offline. The manifest and its seal come last: a bundle without them was
 * cut off and is refused.
 *
 * @throws {@link EvidenceError} `EVIDENCE_LOG_TRUNCATED` when statements and checkpoint differ in size or order,
 *   `EVIDENCE_SIGNATURE_REFUSED` or `EVIDENCE_CHECKPOINT_INVALID` when one is not signed by `signingKey`.
 */
export async function writeBundle(sink: BundleSink, input: BundleInput): Promise<BundleManifest> {
  if (!isPeriod(input.period)) {
    throw new EvidenceError('EVIDENCE_PERIOD_INVALID', `${input.period.from} to ${input.period.to} is no period`);
  }
  const publicKey = createPublicKey(input.signingKey);
  const requirements = input.requirements ?? defaultRequirements;
  const log = indexStatements(input.statements.map((kept, index) => readKept(kept, index, publicKey)));
  const { size } = verifyCheckpoint(input.checkpoint, publicKey, input.origin);
  if (size !== input.statements.length) {
    const what = `The checkpoint is for ${size} statements and ${input.statements.length} were given`;
    throw new EvidenceError('EVIDENCE_LOG_TRUNCATED', what);
  }
  const report = makeAuditReport(
    log,
    { origin: input.origin, period: { from: input.period.from, to: input.period.to } },
    requirements,
  );
  const files: Readonly<Record<string, string>> = {
    [bundleFiles.statements]: input.statements.map(printLine).join(''),
    [bundleFiles.checkpoint]: input.checkpoint,
    ...deriveFiles(log, report),
    [bundleFiles.reportHtml]: printReportHtml(report),
  };
  const manifest = describe(input, files, report);
  for (const [path, text] of Object.entries(files)) await sink(path, Buffer.from(text));
  const payload = Buffer.from(printJsonFile(manifest));
  const signer = { privateKey: input.signingKey, keyId: manifest.claimedKey };
  await sink(bundleFiles.manifest, payload);
  await sink(bundleFiles.seal, Buffer.from(signEnvelope({ payloadType: manifestPayloadType, payload }, [signer])));
  return manifest;
}

function describe(input: BundleInput, files: Readonly<Record<string, string>>, report: AuditReport): BundleManifest {
  const digests = Object.entries(files).map(([path, text]) => [path, payloadDigest(Buffer.from(text))] as const);
  return {
    formatVersion: 1,
    origin: input.origin,
    period: { from: input.period.from, to: input.period.to },
    counts: { statements: input.statements.length, changes: report.changes.length },
    claimedKey: keyFingerprint(createPublicKey(input.signingKey)),
    requirements: input.requirements ?? defaultRequirements,
    files: Object.fromEntries(digests),
  };
}

function readKept(kept: KeptStatement, index: number, publicKey: KeyObject): LogEntry {
  if (kept.index !== index) {
    throw new EvidenceError('EVIDENCE_LOG_TRUNCATED', `Statement ${kept.id} is given at ${index}, not at its index`);
  }
  const { payload } = verifyEnvelope(kept.envelope, [publicKey]);
  const digest = payloadDigest(payload);
  if (digest !== kept.payloadDigest) throw new InvariantError(`statement ${kept.id} is kept with another digest`);
  return { ...parseStatement(payload), index, payloadDigest: digest };
}

function printLine({ envelope }: KeptStatement, index: number): string {
  const leaf = leafHash(Buffer.from(envelope)).toString('hex');
  return `${canonicalJson({ envelope, index, leaf })}\n`;
}
