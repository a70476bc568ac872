import type { PredicateKind } from '@slipway/domain';
import { isJsonObject } from '../canonical-json.ts';
import { isOfPlace, readText, unknownCommit, type ProductionChange } from './production-change.ts';
import type { ChainRequirements } from './requirements.ts';
import type { LogEntry, StatementLog } from './statement-log.ts';

/** What the log proves of one production change. */
export interface ChainFindings {
  /** Statements of the chain, in the log's order. */
  readonly entries: readonly LogEntry[];
  /** Mandatory kinds that the chain does not show, in the order of the requirements. */
  readonly missing: readonly PredicateKind[];
  /** Accounts that approved, sorted. */
  readonly approvers: readonly string[];
  /** Whether enough people approved. */
  readonly isApproved: boolean;
  readonly verdict: 'whole' | 'incomplete';
}

/** Kinds that only count where they are the change's own: those of an older release that it restores prove that one. */
const ofThisEnvironment: readonly PredicateKind[] = ['promotion', 'authorisation', 'deployment'];
/**
 * Kinds that follow their own kind only from one change to the next: such a link is history, and proves nothing of this
 * change unless both are about the same digest.
 */
const oneAChange: readonly PredicateKind[] = [
  'change',
  'pipelineRun',
  'provenance',
  'manifestCommit',
  'promotion',
  'authorisation',
  'deployment',
];
/** Kinds that are told after a deployment and rest on it. */
const afterDeployment: readonly PredicateKind[] = ['verification', 'promotion', 'gate'];

/**
 * Walks from a deployment back along its links, and forward to what was told about it afterwards.
 *
 * A change that was authorised and not deployed yet starts from its authorisation and is not asked for a deployment; one whose
 * deployments were all aborted or failed is not asked for a verification.
 * An older statement about the same environment is another change's, and is followed only when it shares a subject
 * digest with this one (a rollback to an earlier release).
 */
export function walkChain(log: StatementLog, change: ProductionChange, requirements: ChainRequirements): ChainFindings {
  const isDeployed = change.deployments.length > 0;
  const starts = find(log, isDeployed ? change.deployments : change.authorisations);
  const entries = collect(log, starts, { change, requirements });
  const own = findOwn(log, change, entries);
  const approvers = findApprovers(log, own);
  const missing = requirements.mandatory
    .filter((kind) => isDeployed || kind !== 'deployment')
    .filter((kind) => kind !== 'verification' || !isTakenOut(log, change))
    .filter((kind) => !(ofThisEnvironment.includes(kind) ? own : entries).some((entry) => entry.kind === kind));
  const isApproved = approvers.length >= requirements.approvals;
  const isNamed = change.commit !== unknownCommit && change.application !== '' && change.environment !== '';
  const isWhole = missing.length === 0 && isApproved && isNamed;
  return { entries, missing, approvers, isApproved, verdict: isWhole ? 'whole' : 'incomplete' };
}

/** It was tried and taken out, or never got healthy: there was nothing left to verify. */
function isTakenOut(log: StatementLog, change: ProductionChange): boolean {
  const ends = find(log, change.deployments).map((entry) => readText(entry, 'phase'));
  return ends.length > 0 && ends.every((phase) => phase === 'aborted' || phase === 'failed' || phase === 'errored');
}

interface Walk {
  readonly change: ProductionChange;
  readonly requirements: ChainRequirements;
}

function collect(log: StatementLog, starts: readonly LogEntry[], walk: Walk): readonly LogEntry[] {
  const own = new Set(starts.flatMap(({ digests }) => digests));
  const seen = new Set<LogEntry>(starts);
  const waiting = [...starts];
  for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
    for (const next of neighbours(log, entry, walk)) {
      if (seen.has(next)) continue;
      if (isOfAnotherChange(next, walk.change, own) && !isOneChange(entry, next, walk.change)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return [...seen].sort((one, other) => one.index - other.index);
}

function neighbours(log: StatementLog, entry: LogEntry, walk: Walk): readonly LogEntry[] {
  const before = find(
    log,
    entry.links.map(({ id }) => id),
  ).filter((target) => isBound(entry, target, walk.requirements));
  if (!isOfPlace(entry, walk.change)) return before;
  const after = (log.restingOn.get(entry.id) ?? []).filter(
    (later) => afterDeployment.includes(later.kind) && isOfPlace(later, walk.change),
  );
  return [...before, ...after];
}

function isBound(from: LogEntry, to: LogEntry, { bound }: ChainRequirements): boolean {
  const isHistory = from.kind === to.kind && oneAChange.includes(from.kind);
  const isAsked = isHistory || bound.some((pair) => pair.from === from.kind && pair.to === to.kind);
  return !isAsked || to.digests.some((digest) => from.digests.includes(digest));
}

function isOfAnotherChange(entry: LogEntry, change: ProductionChange, own: ReadonlySet<string>): boolean {
  if (!isOfPlace(entry, change)) return false;
  const commit = readText(entry, 'commit');
  if (commit === '' || commit === change.commit) return false;
  return !entry.digests.some((digest) => own.has(digest));
}

/** An older change that was let in for its digest is followed whole. */
function isOneChange(from: LogEntry, to: LogEntry, change: ProductionChange): boolean {
  return isOfPlace(from, change) && readText(from, 'commit') === readText(to, 'commit');
}

/**
 * What is the change's own, not its release's: its authorisations and deployments, the promotions that these rest on, and what
 * was said of those promotions afterwards (a review of one that broke the glass).
 */
function findOwn(log: StatementLog, change: ProductionChange, chain: readonly LogEntry[]): readonly LogEntry[] {
  const authorisations = find(log, change.authorisations);
  const promotions = find(log, linksOf(authorisations)).filter(isPromotion);
  const afterwards = promotions.flatMap(({ id }) => log.restingOn.get(id) ?? []).filter(isPromotion);
  return [...authorisations, ...find(log, change.deployments), ...promotions, ...afterwards];

  function isPromotion(entry: LogEntry): boolean {
    return entry.kind === 'promotion' && isOfPlace(entry, change) && chain.includes(entry);
  }
}

function findApprovers(log: StatementLog, own: readonly LogEntry[]): readonly string[] {
  const said = own
    .filter(({ kind }) => kind !== 'deployment')
    .flatMap((entry) => readApprovals(entry.predicate['approvals']));
  const reviews = find(log, linksOf(own.filter(({ kind }) => kind === 'promotion')));
  const given = reviews
    .filter((entry) => entry.kind === 'review' && readText(entry, 'verdict') === 'approved')
    .map((entry) => readText(entry, 'account'));
  return [...new Set([...said, ...given])].filter((account) => account !== '').sort();
}

function linksOf(entries: readonly LogEntry[]): readonly string[] {
  return entries.flatMap(({ links }) => links.map(({ id }) => id));
}

function readApprovals(approvals: unknown): readonly string[] {
  if (!Array.isArray(approvals)) return [];
  return approvals.map((approval: unknown) => {
    const account = isJsonObject(approval) ? approval['account'] : approval;
    return typeof account === 'string' ? account : '';
  });
}

function find(log: StatementLog, ids: readonly string[]): readonly LogEntry[] {
  return ids.flatMap((id) => log.byId.get(id) ?? []);
}
