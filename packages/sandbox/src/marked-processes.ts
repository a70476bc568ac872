import { identifyProcess, signalProcess, type ProcessIdentity } from '@slipway/host';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const rounds = 100;
const pauseMs = 10;

/**
 * Kills every process whose environment holds the entry, until none is left: those that left their process group with
 * setsid(2), and what a crash of the server left behind. The entry must be long and random enough to be nobody else's.
 *
 * @returns how many were found alive.
 */
export async function killMarked(entry: string, isSpared: (pid: number) => boolean = () => false): Promise<number> {
  let killed = 0;
  for (let round = 0; round < rounds; round++) {
    const found = findMarked(entry).filter(({ pid }) => !isSpared(pid));
    if (found.length === 0) return killed;
    killed += found.filter((target) => signalProcess(target, 'SIGKILL')).length;
    await pause(pauseMs);
  }
  return killed;
}

/** Living processes whose environment at their start held the entry; those of other users are unreadable unless we are root. */
export function findMarked(entry: string): readonly ProcessIdentity[] {
  const needle = Buffer.from(`\0${entry}\0`);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const identity = identifyProcess(Number(name));
      return identity !== undefined && holds(identity.pid, needle) ? [identity] : [];
    });
}

function holds(pid: number, needle: Buffer): boolean {
  try {
    return Buffer.concat([Buffer.of(0), readFileSync(`/proc/${pid}/environ`)]).includes(needle);
  } catch {
    return false;
  }
}
