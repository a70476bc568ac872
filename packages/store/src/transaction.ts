import { InvariantError, type EvidenceStatement, type RecordNoun, type Records } from '@slipway/domain';
import type { Effect, EffectQueue, RecordReader, StatementSigner, Stored, StoreTransaction } from '@slipway/ports';
import type { ClientBase } from 'pg';
import { asStored, listRecords, readRecord } from './record-rows.ts';
import { insertStatement } from './statement-rows.ts';

/** What a record is named by. */
export interface RecordName {
  readonly noun: RecordNoun;
  readonly id: string;
}

/** A record changed between its reading and its writing: the work begins anew. Never leaves this package. */
export class RecordMoved extends Error {
  readonly record: RecordName;

  constructor(record: RecordName) {
    super(`${record.noun} ${record.id} was changed meanwhile`);
    this.record = record;
  }
}

interface Reading {
  readonly name: RecordName;
  /** 0 when it was not there. */
  readonly version: number;
  /** Read plainly by name: the end of the transaction looks again. */
  readonly needsCheck: boolean;
}

/**
 * One attempt at a transaction, at READ COMMITTED.
 *
 * Why that is safe: what the work decided on still stands when it commits. A locked record cannot move. A record read
 * without a lock is written only if it has the version that was read, and if it is not written, its version is checked,
 * and held, at the end ({@link confirm}). Whatever moved makes the work begin anew, then with a lock in place of the plain
 * read, so that contention ends in a line and not in a storm. Locks wait, where SERIALIZABLE would fail and repeat.
 *
 * Not covered: what a `list` would find later, and a record that appears between the check and the commit. Decisions about
 * absence take `lockName`.
 */
export class Transaction implements StoreTransaction {
  readonly #client: ClientBase;
  readonly #parts: { readonly signer: StatementSigner; readonly effects: EffectQueue; readonly now: string };
  /** Names that moved in an earlier attempt. */
  readonly #contended: ReadonlySet<string>;
  readonly #readings = new Map<string, Reading>();
  readonly #written = new Map<string, RecordName>();
  readonly #effects: Effect[] = [];
  #last: Promise<unknown> = Promise.resolve();
  #writes = 0;
  #isOver = false;

  constructor(
    client: ClientBase,
    parts: { readonly signer: StatementSigner; readonly effects: EffectQueue; readonly now: string },
    contended: ReadonlySet<string>,
  ) {
    this.#client = client;
    this.#parts = parts;
    this.#contended = contended;
  }

  get<N extends RecordNoun>(noun: N, id: string): Promise<Stored<Records[N]> | undefined> {
    return this.#inTurn(() => this.#read({ noun, id }, this.#contended.has(keyOf({ noun, id }))));
  }

  lock<N extends RecordNoun>(noun: N, id: string): Promise<Stored<Records[N]> | undefined> {
    return this.#inTurn(() => this.#read({ noun, id }, true));
  }

  list<N extends RecordNoun>(
    noun: N,
    query?: Parameters<RecordReader['list']>[1],
  ): Promise<readonly Stored<Records[N]>[]> {
    return this.#inTurn(async () => {
      const found = await listRecords(this.#client, noun, query);
      // For a later write of one of them; all of a long list are not looked at again.
      for (const { id, version } of found) {
        const name = { noun, id };
        if (!this.#readings.has(keyOf(name))) this.#readings.set(keyOf(name), { name, version, needsCheck: false });
      }
      return found.map(asStored);
    });
  }

