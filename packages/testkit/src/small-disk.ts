import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A disk of its own that a test fills and frees again. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves not one block free. */
  fill(): void;
  /** Takes away what `fill` wrote. */
  free(): void;
  unmount(): void;
}

/**
 * Mounts a small tmpfs, or says why this machine does not let a test do so: only root may, and not in every container.
 *
 * @param sizeBytes - whole pages. @default 8388608
 */
export function mountSmallDisk(sizeBytes = 8_388_608): SmallDisk | { readonly because: string } {
  if (process.getuid?.() !== 0) return { because: 'a disk is mounted by root only' };
  const folder = mkdtempSync(path.join(tmpdir(), 'slipway-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0755`, 'tmpfs', folder]);
  if (mounted.status !== 0) {
    rmdirSync(folder);
    return { because: `mount is refused here: ${String(mounted.stderr).trim()}` };
  }
  const filler = path.join(folder, 'filler');
  return {
    folder,
    fill: () => fillUp(filler),
    free: () => rmSync(filler, { force: true }),
    unmount() {
      spawnSync('umount', ['--lazy', folder]);
      rmdirSync(folder);
    },
  };
}

/** Pages first, then bytes: what is left is less than anybody can use. */
function fillUp(file: string): void {
  const descriptor = openSync(file, 'a');
  try {
    for (const size of [1_048_576, 4096, 1]) while (hasRoom(descriptor, Buffer.alloc(size))) continue;
  } finally {
    closeSync(descriptor);
  }
}

function hasRoom(descriptor: number, bytes: Buffer): boolean {
  try {
    return writeSync(descriptor, bytes) === bytes.length;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
