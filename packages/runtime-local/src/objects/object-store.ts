import { writeAtomically } from '@slipway/host';
import type { KubeObject, ObjectKey } from '@slipway/ports';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { printKey } from './object-key.ts';
import type { ObjectRecord } from './object-record.ts';

/** One change of a stored object; `after` is absent when it was deleted. */
export interface ObjectChange {
  readonly before?: KubeObject;
  readonly after?: KubeObject;
}

/**
 * All objects, in memory and on disk, one file each. A change is on disk before anybody sees it.
 *
 * Changes happen one after another: a change function sees the newest record and loses nobody's update.
 */
export class ObjectStore {
  readonly #folder: string;
  readonly #records = new Map<string, ObjectRecord>();
  readonly #listeners = new Set<(change: ObjectChange) => void>();
  #version = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the folder, and makes it when absent. Versions go on above every one stored and above the clock of before. */
  static async open(folder: string): Promise<ObjectStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const store = new ObjectStore(folder);
    for (const name of await readdir(folder)) {
      const file = path.join(folder, name);
      if (!name.endsWith('.json')) await rm(file, { force: true });
      else store.#load(parseRecord(await readFile(file, 'utf8')));
    }
    // A deleted object leaves no version behind; milliseconds outrun one version a write.
    store.#version = Math.max(store.#version, Date.now());
    return store;
  }

  get(key: ObjectKey): ObjectRecord | undefined {
    return this.#records.get(printKey(key));
  }

  /** Every record, in the order of its key. */
  list(): readonly ObjectRecord[] {
    return [...this.#records.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);
  }

  /** Calls back after each change until the returned function is called. */
  subscribe(listener: (change: ObjectChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Changes one record; `change` returns the same record to write nothing and `undefined` to delete.
   *
   * @returns the record as stored afterwards.
   */
  update(
    key: ObjectKey,
    change: (current: ObjectRecord | undefined) => ObjectRecord | undefined,
  ): Promise<ObjectRecord | undefined> {
    const turn = this.#turn.then(() => this.#change(key, change));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #change(
    key: ObjectKey,
    change: (current: ObjectRecord | undefined) => ObjectRecord | undefined,
  ): Promise<ObjectRecord | undefined> {
    const id = printKey(key);
    const current = this.#records.get(id);
    const next = change(current);
    if (next === current) return current;
    const file = path.join(this.#folder, `${createHash('sha256').update(id).digest('hex').slice(0, 32)}.json`);
    if (next === undefined) {
      await rm(file, { force: true });
      this.#records.delete(id);
    } else {
      const stored = next.object === current?.object ? next : this.#withVersion(next);
      await writeAtomically(file, JSON.stringify(stored));
      this.#records.set(id, stored);
    }
    const after = this.#records.get(id);
    if (current?.object !== after?.object) this.#announce(current?.object, after?.object);
    return after;
  }

  #withVersion(record: ObjectRecord): ObjectRecord {
    this.#version += 1;
    const metadata = { ...record.object.metadata, resourceVersion: String(this.#version) };
    return { ...record, object: { ...record.object, metadata } };
  }

  #announce(before: KubeObject | undefined, after: KubeObject | undefined): void {
    const change = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
    for (const listener of [...this.#listeners]) listener(change);
  }

  #load(record: ObjectRecord): void {
    this.#records.set(printKey(record.key), record);
    this.#version = Math.max(this.#version, Number(record.object.metadata.resourceVersion ?? 0));
  }
}

/** Reads what this store wrote itself, whole by the rename. */
function parseRecord(text: string): ObjectRecord {
  return JSON.parse(text) as ObjectRecord;
}