  lockName(name: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`slipway name ${name}`]);
    });
  }

  put<N extends RecordNoun>(noun: N, id: string, value: Records[N]): Promise<void> {
    return this.#inTurn(() => this.#write({ noun, id }, JSON.stringify(value)));
  }

  remove(noun: RecordNoun, id: string): Promise<void> {
    return this.#inTurn(() => this.#delete({ noun, id }));
  }

  record(statement: EvidenceStatement): Promise<void> {
    return this.#inTurn(async () => {
      this.#writes += 1;
      const { signer, now } = this.#parts;
      await insertStatement(this.#client, statement, { signer, at: now });
    });
  }

  effect(effect: Effect): Promise<void> {
    return this.#inTurn(async () => {
      this.#writes += 1;
      await this.#parts.effects.enqueue(this.#client, effect);
      this.#effects.push(effect);
    });
  }

  /** Closes the transaction to its work, and makes sure that what it read still stands until the commit. */
  async confirm(): Promise<void> {
    await this.#last;
    this.#isOver = true;
    if (this.#writes === 0) return;
    const unsure = [...this.#readings.values()].filter(
      (reading) => reading.needsCheck && !this.#written.has(keyOf(reading.name)),
    );
    if (unsure.length === 0) return;
    const { rows } = await this.#client.query<{ noun: string; id: string; version: number }>(
      `SELECT noun, id, version FROM record JOIN unnest($1::text[], $2::text[]) AS read (noun, id) USING (noun, id)
       ORDER BY noun, id FOR SHARE OF record`,
      [unsure.map((reading) => reading.name.noun), unsure.map((reading) => reading.name.id)],
    );
    const versions = new Map(rows.map((row) => [JSON.stringify([row.noun, row.id]), row.version]));
    for (const reading of unsure) {
      if ((versions.get(keyOf(reading.name)) ?? 0) !== reading.version) throw new RecordMoved(reading.name);
    }
  }

  /** Ends it without a commit: a call that its work left behind does nothing any more. */
  async abandon(): Promise<void> {
    this.#isOver = true;
    await this.#last;
  }

  get changes(): readonly RecordName[] {
    return [...this.#written.values()];
  }

  get effects(): readonly Effect[] {
    return this.#effects;
  }

  async #read<N extends RecordNoun>(
    name: { readonly noun: N; readonly id: string },
    isLocked: boolean,
  ): Promise<Stored<Records[N]> | undefined> {
    const found = await readRecord(this.#client, name, isLocked ? 'FOR UPDATE' : '');
    const version = found?.version ?? 0;
    const before = this.#readings.get(keyOf(name));
    // Decided on before, and moved since: what was read first counts.
    if (before !== undefined && before.version !== version) throw new RecordMoved(name);
    this.#readings.set(keyOf(name), { name, version, needsCheck: !isLocked || version === 0 });
    return found && asStored(found);
  }

  async #write(name: RecordName, doc: string): Promise<void> {
    const seen = this.#readings.get(keyOf(name))?.version;
    const insert = `INSERT INTO record (noun, id, doc, version, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $4)`;
    const values: unknown[] = [name.noun, name.id, doc, this.#parts.now];
    const sql =
      seen === undefined
        ? `${insert} ON CONFLICT (noun, id) DO UPDATE SET doc = excluded.doc, updated_at = excluded.updated_at,
           version = record.version + 1 RETURNING version`
        : seen === 0
          ? `${insert} ON CONFLICT (noun, id) DO NOTHING RETURNING version`
          : `UPDATE record SET doc = $3, updated_at = $4, version = version + 1
             WHERE noun = $1 AND id = $2 AND version = $5 RETURNING version`;
    if (seen !== undefined && seen > 0) values.push(seen);
    const { rows } = await this.#client.query<{ version: number }>(sql, values);
    const version = rows[0]?.version;
    if (version === undefined) throw new RecordMoved(name);
    this.#note(name, version);
  }

  async #delete(name: RecordName): Promise<void> {
    const seen = this.#readings.get(keyOf(name))?.version;
    const { rowCount } = await this.#client.query(
      'DELETE FROM record WHERE noun = $1 AND id = $2 AND ($3::int IS NULL OR version = $3)',
      [name.noun, name.id, seen ?? null],
    );
    if (seen !== undefined && seen > 0 && rowCount === 0) throw new RecordMoved(name);
    if ((rowCount ?? 0) > 0) this.#note(name, 0);
  }

  #note(name: RecordName, version: number): void {
    this.#writes += 1;
    this.#written.set(keyOf(name), name);
    this.#readings.set(keyOf(name), { name, version, needsCheck: false });
  }

  /** One command at a time on one connection, however the work awaits its calls. */
  #inTurn<T>(command: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#isOver) throw new InvariantError('a transaction was used after its end');
      return command();
    });
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** One text for a name; ids are any text, so a separator would not do. */
export function keyOf(name: RecordName): string {
  return JSON.stringify([name.noun, name.id]);
}
