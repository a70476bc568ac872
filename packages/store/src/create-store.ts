import { InvariantError, type RecordNoun, type Records } from '@slipway/domain';
import type {
  EffectQueue,
  KeptStatement,
  RecordReader,
  StatementSigner,
  Store,
  Stored,
  StoreTransaction,
} from '@slipway/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { ChangeFeed, type Change } from './change-feed.ts';
import { openPool } from './open-pool.ts';
import { asStored, listRecords, readRecord } from './record-rows.ts';
import { recordMigrations } from './record-schema.ts';
import { isCollision, translateFault } from './sql-faults.ts';
import { readLeafHashes, readStatements, sequenceStatements } from './statement-rows.ts';
import { StoreError } from './store-error.ts';
import { keyOf, RecordMoved, Transaction } from './transaction.ts';

/** What a store is composed of. */
export interface StoreOptions {
  readonly url: string;
  readonly signer: StatementSigner;
  /** On the same database: enqueues on the transaction's own connection. */
  readonly effects: EffectQueue;
  /** The time now, ISO 8601 in UTC. */
  readonly clock: () => string;
  /** Faults that reach no caller: a listener that threw, a connection that broke. @default ignored */
  readonly onError?: (error: unknown) => void;
  /** @default 10 */
  readonly connections?: number;
}

/** A store that somebody must close. */
export interface OpenStore extends Store {
  /** Ends its connections once running transactions are done. */
  close(): Promise<void>;
}

const mostAttempts = 12;

/**
 * The store on PostgreSQL; brings the schema to its newest version first.
 *
 * @throws {@link StoreError} `STORE_UNAVAILABLE`, `STORE_NEWER`.
 */
export async function createStore(options: StoreOptions): Promise<OpenStore> {
  const { url, connections = 10, onError = () => undefined } = options;
  const pool = await openPool({ url, connections, onError }, recordMigrations);
  const feed = new ChangeFeed(url, onError);
  await feed.open();
  return new PostgresStore({ ...options, onError }, pool, feed);
}

class PostgresStore implements OpenStore {
  readonly #options: StoreOptions;
  readonly #pool: Pool;
  readonly #feed: ChangeFeed;

  constructor(options: StoreOptions, pool: Pool, feed: ChangeFeed) {
    this.#options = options;
    this.#pool = pool;
    this.#feed = feed;
  }

  get<N extends RecordNoun>(noun: N, id: string): Promise<Stored<Records[N]> | undefined> {
    return translated(async () => {
      const found = await readRecord(this.#pool, { noun, id });
      return found && asStored(found);
    });
  }

  list<N extends RecordNoun>(
    noun: N,
    query?: Parameters<RecordReader['list']>[1],
  ): Promise<readonly Stored<Records[N]>[]> {
    return translated(async () => (await listRecords(this.#pool, noun, query)).map(asStored));
  }

  statements(query: Parameters<Store['statements']>[0]): Promise<readonly KeptStatement[]> {
    return translated(() => readStatements(this.#pool, query));
  }

  leafHashes(from: number, limit: number): Promise<readonly string[]> {
    return translated(() => readLeafHashes(this.#pool, from, limit));
  }

  sequence(): Promise<number> {
    return translated(() =>
      this.#connected(async (client) => {
        await client.query('BEGIN');
        const size = await sequenceStatements(client);
        await client.query('COMMIT');
        return size;
      }),
    );
  }

  onChange(listener: (change: Change) => void): () => void {
    return this.#feed.subscribe(listener);
  }

  async transact<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    const contended = new Set<string>();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await translated(() => this.#attempt(work, contended));
      } catch (error) {
        if (error instanceof RecordMoved) contended.add(keyOf(error.record));
        else if (!isCollision(error)) throw error;
        if (attempt >= mostAttempts) {
          throw new StoreError('STORE_CONTENDED', `a transaction met others ${attempt} times`, { cause: error });
        }
        await sleep(Math.random() * Math.min(200, 2 ** attempt));
      }
    }
  }

  async close(): Promise<void> {
    await this.#feed.close();
    await this.#pool.end();
  }

  async #attempt<T>(work: (tx: StoreTransaction) => Promise<T>, contended: ReadonlySet<string>): Promise<T> {
    const { signer, effects, clock } = this.#options;
    const { result, transaction } = await this.#connected(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
      const open = new Transaction(client, { signer, effects, now: clock() }, contended);
      try {
        const returned = await work(open);
        await open.confirm();
        const { command } = await client.query('COMMIT');
        if (command !== 'COMMIT') throw new InvariantError('a transaction went on after a statement of it had failed');
        return { result: returned, transaction: open };
      } catch (error) {
        await open.abandon();
        throw error;
      }
    });
    this.#feed.publish(transaction.changes);
    if (transaction.effects.length > 0) effects.committed?.(transaction.effects);
    return result;
  }

  /** A connection goes back to the pool only with no transaction open on it. */
  async #connected<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    // Between two queries nobody else listens; the next query fails by itself.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    let isClean = false;
    try {
      const result = await work(client);
      isClean = true;
      return result;
    } catch (error) {
      isClean = await client.query('ROLLBACK').then(
        () => true,
        () => false,
      );
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(!isClean);
    }
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateFault(error);
  }
}
