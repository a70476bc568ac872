import path from 'node:path';
import { HostError } from './host-error.ts';

/**
 * Joins a path from outside to a root and refuses to leave it. Textual: links are the caller's to refuse (`lstat`).
 *
 * @param relative - `/` between parts; empty is the root itself.
 * @throws {@link HostError} `PATH_OUTSIDE_ROOT` for `..`, absolute paths, NUL and backslashes.
 */
export function joinInside(root: string, relative: string): string {
  const isBad = path.isAbsolute(relative) || /[\0\\]/.test(relative) || relative.split('/').includes('..');
  if (isBad) throw new HostError('PATH_OUTSIDE_ROOT', `${JSON.stringify(relative.slice(0, 200))} leaves its folder`);
  return path.join(root, relative);
}
