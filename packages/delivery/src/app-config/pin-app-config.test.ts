import { runProgram } from '@slipway/host';
import { type CommitId, contentDigest, parseName } from '@slipway/domain';
import { parseAppConfigPin } from '@slipway/manifests';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ada, at, idsOn, mainRef, textOn } from '../../test-support/config-repository.ts';
import {
  type DeliveryWorld,
  type DeliveryWorlds,
  image,
  openDeliveryWorlds,
  overlay,
  settingsName,
} from '../../test-support/delivery-world.ts';
import { entriesOf, openAppConfig } from './app-config-folder.ts';

const application = parseName('guestbook');
const schema = JSON.stringify({
  type: 'object',
  properties: { banner: { type: 'string' } },
  additionalProperties: false,
});
const generator = `configMapGenerator:
  - name: settings
    files: [app-config/settings.yaml]
`;
const settingsOf = (banner: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['qa', 'stage', 'prod'].map((name) => [`guestbook/${name}/settings.yaml`, `banner: ${banner} ${name}\n`]),
  );
const pinned = 'overlays/qa/app-config/settings.yaml';

describe('app config', () => {
  let worlds: DeliveryWorlds;
  let world: DeliveryWorld;
  let first: CommitId;
  beforeAll(async () => {
    worlds = await openDeliveryWorlds();
  });
  afterAll(() => worlds.close());
  beforeEach(async () => {
    world = await worlds.open();
    await world.push(
      Object.fromEntries(
        ['qa', 'stage', 'prod'].flatMap((name) => [
          [`overlays/${name}/kustomization.yaml`, overlay(name, 1, generator)],
          [`overlays/${name}/app-config/settings.yaml`, 'banner: a beginning\n'],
        ]),
      ),
    );
    first = await world.addSettings({ 'guestbook/schema.json': schema, ...settingsOf('one') });
  });

  /** Deployed and verified in qa; stage follows by itself. */
  const proveInQa = async (): Promise<void> => {
    await world.report('qa');
    await world.verify('qa');
    await world.drive();
  };
  const pinOf = async (environment: string): Promise<CommitId> =>
    parseAppConfigPin(await textOn(world.repository, `overlays/${environment}/app-config/pin.yaml`)).commit;
  const inbox = async (): Promise<readonly string[]> =>
    (await world.store.list('inboxItem')).map(({ value }) => `${value.account}: ${value.body}`);

  it('is pinned in the environments of builds, by a commit of its author, with the files copied', async () => {
    await world.observe();
    await world.drive();

    expect(await pinOf('qa')).toBe(first);
    expect(await textOn(world.repository, pinned)).toBe('banner: one qa\n');
    expect(await world.repository.readFile(await world.head(), 'overlays/stage/app-config/pin.yaml')).toBeUndefined();
    const commit = await world.repository.readCommit(await world.head());
    expect(commit.author).toMatchObject(ada);
    expect(commit.committer.name).toBe('Slipway');
    expect(commit.trailers.map(([key]) => key)).toEqual(['Slipway-Source', 'Slipway-App-Config', 'Slipway-Change']);
    const { authorised } = await world.state('qa');
    expect(authorised).toMatchObject({ revision: commit.id, appConfig: { repository: 'settings', commit: first } });
    const statements = await world.store.statements({ ids: [authorised?.statement ?? ''] });
    expect(statements[0]?.envelope).toBeDefined();
    const [kept] = await world.store.list('manifestCommit');
    expect(kept?.value).toMatchObject({ appConfig: { commit: first }, pins: [], change: `settings@${first}` });
  });

  it('goes on by promotion, as one release with the images, and only when verified', async () => {
    await world.observe();
    await world.drive();
    await proveInQa();

    expect(await pinOf('stage')).toBe(first);
    expect(await textOn(world.repository, 'overlays/stage/app-config/settings.yaml')).toBe('banner: one stage\n');
    const second = await world.pushSettings(settingsOf('two'));
    await world.pinSettings(second);
    expect([await pinOf('qa'), await pinOf('stage')]).toEqual([second, first]);
    await proveInQa();

    expect(await pinOf('stage')).toBe(second);
    const [qa, stage] = [await world.state('qa'), await world.state('stage')];
    expect(stage.authorised?.release).toBe(qa.authorised?.release);
    const release = (await world.store.get('release', qa.authorised?.release ?? ''))?.value;
    expect(release).toMatchObject({ appConfig: { commit: second }, changes: [`settings@${second}`] });
  });

  it('is a new release also where only another environment’s file changed, and the render did not', async () => {
    await world.observe();
    await world.drive();
    await proveInQa();
    const before = await world.state('qa');

    const second = await world.pushSettings({ 'guestbook/stage/settings.yaml': 'banner: two\n' });
    await world.pinSettings(second);

    const after = await world.state('qa');
    expect(after.renderDigest).toBe(before.renderDigest);
    expect(after.authorised?.release).not.toBe(before.authorised?.release);
    await proveInQa();
    expect(await textOn(world.repository, 'overlays/stage/app-config/settings.yaml')).toBe('banner: two\n');
  });

  it('is the same release again after a revert, though it is another commit', async () => {
    await world.observe();
    await world.drive();
    const before = (await world.state('qa')).authorised?.release;
    await world.pinSettings(await world.pushSettings(settingsOf('two')));
    expect((await world.state('qa')).authorised?.release).not.toBe(before);

    const revert = await world.pushSettings(settingsOf('one'));
    await world.pinSettings(revert);

    expect(await pinOf('qa')).toBe(revert);
    expect((await world.state('qa')).authorised?.release).toBe(before);
  });

  it('makes one commit for each of its own, however often and in whatever order the effects run', async () => {
    const second = await world.pushSettings(settingsOf('two'));
    await world.pinSettings(second);
    await world.pinSettings(first);
    await world.pinSettings(second);

    expect(await pinOf('qa')).toBe(second);
    expect((await idsOn(world.repository)).filter((id) => id.startsWith('app-config/'))).toHaveLength(1);
  });

  it('is recorded though the process died after its commit', async () => {
    let crashes = 1;
    world.onCheckpoint = (name) =>
      name === 'app-config-pinned' && crashes-- > 0 ? Promise.reject(new Error('killed')) : Promise.resolve();
    await expect(world.pinSettings(first)).rejects.toThrow('killed');
    await world.pinSettings(first);

    expect(await world.store.list('manifestCommit')).toHaveLength(1);
    expect((await idsOn(world.repository)).filter((id) => id.startsWith('app-config/'))).toHaveLength(1);
  });

  it('removes files that left, keeps bytes as they are, and leaves another application’s commits alone', async () => {
    await world.pinSettings(
      await world.pushSettings({ 'guestbook/qa/logo.bin': '\u0000\r\n\ufeff', 'guestbook/qa/a/b.txt': 'x' }),
    );
    expect(await textOn(world.repository, 'overlays/qa/app-config/logo.bin')).toBe('\u0000\r\n\ufeff');
    const removed = await world.pushSettings({ 'guestbook/qa/logo.bin': undefined });
    await world.pinSettings(removed);
    const head = await world.head();
    await world.pinSettings(await world.pushSettings({ 'other/qa/settings.yaml': 'x: 1\n' }));

    expect(await world.head()).toBe(head);
    const paths = (await world.repository.readTree(head, { path: 'overlays/qa/app-config' })).map(({ path }) => path);
    expect(paths.map((path) => path.slice('overlays/qa/app-config/'.length))).toEqual([
      'a/b.txt',
      'pin.yaml',
      'settings.yaml',
    ]);
  });

  it.each([
    [
      'breaks the schema in the last environment',
      { 'guestbook/prod/settings.yaml': 'baner: x\n' },
      'guestbook/prod/settings.yaml:1:1: baner: unknown field',
    ],
    [
      'has no files for an environment',
      { 'guestbook/prod/settings.yaml': undefined },
      'has no files in guestbook/prod',
    ],
    ['is larger than a ConfigMap', { 'guestbook/qa/large.txt': 'x'.repeat(1_048_577) }, 'more than 1048576 bytes'],
    ['has a file of the pin’s name', { 'guestbook/qa/pin.yaml': 'a: 1\n' }, 'the name that Slipway'],
  ])('is pinned nowhere when it %s, and its author hears why', async (_what, files, said) => {
    await world.pinSettings(first);
    const head = await world.head();
    await world.store.transact((tx) =>
      tx.put('account', 'ada', {
        id: 'ada',
        displayName: 'Ada',
        kind: 'person',
        roles: ['developer'],
        verifiedEmails: [ada.email],
        isDisabled: false,
        createdAt: at,
      }),
    );

    const broken = await world.pushSettings(files);
    await world.pinSettings(broken);
    await world.pinSettings(broken);

    expect(await world.head()).toBe(head);
    expect(await inbox()).toEqual([expect.stringContaining(said)]);
    expect((await inbox())[0]).toMatch(/^ada: /);
  });

  it('refuses links and submodules', async () => {
    for (const [mode, said] of [
      ['120000', 'is a link'],
      ['160000', 'is a submodule'],
    ] as const) {
      const commit = await linkInSettings(world, mode);
      await expect(
        openAppConfig(world.services, { repository: settingsName, commit, application }).then((folder) =>
          entriesOf(folder, parseName('qa')),
        ),
      ).rejects.toMatchObject({ code: 'APP_CONFIG_REFUSED', message: expect.stringContaining(said) });
      await world.pinSettings(commit);
    }
    expect((await idsOn(world.repository)).filter((id) => id.startsWith('app-config/'))).toEqual([]);
  });

  it.each([
    [
      'a file beside it was changed',
      { [pinned]: 'banner: mine\n' },
      'settings.yaml is not what the pinned commit holds',
    ],
    [
      'a file was added',
      { 'overlays/qa/app-config/more.yaml': 'a: 1\n' },
      'more.yaml is not what the pinned commit holds',
    ],
    ['it names a commit that no branch holds', { 'overlays/qa/app-config/pin.yaml': 'COMMIT' }, 'does not hold commit'],
    ['it cannot be read', { 'overlays/qa/app-config/pin.yaml': 'a: 1\n' }, 'AppConfigPin'],
  ])('is a fault when %s, and what was authorised goes on', async (_what, files, said) => {
    await world.pinSettings(first);
    const before = await world.state('qa');
    const known = await textOn(world.repository, 'overlays/qa/app-config/pin.yaml');
    const other = known.replaceAll(first, '1'.repeat(40));

    await world.pushAndObserve(
      Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text === 'COMMIT' ? other : text])),
    );

    const after = await world.state('qa');
    expect(after.fault).toContain(said);
    expect(after.authorised).toEqual(before.authorised);
  });

  it('never comes from a branch that nobody reviewed', async () => {
    const [stray] = await world.settings.commitChain(first, [
      {
        changes: [{ path: 'guestbook/qa/settings.yaml', content: Buffer.from('banner: evil\n') }],
        author: ada,
        committer: ada,
        message: 'x\n',
        at,
      },
    ]);
    if (stray === undefined) throw new Error('no commit');
    await world.settings.updateRef('refs/heads/stray', stray, undefined);

    await world.pinSettings(stray);

    expect((await idsOn(world.repository)).filter((id) => id.startsWith('app-config/'))).toEqual([]);
  });

  it('waits as a push to a protected environment’s own folder does', async () => {
    await world.observe();
    await world.drive();
    const text = await textOn(world.repository, 'overlays/qa/app-config/pin.yaml');

    await world.pushAndObserve({
      'overlays/prod/app-config/pin.yaml': text,
      'overlays/prod/app-config/settings.yaml': 'banner: one prod\n',
    });

    const prod = await world.state('prod');
    expect(prod.fault).toBeUndefined();
    expect(prod.authorised).toBeUndefined();
    expect(prod.pending?.reason).toContain('a promotion brings it in');
  });

  it('keeps a release without app config under the id that it had', async () => {
    const plain = await worlds.open();
    await plain.observe();

    const { authorised } = await plain.state('qa');
    const release = (await plain.store.get('release', authorised?.release ?? ''))?.value;
    expect(authorised?.appConfig).toBeUndefined();
    expect(release?.id).toBe(
      contentDigest({ application, images: [['web', image(1)]], sharedInputs: release?.sharedInputs }),
    );
  });
});

/** Links and submodules are what our own Git port does not write. */
async function linkInSettings(world: DeliveryWorld, mode: '120000' | '160000'): Promise<CommitId> {
  const entry =
    mode === '120000'
      ? `M 120000 inline guestbook/qa/link\ndata 11\n/etc/passwd\n`
      : `M 160000 ${'1'.repeat(40)} guestbook/qa/link\n`;
  const head = `commit ${mainRef}\ncommitter Ada <${ada.email}> 1700000000 +0000\ndata 2\nx\nfrom ${mainRef}^0\n`;
  await runProgram('git', ['-C', world.settings.gitDir, 'fast-import', '--quiet'], { input: `${head}${entry}\n` });
  const commit = await world.settings.readRef(mainRef);
  if (commit === undefined) throw new Error('no commit');
  return commit;
}
