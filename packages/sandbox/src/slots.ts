import { runProgram, unprivilegedUser, type UnprivilegedUser } from '@slipway/host';
import { createHash } from 'node:crypto';
import { chownSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeReadable } from './toolchain.ts';

/** What one running stage has for itself: a uid and a named pipe for its log. */
export interface Slot {
  readonly index: number;
  /** Absent when the server is not root: stages run as the server then. */
  readonly user?: UnprivilegedUser;
  /** A real pipe, so that a stage may open `/dev/stderr`; Node's own child pipes are sockets, which refuse that. */
  readonly logPipe: string;
  readonly passwd: string;
}

export interface Slots {
  take(): Promise<Slot>;
  /** @param isClean - false when something may still hold the log pipe: a new one is made next time. */
  giveBack(slot: Slot, isClean: boolean): void;
}

/** Slots of two state folders rarely share a uid; 64 of one never do. */
const blockSize = 64;
const blocks = 140;

/** @param folder - private to the server but passable. */
export function createSlots(stateDir: string, folder: string): Slots {
  const taken = new Set<number>();
  const ready = new Map<number, Slot>();
  const hash = createHash('sha256').update(path.resolve(stateDir)).digest().readUInt32BE(0);

  async function make(index: number): Promise<Slot> {
    const user = unprivilegedUser('stage', (hash % blocks) * blockSize + index);
    const logPipe = path.join(folder, `log-${index}`);
    const passwd = path.join(folder, `passwd-${index}`);
    rmSync(logPipe, { force: true });
    await runProgram('mkfifo', ['-m', '600', '--', logPipe]);
    if (user !== undefined) chownSync(logPipe, user.uid, user.gid);
    const uid = user?.uid ?? process.getuid?.() ?? 0;
    const gid = user?.gid ?? process.getgid?.() ?? 0;
    const lines = ['root:x:0:0:root:/root:/bin/sh', `stage:x:${uid}:${gid}:stage:/workspace-home:/bin/sh`];
    await writeReadable(passwd, [...lines, 'nobody:x:65534:65534:nobody:/nonexistent:/bin/false', ''].join('\n'));
    return { index, ...(user === undefined ? {} : { user }), logPipe, passwd };
  }

  return {
    async take() {
      let index = 0;
      while (taken.has(index)) index++;
      taken.add(index);
      try {
        const slot = ready.get(index) ?? (await make(index));
        ready.set(index, slot);
        return slot;
      } catch (error) {
        taken.delete(index);
        throw error;
      }
    },
    giveBack(slot, isClean) {
      if (!isClean) ready.delete(slot.index);
      taken.delete(slot.index);
    },
  };
}
