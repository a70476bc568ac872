export { EvidenceError, evidenceErrors } from './evidence-error.ts';
export { canonicalJson } from './canonical-json.ts';
export {
  createSigningKey,
  keyFingerprint,
  parsePrivateKey,
  parsePublicKey,
  printPrivateKey,
  printPublicKey,
  type SigningKey,
} from './signing-key.ts';
export {
  pae,
  parseEnvelope,
  signEnvelope,
  verifyEnvelope,
  type EnvelopeContent,
  type EnvelopeSigner,
  type UnverifiedEnvelope,
  type VerifiedContent,
} from './envelope.ts';
export {
  createStatementSigner,
  parseStatement,
  payloadDigest,
  reservedPredicateFields,
  statementPayloadType,
  statementType,
  type ParsedStatement,
  type StatementLink,
  type StatementSigner,
} from './statement.ts';
export { openReport, reportPayloadType, signReport, type OpenedReport } from './signed-report.ts';
export {
  appendLeaf,
  buildMerkleTree,
  emptyRange,
  emptyRoot,
  leafHash,
  nodeHash,
  rangeRoot,
  type CompactRange,
  type MerkleTree,
} from './merkle-tree.ts';
export { verifyConsistency, verifyInclusion } from './merkle-proof.ts';
export {
  parseCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
  type Checkpoint,
  type ParsedCheckpoint,
} from './checkpoint.ts';
export type { Fault, LogEntry, StatementLog } from './chain/statement-log.ts';
export { indexStatements } from './chain/statement-log.ts';
export type { Period, ProductionChange } from './chain/production-change.ts';
export { defaultRequirements, type ChainRequirements } from './chain/requirements.ts';
export {
  makeAuditReport,
  reportSteps,
  type AuditReport,
  type ReportedChange,
  type ReportLine,
  type ReportStep,
} from './report/audit-report.ts';
export { printReportCsv } from './report/print-csv.ts';
export { printReportHtml } from './report/print-html.ts';
export { bundleFiles, type BundleManifest } from './bundle/layout.ts';
export { writeBundle, type BundleInput, type BundleSink, type KeptStatement } from './bundle/write-bundle.ts';
export {
  verifyBundle,
  type BundleReader,
  type BundleVerdict,
  type VerifiedChange,
  type VerifyOptions,
} from './bundle/verify-bundle.ts';
export { evidenceBranch, type CloneReader, type Closure } from './bundle/verify-clone.ts';
