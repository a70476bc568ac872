import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ImagePin, InvariantError, parseCommitId, parseDigest, type Signature } from '@slipway/domain';
import { identifyProcess, isAlive, writeAtomically } from '@slipway/host';
import type { LandedEdit } from './plan-batch.ts';

/** What a set-image edit is made of; plain data, so that another process can land it. */
export interface SetImageEdit {
  readonly id: string;
  readonly author: Signature;
  readonly subject: string;
  readonly trailers: readonly (readonly [string, string])[];
  /** Folders with a kustomization, and plain manifests. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
  readonly pins: readonly ImagePin[];
}

/** An edit that some process of this machine offers to whoever holds the lock of the branch. */
export interface SpooledEdit {
  readonly name: string;
  readonly edit: SetImageEdit;
}

/** Whoever waits gets the lock in the end and looks then; asking often would take the time of those who work. */
const firstPollMs = 20;
const longestPollMs = 250;
const maxTaken = 1_000;
const namePattern = /^(\d+)-(\d+)-[0-9a-f-]{36}$/;

/**
 * A folder of edits that wait for a branch: who holds its lock lands what all others offer in the same push.
 *
 * An offer is help, not a hand-over: an owner without an answer lands its edit itself once it has the lock. So what is lost,
 * unreadable or refused here costs time only, and the edit's id keeps it to one commit. Names carry their owner's identity.
 */
export class EditSpool {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async offer(edit: SetImageEdit): Promise<string> {
    const me = identifyProcess(process.pid);
    if (me === undefined) throw new InvariantError('this process has no identity');
    const name = `${me.pid}-${me.startedAtTicks}-${randomUUID()}`;
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeAtomically(this.#file(name, 'edit'), JSON.stringify(edit));
    return name;
  }

  /** What living processes offer and nobody has answered; leftovers of dead ones are swept. */
  async take(): Promise<readonly SpooledEdit[]> {
    const names = await this.#sweep(await readdir(this.#folder));
    const open = names.filter((name) => name.endsWith('.edit')).map((name) => name.slice(0, -'.edit'.length));
    const taken: SpooledEdit[] = [];
    for (const name of open.filter((offered) => !names.includes(`${offered}.answer`)).slice(0, maxTaken)) {
      const edit = await readFile(this.#file(name, 'edit'), 'utf8').then(parseEdit, () => undefined);
      if (edit !== undefined) taken.push({ name, edit });
    }
    return taken;
  }

  async answer(name: string, landed: LandedEdit): Promise<void> {
    await writeAtomically(this.#file(name, 'answer'), JSON.stringify(landed));
    // Withdrawn meanwhile: nobody reads it.
    const isWanted = await readFile(this.#file(name, 'edit')).then(
      () => true,
      () => false,
    );
    if (!isWanted) await this.withdraw(name);
  }

  async readAnswer(name: string): Promise<LandedEdit | undefined> {
    const text = await readFile(this.#file(name, 'answer'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : parseAnswer(text);
  }

  /** Resolves with the answer, or not at all before the signal: absent then. */
  async waitForAnswer(name: string, signal: AbortSignal): Promise<LandedEdit | undefined> {
    for (let pauseMs = firstPollMs; !signal.aborted; pauseMs = Math.min(pauseMs * 1.5, longestPollMs)) {
      const landed = await this.readAnswer(name);
      if (landed !== undefined) return landed;
      await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  async withdraw(name: string): Promise<void> {
    await rm(this.#file(name, 'edit'), { force: true });
    await rm(this.#file(name, 'answer'), { force: true });
  }

  async #sweep(names: readonly string[]): Promise<readonly string[]> {
    const kept: string[] = [];
    for (const name of names) {
      const [, pid, startedAtTicks] = namePattern.exec(ownerPart(name)) ?? [];
      const isOwned = isAlive({ pid: Number(pid), startedAtTicks: Number(startedAtTicks) });
      if (isOwned) kept.push(name);
      else await rm(path.join(this.#folder, name), { force: true });
    }
    return kept;
  }

  #file(name: string, kind: 'edit' | 'answer'): string {
    return path.join(this.#folder, `${name}.${kind}`);
  }
}

/** Drafts of {@link writeAtomically} are `.<name>.<kind>.<random>`. */
function ownerPart(name: string): string {
  return name.replace(/^\./, '').split('.')[0] ?? '';
}

/** @throws when the text is no edit: written by another version, or by nobody of ours. */
function parseEdit(text: string): SetImageEdit {
  const edit = JSON.parse(text) as SetImageEdit;
  const lists = [edit.folders, edit.files, edit.pins, edit.trailers];
  const texts = [edit.id, edit.subject, edit.author.name, edit.author.email, ...edit.folders, ...edit.files];
  if (!lists.every(Array.isArray) || !texts.every(isText)) throw new TypeError('not an edit');
  for (const pair of edit.trailers as readonly (readonly unknown[])[]) {
    if (pair.length !== 2 || !pair.every(isText)) throw new TypeError('not a trailer');
  }
  for (const pin of edit.pins) {
    parseDigest(pin.digest);
    if (!isText(pin.name) || !isText(pin.newTag) || !isText(pin.newName ?? '')) throw new TypeError('not a pin');
  }
  return edit;
}

function parseAnswer(text: string): LandedEdit | undefined {
  try {
    const { commit, isChange, isReplay, paths } = JSON.parse(text) as LandedEdit;
    return { commit: parseCommitId(commit), isChange, isReplay, paths };
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
