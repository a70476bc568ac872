import type { PredicateKind } from '@slipway/domain';
import { isJsonObject } from '../canonical-json.ts';
import { findProductionChanges, isInPeriod, type Period, type ProductionChange } from '../chain/production-change.ts';
import type { ChainRequirements } from '../chain/requirements.ts';
import type { LogEntry, StatementLog } from '../chain/statement-log.ts';
import { walkChain, type ChainFindings } from '../chain/walk-chain.ts';

/** What an auditor asks of each change, in this order. */
export const reportSteps = ['request', 'review', 'tests', 'build', 'approval', 'deployment', 'verification'] as const;
export type ReportStep = (typeof reportSteps)[number];

/** Where each kind of statement stands in the report. */
const stepOf: Record<PredicateKind, ReportStep> = {
  change: 'request',
  review: 'review',
  stage: 'tests',
  pipelineRun: 'tests',
  gate: 'tests',
  provenance: 'build',
  manifestCommit: 'build',
  promotion: 'approval',
  authorisation: 'approval',
  releaseTicket: 'approval',
  hold: 'approval',
  canaryControl: 'approval',
  revocation: 'approval',
  refusal: 'approval',
  deployment: 'deployment',
  verification: 'verification',
};

/** One statement, for people. */
export interface ReportLine {
  readonly id: string;
  readonly index: number;
  readonly kind: PredicateKind;
  readonly recordedAt: string;
  /** What the predicate says in its plain fields; empty when it has none of them. */
  readonly summary: string;
}

export interface ReportedChange extends ProductionChange {
  readonly verdict: ChainFindings['verdict'];
  readonly missing: readonly PredicateKind[];
  readonly approvers: readonly string[];
  readonly steps: Readonly<Record<ReportStep, readonly ReportLine[]>>;
}

/** The population of a period and the chain of each change. Derived from the log alone, so anyone can derive it again. */
export interface AuditReport {
  readonly formatVersion: 1;
  readonly origin: string;
  readonly period: Period;
  readonly totals: {
    readonly statements: number;
    readonly changes: number;
    readonly whole: number;
    readonly incomplete: number;
  };
  readonly changes: readonly ReportedChange[];
}

/** Fields of a predicate that a person is shown, in this order; all others stay in the statement. */
const shownFields = [
  'environment',
  'subject',
  'title',
  'author',
  'pullRequest',
  'account',
  'requestedBy',
  'name',
  'verdict',
  'verificationResult',
  'conclusion',
  'phase',
  'reason',
  'message',
  'approvals',
] as const;
const longestValue = 200;

/** Derives the report of a period. Pure: the same log, period and requirements give the same report. */
export function makeAuditReport(
  log: StatementLog,
  about: { readonly origin: string; readonly period: Period },
  requirements: ChainRequirements,
): AuditReport {
  const changes = findProductionChanges(log)
    .filter((change) => isInPeriod(log, change, about.period))
    .map((change) => reportChange(change, walkChain(log, change, requirements)));
  const whole = changes.filter(({ verdict }) => verdict === 'whole').length;
  return {
    formatVersion: 1,
    origin: about.origin,
    period: about.period,
    totals: { statements: log.entries.length, changes: changes.length, whole, incomplete: changes.length - whole },
    changes,
  };
}

function reportChange(change: ProductionChange, findings: ChainFindings): ReportedChange {
  const linesOf = (step: ReportStep): readonly ReportLine[] =>
    findings.entries.filter(({ kind }) => stepOf[kind] === step).map(reportLine);
  return {
    ...change,
    verdict: findings.verdict,
    missing: findings.missing,
    approvers: findings.approvers,
    steps: {
      request: linesOf('request'),
      review: linesOf('review'),
      tests: linesOf('tests'),
      build: linesOf('build'),
      approval: linesOf('approval'),
      deployment: linesOf('deployment'),
      verification: linesOf('verification'),
    },
  };
}

function reportLine({ id, index, kind, recordedAt, predicate }: LogEntry): ReportLine {
  const parts = shownFields.flatMap((field) => {
    const text = Array.from(showValue(predicate[field])).slice(0, longestValue).join('');
    return text === '' ? [] : [`${field}: ${text}`];
  });
  return { id, index, kind, recordedAt, summary: parts.join('; ') };
}

function showValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value))
    return value
      .map(showValue)
      .filter((text) => text !== '')
      .join(', ');
  if (!isJsonObject(value)) return '';
  return showValue(value['account'] ?? value['name'] ?? '');
}
