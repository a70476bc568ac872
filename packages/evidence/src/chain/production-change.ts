import type { LogEntry, StatementLog } from './statement-log.ts';

/** One commit that came into one protected environment: a line of the population. */
export interface ProductionChange {
  readonly application: string;
  readonly environment: string;
  /** Config revision; `unknown` when a statement names none, which no requirement can then be met for. */
  readonly commit: string;
  readonly release?: string;
  readonly authorisedAt?: string;
  readonly deployedAt?: string;
  /** Ids of the statements, in the log's order. */
  readonly authorisations: readonly string[];
  readonly deployments: readonly string[];
}

/** From inclusive, to exclusive; ISO 8601, UTC. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** Tells whether both ends are times and in order; a period that holds nothing by mistake must not pass as an empty one. */
export function isPeriod({ from, to }: Period): boolean {
  return Date.parse(from) < Date.parse(to);
}

/** Commit of a statement that names none. */
export const unknownCommit = 'unknown';

/**
 * Every change of a protected environment that the log tells of: statements of kind authorisation and deployment with
 * `predicate.protected` true, grouped by application, environment and commit, in the order of their first statement.
 */
export function findProductionChanges(log: StatementLog): readonly ProductionChange[] {
  const groups = new Map<string, LogEntry[]>();
  for (const entry of log.entries) {
    if (!isProduction(entry)) continue;
    const key = JSON.stringify([readText(entry, 'application'), readText(entry, 'environment'), commitOf(entry)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].map(describe);
}

/** Tells whether a change was authorised or deployed in the period. */
export function isInPeriod(log: StatementLog, change: ProductionChange, period: Period): boolean {
  return [...change.authorisations, ...change.deployments].some((id) => {
    const at = Date.parse(log.byId.get(id)?.recordedAt ?? '');
    return at >= Date.parse(period.from) && at < Date.parse(period.to);
  });
}

/** A text field of a predicate, empty when it is absent or no text. */
export function readText(entry: LogEntry, field: string): string {
  const value = entry.predicate[field];
  return typeof value === 'string' ? value : '';
}

/** Tells whether two statements are about the same application and environment. */
export function isOfPlace(
  entry: LogEntry,
  place: { readonly application: string; readonly environment: string },
): boolean {
  return readText(entry, 'application') === place.application && readText(entry, 'environment') === place.environment;
}

function isProduction(entry: LogEntry): boolean {
  return (entry.kind === 'authorisation' || entry.kind === 'deployment') && entry.predicate['protected'] === true;
}

function commitOf(entry: LogEntry): string {
  return readText(entry, 'commit') || unknownCommit;
}

function describe(group: readonly LogEntry[]): ProductionChange {
  const [first] = group;
  const authorisations = group.filter(({ kind }) => kind === 'authorisation');
  const deployments = group.filter(({ kind }) => kind === 'deployment');
  const release = group.map((entry) => readText(entry, 'release')).find((text) => text !== '');
  const authorisedAt = authorisations[0]?.recordedAt;
  const deployedAt = deployments[0]?.recordedAt;
  return {
    application: first === undefined ? '' : readText(first, 'application'),
    environment: first === undefined ? '' : readText(first, 'environment'),
    commit: first === undefined ? unknownCommit : commitOf(first),
    ...(release === undefined ? {} : { release }),
    ...(authorisedAt === undefined ? {} : { authorisedAt }),
    ...(deployedAt === undefined ? {} : { deployedAt }),
    authorisations: authorisations.map(({ id }) => id),
    deployments: deployments.map(({ id }) => id),
  };
}
