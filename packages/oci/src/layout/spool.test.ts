import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readContent } from '../build/base-image.ts';
import { openSpool } from './spool.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-spool-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const files = [Buffer.alloc(700_000, 'a'), Buffer.alloc(0), Buffer.alloc(2_000_000, 'b'), Buffer.alloc(700_000, 'c')];

it.each([
  { memoryBytes: 0, kinds: ['range', 'bytes', 'range', 'range'], onDisk: 3_400_000 },
  { memoryBytes: 1_000_000, kinds: ['bytes', 'bytes', 'range', 'range'], onDisk: 2_700_000 },
  { memoryBytes: 100_000_000, kinds: ['bytes', 'bytes', 'range', 'bytes'], onDisk: 2_000_000 },
])('gives back every file with room for $memoryBytes bytes in memory', async ({ memoryBytes, kinds, onDisk }) => {
  const file = path.join(folder, 'spool');
  const spool = await openSpool(file, { memoryBytes });
  const contents = [];
  for (const bytes of files) contents.push(await spool.add(Readable.from([bytes.subarray(0, 10), bytes.subarray(10)])));
  await spool.close();

  expect(contents.map((content) => content.kind)).toEqual(kinds);
  expect((await stat(file)).size).toBe(onDisk);
  for (const [at, content] of contents.entries()) {
    expect(Buffer.from(await readContent(content)).equals(files[at] ?? Buffer.of(1))).toBe(true);
  }
});
