import { unprivilegedUser } from '@slipway/host';
import { randomBytes } from 'node:crypto';
import { rm, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import type { PodTemplate } from '../objects/workload.ts';
import { endRelay } from './end-process.ts';
import { Pod } from './pod.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import type { PodRecord } from './pod-record.ts';

export interface NewPod {
  readonly namespace: string;
  readonly deployment: string;
  readonly revision: string;
  readonly template: PodTemplate;
}

/** All pods of this machine that are ours, from disk and started here. */
export class PodSet {
  readonly #around: PodSurroundings;
  readonly #pods = new Map<string, Pod>();

  constructor(around: PodSurroundings) {
    this.#around = around;
  }

  /** Pods that are not gone yet, oldest first. */
  all(): readonly Pod[] {
    for (const [id, pod] of this.#pods) if (pod.isGone) this.#pods.delete(id);
    return [...this.#pods.values()].sort((a, b) => (a.record.createdAt < b.record.createdAt ? -1 : 1));
  }

  of(owner: { readonly namespace: string; readonly deployment: string }): readonly Pod[] {
    return this.all().filter(
      (pod) => pod.record.namespace === owner.namespace && pod.record.deployment === owner.deployment,
    );
  }

  /** Takes over the pods that live, and clears away what is left of others. */
  async adopt(): Promise<void> {
    const found = await this.#around.folders.list();
    for (const { record, process } of found) {
      if (process === undefined) await this.#clear(record.id);
      else {
        const pod = new Pod(record, this.#around);
        this.#pods.set(record.id, pod);
        await pod.adopt();
      }
    }
    await this.#clearLeftovers();
  }

  /** Sockets and logs of pods that did not live to be ended. */
  async #clearLeftovers(): Promise<void> {
    const { socketDir, logsDir } = this.#around;
    const logs = new Set([...this.#pods.values()].flatMap((pod) => pod.logFiles));
    for (const name of await readdir(logsDir)) {
      const file = path.join(logsDir, name);
      if (!logs.has(file)) await rm(file, { force: true });
    }
    for (const name of await readdir(socketDir)) {
      const id = /^(p[0-9a-f]{12})\.sock$/.exec(name)?.[1];
      if (id !== undefined && !this.#pods.has(id)) await rm(path.join(socketDir, name), { force: true });
    }
  }

  async create(wanted: NewPod): Promise<void> {
    const used = new Set([...this.#pods.values()].map((pod) => pod.record.slot));
    let slot = 0;
    while (used.has(slot)) slot += 1;
    const needsPort = this.#around.machine.network === 'shared' && wanted.template.container.ports.length > 0;
    const record: PodRecord = {
      id: `p${randomBytes(6).toString('hex')}`,
      name: `${wanted.deployment}-${wanted.revision}-${randomBytes(3).toString('hex').slice(0, 5)}`,
      ...wanted,
      slot,
      createdAt: new Date().toISOString(),
      ...(needsPort ? { sharedPort: await freePort() } : {}),
    };
    const pod = new Pod(record, this.#around);
    this.#pods.set(record.id, pod);
    await this.#around.folders.create(record, unprivilegedUser('pod', slot));
    pod.begin();
  }

  /** Lets go of every pod; they live on. */
  release(): void {
    for (const pod of this.#pods.values()) pod.release();
  }

  async #clear(id: string): Promise<void> {
    const late = await this.#around.folders.remove(id);
    if (late !== undefined) await endRelay(late);
  }
}

/** Below 32768, where the kernel takes no ports for connections on its own (ip_local_port_range). */
async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port between 10000 and 19999');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)));
  });
}
