import { isAlive, signalProcess, type ProcessIdentity } from '@slipway/host';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Ends a relay and everything it started, at once. In a namespace the kernel ends all with the first process; without, the
 * relay's process group is searched.
 *
 * @returns false when something still lives after ten seconds.
 */
export async function endRelay(relay: ProcessIdentity): Promise<boolean> {
  const until = performance.now() + 10_000;
  do {
    signalProcess(relay, 'SIGKILL');
    const members = groupMembers(relay);
    for (const member of members) signalProcess(member, 'SIGKILL');
    if (!isAlive(relay) && members.length === 0) return true;
    await sleep(5);
  } while (performance.now() < until);
  return false;
}

/** Processes of the group that the relay led (its pid cannot be given away while one is left), younger than the relay. */
function groupMembers(relay: ProcessIdentity): readonly ProcessIdentity[] {
  const members: ProcessIdentity[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = readStat(name);
    // proc_pid_stat(5): state, ppid, pgrp, session, … starttime is the twentieth after the name.
    const startedAtTicks = Number(fields[19]);
    if (Number(fields[2]) !== relay.pid || fields[0] === 'Z' || startedAtTicks < relay.startedAtTicks) continue;
    if (Number(name) !== relay.pid) members.push({ pid: Number(name), startedAtTicks });
  }
  return members;
}

function readStat(pid: string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
