import type { CommitId } from '@slipway/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeliveryWorld, type DeliveryWorlds, openDeliveryWorlds } from '../../test-support/delivery-world.ts';
import { createAppConfigReader, type ReadAppConfig } from './app-config-reader.ts';
import { compareAppConfig, readAppConfigStanding } from './compare-app-config.ts';

const qa = { application: 'guestbook', environment: 'qa' };

/** One story: two commits, the first of them proven in qa and promoted, the second pinned in qa only. */
describe('app config of environments', () => {
  let worlds: DeliveryWorlds;
  let world: DeliveryWorld;
  let read: ReadAppConfig;
  let first: CommitId;
  let second: CommitId;
  beforeAll(async () => {
    worlds = await openDeliveryWorlds();
    world = await worlds.open();
    const files = (text: string): Readonly<Record<string, string>> => ({
      'guestbook/qa/a.txt': `${text}\n`,
      'guestbook/stage/a.txt': `${text} in stage\n`,
      'guestbook/prod/a.txt': 'x\n',
    });
    first = await world.addSettings(files('one'));
    await world.observe();
    await world.drive();
    await world.report('qa');
    await world.verify('qa');
    await world.drive();
    second = await world.pushSettings({ ...files('two'), 'guestbook/qa/b.bin': '\u0000' });
    await world.pinSettings(second);
    read = createAppConfigReader(world.services);
  });
  afterAll(() => worlds.close());

  const textOf = async (place: typeof qa, commit?: CommitId): Promise<string | undefined> => {
    const found = await read(place, commit);
    return found === undefined ? undefined : Buffer.from(found.files[0]?.content ?? []).toString();
  };

  it('is read as it is in force, and by a commit that was', async () => {
    expect(await textOf(qa)).toBe('two\n');
    expect(await textOf(qa, second)).toBe('two\n');
    expect(await textOf(qa, first)).toBe('one\n');
    expect(await textOf({ ...qa, environment: 'stage' })).toBe('one in stage\n');
    expect(await textOf({ ...qa, environment: 'stage' }, second)).toBeUndefined();
    expect(await read({ ...qa, environment: 'prod' })).toBeUndefined();
    expect(await read({ ...qa, application: 'other' })).toBeUndefined();
    expect((await read(qa))?.files.map(({ path }) => path)).toEqual(['a.txt', 'b.bin']);
  });

  it('is compared with the newest, a commit and another environment', async () => {
    const services = { ...world.services, readAppConfig: read };
    const stage = await world.state('stage');

    expect(await compareAppConfig(services, await world.state('qa'))).toEqual([]);
    expect(await compareAppConfig(services, stage)).toEqual([
      { path: 'a.txt', change: 'changed', diff: '@@ -1,1 +1,1 @@\n-one in stage\n+two in stage\n' },
    ]);
    expect(await compareAppConfig(services, stage, first)).toEqual([]);
    expect(await compareAppConfig(services, stage, 'qa')).toEqual([
      { path: 'a.txt', change: 'changed', diff: '@@ -1,1 +1,1 @@\n-one in stage\n+two\n' },
      { path: 'b.bin', change: 'added', diff: '' },
    ]);
    await expect(compareAppConfig(services, stage, 'prod')).rejects.toMatchObject({ code: 'APP_CONFIG_MISSING' });
  });

  it('stands where the branch pins it, beside the newest', async () => {
    expect(await readAppConfigStanding(world.services, await world.state('stage'))).toMatchObject({
      repository: 'settings',
      pinned: { commit: first },
      head: second,
    });
  });
});
