import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPresent, takePresence } from './presence.ts';

describe('presence', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'slipway-presence-'));
    for (const part of ['server', 'operator']) await mkdir(path.join(root, part));
  });
  afterEach(() => rm(root, { recursive: true }));

  it('is seen by others until it ends, each part for itself', async () => {
    const mine = await takePresence(root, 'operator');
    expect([await isPresent(root, 'operator'), await isPresent(root, 'server')]).toEqual([true, false]);

    await mine.release();
    expect(await isPresent(root, 'operator')).toBe(false);
  });

  it('belongs to one process at a time', async () => {
    const mine = await takePresence(root, 'server');

    await expect(takePresence(root, 'server')).rejects.toMatchObject({ code: 'CLI_STATE_IN_USE' });
    await mine.release();
    await (await takePresence(root, 'server')).release();
  }, 30_000);
});
