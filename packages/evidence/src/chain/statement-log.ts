import type { ParsedStatement } from '../statement.ts';

/** A statement with its place in the log and the digest of the bytes that were read. */
export interface LogEntry extends ParsedStatement {
  readonly index: number;
  readonly payloadDigest: string;
}

/** The log from 0, with its links in both directions. */
export interface StatementLog {
  readonly entries: readonly LogEntry[];
  readonly byId: ReadonlyMap<string, LogEntry>;
  /** Statements that rest on the one with this id. */
  readonly restingOn: ReadonlyMap<string, readonly LogEntry[]>;
}

/** What is wrong, where, and what a person does next. */
export interface Fault {
  /** File, statement id and index, commit, or environment. */
  readonly where: string;
  readonly what: string;
  readonly next: string;
  /** `broken`: something was changed or forged; `incomplete`: something that must be there is not. */
  readonly verdict: 'broken' | 'incomplete';
}

/** How a statement is named for people. */
export function nameEntry(entry: LogEntry): string {
  return `statement ${entry.id} (index ${entry.index})`;
}

/** Indexes entries by id and by link; of two with one id the first stands (see {@link findLinkFaults}). */
export function indexStatements(entries: readonly LogEntry[]): StatementLog {
  const byId = new Map<string, LogEntry>();
  const restingOn = new Map<string, LogEntry[]>();
  for (const entry of entries) {
    if (!byId.has(entry.id)) byId.set(entry.id, entry);
    for (const { id } of entry.links) {
      const others = restingOn.get(id);
      if (others === undefined) restingOn.set(id, [entry]);
      else others.push(entry);
    }
  }
  return { entries, byId, restingOn };
}

/** Ids told twice, links to nothing, and links whose digest is not that of the statement they name. */
export function findLinkFaults(log: StatementLog): readonly Fault[] {
  return log.entries.flatMap((entry) => [...findDoubleId(log, entry), ...findBrokenLinks(log, entry)]);
}

function findDoubleId(log: StatementLog, entry: LogEntry): readonly Fault[] {
  const first = log.byId.get(entry.id);
  if (first === undefined || first === entry) return [];
  return [broken(entry, `its id stands already at index ${first.index}`)];
}

function findBrokenLinks(log: StatementLog, entry: LogEntry): readonly Fault[] {
  return entry.links.flatMap((link) => {
    const target = log.byId.get(link.id);
    if (target === undefined) return [broken(entry, `it rests on statement ${link.id}, which is not in the log`)];
    if (target.payloadDigest === link.digest) return [];
    return [broken(entry, `its link to ${nameEntry(target)} is for other content`)];
  });
}

function broken(entry: LogEntry, what: string): Fault {
  return {
    where: nameEntry(entry),
    what,
    next: 'Treat the chain as forged and ask the operator of the log.',
    verdict: 'broken',
  };
}
