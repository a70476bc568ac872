import { lstatSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { RuntimeError } from '../runtime-error.ts';

/**
 * The parts of a path of a layer's entry.
 *
 * @throws {@link RuntimeError} `RUNTIME_IMAGE_INVALID` for `..`, absolute paths, NUL and what is longer than a path may be.
 */
export function parseEntryPath(name: string): readonly string[] {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const isBad = name.startsWith('/') || parts.includes('..') || name.includes('\0') || name.length > 4096;
  if (isBad)
    throw new RuntimeError(
      'RUNTIME_IMAGE_INVALID',
      `the layer entry ${JSON.stringify(name.slice(0, 200))} leaves the image`,
    );
  return parts;
}

/**
 * Where a path of the image stands on this machine, links of the image followed inside the root, as chroot(2) would.
 * Only right while nobody else writes below the root.
 *
 * @throws {@link RuntimeError} `RUNTIME_IMAGE_INVALID` for a loop of links.
 */
export function resolveInRoot(root: string, parts: readonly string[]): string {
  const waiting = [...parts];
  const done: string[] = [];
  for (let steps = 0; waiting.length > 0; steps += 1) {
    if (steps > 500) throw new RuntimeError('RUNTIME_IMAGE_INVALID', `${parts.join('/')} is a loop of links`);
    const part = waiting.shift() ?? '';
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = readLink(path.join(root, ...done, part));
    if (target === undefined) done.push(part);
    else {
      if (target.startsWith('/')) done.length = 0;
      waiting.unshift(...target.split('/'));
    }
  }
  return path.join(root, ...done);
}

/**
 * A link's target as a relative path that stays inside the root: an absolute one would mean the host's file where nobody changes the root.
 *
 * @param folder - parts of the folder that the link stands in.
 * @throws {@link RuntimeError} `RUNTIME_IMAGE_INVALID` when it climbs above the root.
 */
export function relativeLink(folder: readonly string[], target: string): string {
  const depth = folder.length;
  if (target === '' || target.includes('\0')) throw new RuntimeError('RUNTIME_IMAGE_INVALID', 'a link points nowhere');
  if (target.startsWith('/')) {
    const inside = path.posix
      .normalize(target)
      .split('/')
      .filter((part) => part !== '');
    return ['.', ...Array.from({ length: depth }, () => '..'), ...inside].join('/');
  }
  let level = depth;
  for (const part of target.split('/')) {
    if (part === '..') level -= 1;
    else if (part !== '' && part !== '.') level += 1;
    if (level < 0)
      throw new RuntimeError(
        'RUNTIME_IMAGE_INVALID',
        `the link to ${JSON.stringify(target.slice(0, 200))} leaves the image`,
      );
  }
  return target;
}

function readLink(file: string): string | undefined {
  const found = lstatSync(file, { throwIfNoEntry: false });
  return found?.isSymbolicLink() === true ? readlinkSync(file) : undefined;
}
