import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { mountSmallDisk, type SmallDisk } from '@slipway/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../digest-stream.ts';
import { openThrowawayRegistry, testAccount, type ThrowawayRegistry } from '../testing/throwaway-registry.ts';

const disk = mountSmallDisk();

describe.skipIf('because' in disk)(`the registry on a full disk${'because' in disk ? `: ${disk.because}` : ''}`, () => {
  const { folder, fill, free, unmount } = disk as SmallDisk;
  const rootDir = path.join(folder, 'registry');
  const faults: unknown[] = [];
  const layer = Buffer.alloc(2_000_000, 'slipway ');
  let registry: ThrowawayRegistry;

  beforeAll(async () => {
    registry = await openThrowawayRegistry({ rootDir, onError: (error) => void faults.push(error) });
  });
  afterAll(async () => {
    await registry.close();
    unmount();
  });

  const push = (content: Buffer): Promise<Response> => {
    const url = new URL(`/v2/web/blobs/uploads/?digest=${digestOf(content)}`, registry.url);
    const login = Buffer.from(`${testAccount.username}:${testAccount.password}`).toString('base64');
    return fetch(url, { method: 'POST', headers: { authorization: `Basic ${login}` }, body: content });
  };

  it('refuses an upload with the reason, keeps nothing of it and what it had, and takes it when there is space', async () => {
    const kept = Buffer.from('kept before');
    expect((await push(kept)).status).toBe(201);
    fill();

    const refused = await push(layer);

    expect(refused.status).toBe(507);
    expect(await refused.json()).toMatchObject({ errors: [{ message: expect.stringContaining('free space') }] });
    expect(faults).toMatchObject([{ code: 'ENOSPC' }]);
    expect(await readdir(path.join(rootDir, 'drafts'))).toEqual([]);

    free();

    expect((await push(layer)).status).toBe(201);
    expect((await push(kept)).status).toBe(201);
  });
});
