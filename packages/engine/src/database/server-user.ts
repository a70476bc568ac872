import { existsSync, readFileSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../engine-error.ts';

/** Whom the PostgreSQL server runs as. `drop` is absent when that is the caller. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  readonly drop: { readonly uid: number; readonly gid: number } | undefined;
}

/** PostgreSQL refuses root, and initdb needs a passwd entry for its user. */
const candidates = ['postgres', 'nobody'];

/**
 * The caller, or when that is root the first of `postgres` and `nobody` with a passwd entry.
 *
 * @throws {@link EngineError} `DATABASE_NO_USER` as root without either.
 */
export function chooseServerUser(passwdFile = '/etc/passwd'): ServerUser {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? 0, drop: undefined };
  const entries = readFileSync(passwdFile, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of candidates) {
    const entry = entries.find((fields) => fields[0] === name);
    const ids = { uid: Number(entry?.[2]), gid: Number(entry?.[3]) };
    if (Number.isInteger(ids.uid) && Number.isInteger(ids.gid) && ids.uid > 0) return { ...ids, drop: ids };
  }
  throw new EngineError('DATABASE_NO_USER', `neither ${candidates.join(' nor ')} has an entry in ${passwdFile}`);
}

const read = 0o4;
const pass = 0o1;

/** Tells by its mode bits whether the file is there and the user may read it, folders above it included. */
export function canRead(file: string, user: ServerUser, isProgram = false): boolean {
  if (!existsSync(file)) return false;
  if (firstUnreachable(path.dirname(file), user) !== undefined) return false;
  return allows(statSync(file), user, isProgram ? read | pass : read);
}

/**
 * The outermost folder on the way to `folder` (itself included) that the user may not pass through; absent when all are
 * open. Reads mode bits only: an access control list that grants more is not seen.
 */
export function firstUnreachable(folder: string, user: ServerUser): string | undefined {
  const above = path.dirname(folder);
  const found = above === folder ? undefined : firstUnreachable(above, user);
  if (found !== undefined) return found;
  return allows(statSync(folder), user, pass) ? undefined : folder;
}

function allows(found: Stats, user: ServerUser, wanted: number): boolean {
  const shift = found.uid === user.uid ? 6 : found.gid === user.gid ? 3 : 0;
  return ((found.mode >> shift) & wanted) === wanted;
}
