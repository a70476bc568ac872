import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type LiveConfig, openConfig } from '@slipway/config-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConfigWorld, openConfigWorld } from '../test-support/config-world.ts';
import { openServerWorld, type ServerWorld } from '../test-support/server-world.ts';
import { createServer } from './create-server.ts';

const commit = (digit: number): string => String(digit).repeat(40);

describe('an app with the config client', () => {
  let world: ServerWorld;
  let config: ConfigWorld;
  let folder: string;
  let cacheFile: string;
  let token: string;
  beforeAll(async () => {
    world = await openServerWorld();
    folder = await mkdtemp(path.join(tmpdir(), 'slipway-config-reload-'));
    cacheFile = path.join(folder, 'config.json');
    await world.account('app', []);
    token = await world.token('app', { purpose: 'application', scopes: ['config:read:shop/qa'] });
    config = await openConfigWorld(world);
  });
  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (transport: 'events' | 'poll'): Promise<LiveConfig> =>
    openConfig({ url: world.url, application: 'shop', profile: 'qa', token, cacheFile, transport });
  const authorise = async (digit: number): Promise<void> => {
    const revision = await config.commit('qa', { 'settings.yaml': `banner: hello ${digit}\n` });
    await config.authorise('qa', revision, commit(digit));
  };

  it.each(['events', 'poll'] as const)('reads a change in the same process, by %s', async (transport) => {
    await authorise(1);
    const app = await open(transport);
    expect(app.current()).toMatchObject({ version: commit(1), values: { banner: 'hello 1' }, source: 'network' });
    const change = new Promise((resolve) => app.onChange((now) => resolve(now.values)));

    await authorise(2);

    expect(await change).toEqual({ banner: 'hello 2' });
    expect(app.current().version).toBe(commit(2));
    await expect.poll(() => readFile(cacheFile, 'utf8')).toContain('hello 2');
    await app.close();
  });

  it('goes on with the cache while the server is away, also at its own start, and hears of the next change after it', async () => {
    await authorise(3);
    const before = await open('events');
    await world.app.close();

    const app = await open('events');
    expect([before.current().values, app.current()]).toMatchObject([
      { banner: 'hello 3' },
      { values: { banner: 'hello 3' }, source: 'cache' },
    ]);
    const changes = [before, app].map((one) => new Promise((resolve) => one.onChange((now) => resolve(now.version))));
    await authorise(4);
    const again = await createServer(world.services);
    await again.listen({ host: '127.0.0.1', port: Number(new URL(world.url).port) });

    expect(await Promise.all(changes)).toEqual([commit(4), commit(4)]);
    expect(app.current().source).toBe('network');
    await Promise.all([before.close(), app.close()]);
    await again.close();
  }, 60_000);
});
