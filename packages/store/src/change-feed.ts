import type { RecordNoun } from '@slipway/domain';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { RecordName } from './transaction.ts';

/** A record that a commit wrote or removed. */
export type Change = RecordName;

const channel = 'slipway_change';
/** NOTIFY's limit is 8000 bytes. */
const payloadBytes = 7_000;
/** Notices kept while the connection is away; beyond that, others find out by their timers. */
const mostPending = 10_000;
const longestPauseMs = 5_000;

/**
 * Tells listeners here, and those of other replicas, what was committed.
 *
 * Notices leave after the commit, many in one NOTIFY on a connection of their own: inside the transaction NOTIFY would
 * take a lock that makes all commits of the database follow one another. So a crash between commit and notice loses the
 * notice. It is a hint; whoever acts on changes also looks by timer.
 */
export class ChangeFeed {
  readonly #url: string;
  readonly #onError: (error: unknown) => void;
  /** Tells our own notices from others'. */
  readonly #origin = randomBytes(8).toString('hex');
  readonly #listeners = new Set<(change: Change) => void>();
  #pending: Change[] = [];
  #client: pg.Client | undefined;
  #isSending = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(url: string, onError: (error: unknown) => void) {
    this.#url = url;
    this.#onError = onError;
  }

  /** Connects; a lost connection is made anew until {@link close}. */
  async open(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: 'slipway changes',
      connectionTimeoutMillis: 15_000,
      query_timeout: 15_000,
      keepAlive: true,
    });
    client.on('error', (error) => {
      this.#lose(client, error);
    });
    client.on('end', () => {
      this.#lose(client, undefined);
    });
    client.on('notification', (notice) => {
      this.#receive(notice.payload ?? '');
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      this.#retry(error);
      return;
    }
    if (this.#isClosed) {
      await client.end();
      return;
    }
    this.#client = client;
    this.#failures = 0;
    void this.#send();
  }

  subscribe(listener: (change: Change) => void): () => void {
    // A function of its own, so that the same listener may be there twice.
    const own = (change: Change): void => {
      listener(change);
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Of a commit that just succeeded here. */
  publish(changes: readonly Change[]): void {
    for (const change of changes) this.#tell(change);
    this.#pending.push(...changes);
    if (this.#pending.length > mostPending) this.#pending = this.#pending.slice(-mostPending);
    void this.#send();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#send();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  #tell(change: Change): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        // The commit stands; a listener's fault is not the committer's.
        this.#onError(error);
      }
    }
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    // What commits in this turn of the event loop leaves together.
    await Promise.resolve();
    try {
      while (this.#client !== undefined && this.#pending.length > 0) {
        const batch = takeBatch(this.#pending);
        await this.#client.query(`SELECT pg_notify('${channel}', $1)`, [
          JSON.stringify([this.#origin, ...batch.map((change) => [change.noun, change.id])]),
        ]);
        this.#pending = this.#pending.slice(batch.length);
      }
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#isSending = false;
    }
  }

  #receive(payload: string): void {
    const parsed: unknown = JSON.parse(payload);
    if (!Array.isArray(parsed) || parsed[0] === this.#origin) return;
    for (const entry of parsed.slice(1)) {
      const parts: readonly unknown[] = Array.isArray(entry) ? entry : [];
      const [noun, id] = parts;
      if (typeof noun === 'string' && typeof id === 'string') this.#tell({ noun: noun as RecordNoun, id });
    }
  }

  #lose(client: pg.Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.end().catch(() => undefined);
    this.#retry(error);
  }

  #retry(error: unknown): void {
    if (this.#isClosed) return;
    if (error !== undefined) this.#onError(error);
    this.#failures += 1;
    const pauseMs = Math.min(longestPauseMs, 50 * 2 ** Math.min(this.#failures, 10)) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => void this.open(), pauseMs);
  }
}

/** From the front, at least one, as many as one NOTIFY takes. An id too long for any is cut off by the server's limit. */
function takeBatch(pending: readonly Change[]): readonly Change[] {
  let bytes = 0;
  const count = pending.findIndex((change) => {
    bytes += Buffer.byteLength(JSON.stringify([change.noun, change.id])) + 1;
    return bytes > payloadBytes;
  });
  return count === -1 ? pending.slice() : pending.slice(0, Math.max(1, count));
}
