import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Digest } from '@slipway/domain';
import type { ContentStore } from '@slipway/ports';

/** Keeps a signed report by the digest that the evidence names it by; one that is kept already costs nothing. */
export async function keepReport(content: ContentStore, envelope: string, digest: Digest): Promise<void> {
  if (await content.has(digest)) return;
  const draft = await content.draftFolder();
  try {
    const file = path.join(draft, 'report.json');
    await writeFile(file, envelope, { mode: 0o600, flush: true });
    await content.take(file, digest);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
