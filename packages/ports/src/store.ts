import type { EvidenceStatement, RecordNoun, Records } from '@slipway/domain';

/** A record with the version that a later write must still find. */
export interface Stored<T> {
  readonly value: T;
  /** Counts writes from 1. */
  readonly version: number;
  readonly updatedAt: string;
}

/** A finite piece of outside work, started in the transaction of its transition. */
export interface Effect {
  /** Name of the registered handler. */
  readonly kind: string;
  /** Deterministic and unique for ever: enqueuing the same key twice is one effect. */
  readonly key: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Enqueues effects on the database connection of an open transaction. */
export interface EffectQueue {
  /** `connection` is the store's own (`pg` ClientBase on PostgreSQL). */
  enqueue(connection: unknown, effect: Effect): Promise<void>;
  /** Told after the commit, so that the work starts at once. A hint: a lost one costs a poll's time, no more. */
  committed?(effects: readonly Effect[]): void;
}

/** What to match: every given field equals, compared as JSON containment. */
export type Match<T> = { readonly [K in keyof T]?: unknown };

export interface RecordReader {
  get<N extends RecordNoun>(noun: N, id: string): Promise<Stored<Records[N]> | undefined>;
  /** Sorted by creation, oldest first unless `newestFirst`; at most `limit` (default 1000). */
  list<N extends RecordNoun>(
    noun: N,
    query?: { readonly match?: Match<Records[N]>; readonly limit?: number; readonly newestFirst?: boolean },
  ): Promise<readonly Stored<Records[N]>[]>;
}

export interface StoreTransaction extends RecordReader {
  /** As `get`, and holds the row until the end: nobody else changes it meanwhile. */
  lock<N extends RecordNoun>(noun: N, id: string): Promise<Stored<Records[N]> | undefined>;
  /** A lock by name, for an id that does not exist yet (advisory, until the end of the transaction). */
  lockName(name: string): Promise<void>;
  /** Creates or replaces. */
  put<N extends RecordNoun>(noun: N, id: string, value: Records[N]): Promise<void>;
  remove(noun: RecordNoun, id: string): Promise<void>;
  /** Signs and keeps a statement; the same id again changes nothing. Links must exist. */
  record(statement: EvidenceStatement): Promise<void>;
  effect(effect: Effect): Promise<void>;
}

/** A signed statement as kept. */
export interface KeptStatement {
  readonly id: string;
  readonly kind: string;
  /** DSSE envelope as JSON text; its bytes are what the log's leaf hashes. */
  readonly envelope: string;
  /** `sha256:` digest of the envelope's payload bytes. */
  readonly payloadDigest: string;
  readonly recordedAt: string;
  /** Place in the log from 0; absent until sequenced. */
  readonly index?: number;
}

export interface Store extends RecordReader {
  /** One transaction; repeated from its start on a serialization failure or deadlock (so `work` has no outside effect). */
  transact<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T>;
  /** Called after each commit with the nouns written, on this replica and others (LISTEN/NOTIFY). Returns the unsubscriber. */
  onChange(listener: (change: { readonly noun: RecordNoun; readonly id: string }) => void): () => void;
  /** Statements by id, or a range of the log (`from` inclusive, at most `limit`). */
  statements(
    query: { readonly ids: readonly string[] } | { readonly from: number; readonly limit: number },
  ): Promise<readonly KeptStatement[]>;
  /** Gives indexes to unsequenced statements in order of recording; returns the log's size. */
  sequence(): Promise<number>;
  /** Leaf hashes (hex) of the log from 0, for the Merkle tree. */
  leafHashes(from: number, limit: number): Promise<readonly string[]>;
}

/** Signs statements; the private key never leaves the server. */
export interface StatementSigner {
  /** @param links - each link's id with its payload digest, written into the predicate as `links`. */
  sign(
    statement: EvidenceStatement,
    links: readonly { readonly id: string; readonly digest: string }[],
    at: string,
  ): { readonly envelope: string; readonly payloadDigest: string };
}

/** One measured point of a run; kept in the metrics database. */
export interface MetricPoint {
  readonly name: string;
  readonly at: string;
  readonly value: number;
  /** `ms`, `bytes`, `count`, `ratio`. */
  readonly unit: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Writing the same key twice is one point. */
  readonly key: string;
}

export interface MetricsStore {
  write(points: readonly MetricPoint[]): Promise<void>;
  query(query: {
    readonly name?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly since?: string;
    readonly limit?: number;
  }): Promise<readonly MetricPoint[]>;
}

/** Name of the effect that tells delivery of a merged promotion; payload `promotion`, `commit`, `approvals`, `reviews`. */
export const promotionMergedEffect = 'delivery.promotion-merged';

/** Name of the effect that pins a commit of an app-config repository; payload `repository`, `commit`. */
export const appConfigMovedEffect = 'delivery.app-config-moved';
