import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Digest, parseDigest } from '@slipway/domain';
import { joinInside } from '@slipway/host';
import { pack } from 'tar-stream';
import { tarEntries } from './tar-entries.ts';

/** Writes a folder as a reproducible tar (sorted, without times and owners) and says its digest. */
export async function packLayout(
  folder: string,
  file: string,
): Promise<{ readonly digest: Digest; readonly sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done): void {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      done(null, chunk);
    },
  });
  const tar = pack();
  const writing = pipeline(tar, meter, createWriteStream(file));
  // A full disk fails the files below first: whoever packs hears of it there.
  writing.catch(() => undefined);
  const names = (await readdir(folder, { recursive: true })).sort();
  for (const name of names) {
    const found = await stat(path.join(folder, name));
    if (!found.isFile()) continue;
    await pipeline(
      createReadStream(path.join(folder, name)),
      tar.entry({ name, size: found.size, mtime: new Date(0) }),
    );
  }
  tar.finalize();
  await writing;
  return { digest: parseDigest(`sha256:${hash.digest('hex')}`), sizeBytes };
}

/** The inverse of {@link packLayout}, into a new folder. */
export async function unpackLayout(file: string, folder: string): Promise<void> {
  for await (const entry of tarEntries(createReadStream(file))) {
    const to = joinInside(folder, entry.header.name);
    await mkdir(path.dirname(to), { recursive: true });
    await pipeline(entry, createWriteStream(to));
  }
}
