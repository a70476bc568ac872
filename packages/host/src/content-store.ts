import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { explainDiskFull } from './disk-full.ts';
import type { ContentStore } from '@slipway/ports';
import type { Digest } from '@slipway/domain';

/** Keeps bytes in `<folder>/sha256/ab/<hex>`; a file appears whole or not at all. */
export function createContentStore(folder: string): ContentStore {
  const pathOf = (digest: Digest): string => path.join(folder, 'sha256', digest.slice(7, 9), digest.slice(7));
  const has = async (digest: Digest): Promise<boolean> => {
    try {
      await access(pathOf(digest));
      return true;
    } catch {
      return false;
    }
  };
  return {
    pathOf,
    has,
    open: (digest) => createReadStream(pathOf(digest)),
    async take(file, digest) {
      try {
        await mkdir(path.dirname(pathOf(digest)), { recursive: true });
        await rename(file, pathOf(digest));
      } catch (error) {
        throw explainDiskFull(error, pathOf(digest));
      }
    },
    async draftFolder() {
      const draft = path.join(folder, 'drafts', randomBytes(8).toString('hex'));
      try {
        await mkdir(draft, { recursive: true });
      } catch (error) {
        throw explainDiskFull(error, draft);
      }
      return draft;
    },
  };
}
