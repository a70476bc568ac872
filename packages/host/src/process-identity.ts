import { readFileSync } from 'node:fs';

/** A process told apart from a later one with the same pid, by its start time (proc_pid_stat(5), field 22). */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot. */
  readonly startedAtTicks: number;
}

/** Absent when no such process lives (a zombie counts as dead). */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name is in parentheses and may hold spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { pid, startedAtTicks: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

/** Tells whether exactly that process still lives. */
export function isAlive(process: ProcessIdentity): boolean {
  return identifyProcess(process.pid)?.startedAtTicks === process.startedAtTicks;
}

/** Signals exactly that process, or with `isGroup` the group it leads; false when it is gone. */
export function signalProcess(target: ProcessIdentity, signal: NodeJS.Signals, isGroup = false): boolean {
  if (!isAlive(target)) return false;
  try {
    process.kill(isGroup ? -target.pid : target.pid, signal);
    return true;
  } catch {
    return false;
  }
}
