import { open, readFile, rename, rm } from 'node:fs/promises';
import type { KeptAnswer } from './config.ts';

/** The answer kept last; absent when there is none that can be read. */
export async function readCache(file: string): Promise<KeptAnswer | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof kept !== 'object' || kept === null) return undefined;
    const { etag, body } = kept as Partial<Record<keyof KeptAnswer, unknown>>;
    return typeof etag === 'string' && typeof body === 'string' ? { etag, body } : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the file in one step: whoever reads it, also after a power cut, sees the old answer or the new one. */
export async function writeCache(file: string, answer: KeptAnswer): Promise<void> {
  const draft = `${file}.${process.pid}.draft`;
  try {
    const handle = await open(draft, 'w', 0o600);
    try {
      await handle.writeFile(JSON.stringify(answer));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
