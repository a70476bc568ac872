import { isAlive, writeAtomically, type ProcessIdentity, type UnprivilegedUser } from '@slipway/host';
import { chmod, lchown, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { isFields } from '../objects/field-reader.ts';
import type { PodTemplate } from '../objects/workload.ts';

/** A pod as decided; written before anything of it runs. */
export interface PodRecord {
  /** Names folder and socket; never used twice. */
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly deployment: string;
  /** Digest of its template. */
  readonly revision: string;
  readonly template: PodTemplate;
  /** Which unprivileged user it has. */
  readonly slot: number;
  readonly createdAt: string;
  /** The machine's port that stands for its first container port, where pods share the machine's network. */
  readonly sharedPort?: number;
}

/** The folders of pods below one folder: `<id>/{pod.json, process.json, tmp, volumes, view}`. */
export class PodFolders {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<PodFolders> {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o711);
    return new PodFolders(folder);
  }

  path(id: string): string {
    return path.join(this.#folder, id);
  }

  /** All pods that were decided on, with the process of each that has started. */
  async list(): Promise<readonly { readonly record: PodRecord; readonly process?: ProcessIdentity }[]> {
    const found = [];
    for (const id of await readdir(this.#folder)) {
      const record = await readJson(path.join(this.path(id), 'pod.json'));
      const process = await this.process(id);
      // A folder without its record was being made or removed when its runtime was killed.
      if (id.startsWith('.') || record === undefined) await this.remove(id);
      else found.push({ record: asPodRecord(record), ...(process === undefined ? {} : { process }) });
    }
    return found;
  }

  async create(record: PodRecord, user: UnprivilegedUser | undefined): Promise<void> {
    const folder = this.path(record.id);
    await mkdir(path.join(folder, 'volumes'), { recursive: true });
    await mkdir(path.join(folder, 'tmp'), { recursive: true });
    await chmod(folder, 0o711);
    await chmod(path.join(folder, 'volumes'), 0o711);
    await giveTo(path.join(folder, 'tmp'), user);
    await writeAtomically(path.join(folder, 'pod.json'), JSON.stringify(record));
  }

  /** The relay's process while it lives. */
  async process(id: string): Promise<ProcessIdentity | undefined> {
    const found = await readJson(path.join(this.path(id), 'process.json'));
    if (!isFields(found)) return undefined;
    const identity = { pid: Number(found['pid']), startedAtTicks: Number(found['startedAtTicks']) };
    return identity.pid > 1 && isAlive(identity) ? identity : undefined;
  }

  /**
   * Takes the folder away. A relay that has not recorded itself yet finds no folder and gives up;
   * one that has is returned, to be killed.
   */
  async remove(id: string): Promise<ProcessIdentity | undefined> {
    const trash = path.join(this.#folder, id.startsWith('.') ? id : `.${id}`);
    await rename(this.path(id), trash).catch(() => undefined);
    const process = await this.process(path.basename(trash));
    await rm(trash, { recursive: true, force: true });
    return process;
  }
}

/** Makes a folder the pod's own. */
export async function giveTo(folder: string, user: UnprivilegedUser | undefined): Promise<void> {
  await chmod(folder, 0o700);
  if (user !== undefined) await lchown(folder, user.uid, user.gid);
}

async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

/** Reads what this class wrote itself, whole by the rename. */
function asPodRecord(value: unknown): PodRecord {
  return value as PodRecord;
}
