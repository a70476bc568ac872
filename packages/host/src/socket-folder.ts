import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { HostError } from './host-error.ts';

/**
 * A short private folder for Unix sockets of one state folder: a socket's path must fit in 107 bytes (unix(7)),
 * which a deep state folder would break. The same state folder gives the same answer.
 *
 * @param purpose - one word, such as `pg`; each has a folder of its own.
 * @param owner - uid that the folder belongs to; default the caller's.
 * @throws {@link HostError} `PATH_OUTSIDE_ROOT` when somebody else owns a folder of that name.
 */
export function socketFolder(stateDir: string, purpose: string, owner = process.getuid?.() ?? 0): string {
  const hash = createHash('sha256').update(path.resolve(stateDir)).digest('hex').slice(0, 12);
  const folder = `/tmp/slipway-${owner}-${hash}-${purpose}`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const me = process.getuid?.() ?? 0;
  if (!found.isDirectory() || (found.uid !== owner && found.uid !== me)) {
    throw new HostError('PATH_OUTSIDE_ROOT', `${folder} belongs to somebody else`);
  }
  chmodSync(folder, 0o700);
  return folder;
}
