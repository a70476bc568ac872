import path from 'node:path';
import { HostError } from './host-error.ts';

/** Whether an error, or what caused it, says that a disk or a quota is full. */
export function isDiskFull(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++)
    if ('code' in at && (at.code === 'ENOSPC' || at.code === 'EDQUOT')) return true;
  return false;
}

/** A full disk as an error that says where and what to do; every other error as it is. */
export function explainDiskFull(error: unknown, file: string): Error {
  if (!isDiskFull(error)) return error instanceof Error ? error : new Error(String(error), { cause: error });
  return new HostError('DISK_FULL', `There is no space left for ${path.basename(file)} in ${path.dirname(file)}`, {
    facts: { file },
    cause: error,
  });
}
