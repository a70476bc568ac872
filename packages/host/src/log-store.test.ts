import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogStore } from './index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-logs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('log store', () => {
  it('lets a follower see every byte that is written while it reads', async () => {
    const logs = createLogStore(folder);
    const writer = await logs.start('run/stage/1');
    const seen: string[] = [];
    const follower = (async () => {
      for await (const chunk of logs.read('run/stage/1', { isFollowing: true }))
        seen.push(Buffer.from(chunk).toString());
    })();

    for (let line = 0; line < 200; line++) {
      writer.write(Buffer.from(`line ${line}\n`));
      if (line % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const { sizeBytes } = await writer.close();
    await follower;

    expect(seen.join('').length).toBe(sizeBytes);
    expect(seen.join('').endsWith('line 199\n')).toBe(true);
  });

  it('answers nothing for a log that never was', async () => {
    const seen: Uint8Array[] = [];

    for await (const chunk of createLogStore(folder).read('none', { isFollowing: true })) seen.push(chunk);

    expect(seen).toEqual([]);
  });
});
