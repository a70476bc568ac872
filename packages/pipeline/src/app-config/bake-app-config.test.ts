import { parseBranch, parseName, type PullRequest } from '@slipway/domain';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { pipelineFile, stages } from '../../test-support/pipeline-files.ts';
import { code, main, type PipelineWorld, PipelineWorlds, settings } from '../../test-support/pipeline-world.ts';
import { mergePullRequest, reviewPullRequest } from '../index.ts';
import { bakeAppConfig } from './bake-app-config.ts';
import { bakeAppConfigEffect } from './bake-effect.ts';

const worlds = new PipelineWorlds();
let world: PipelineWorld;
beforeEach(async () => {
  world = await worlds.open();
  const file = pipelineFile(stages.build, stages.test);
  const copying = `${file}  appConfig: {repository: settings, from: web/limits, to: src/limits}\n`;
  await world.pushAndReconcile({ files: { 'slipway.yaml': copying }, by: 'adam' });
});
afterAll(() => worlds.close());

const branch = parseBranch('slipway/app-config/settings');
const copied = 'src/limits/size.json';

/** A push to the app-config repository, and all that comes of it. */
async function pushSettings(
  files: Readonly<Record<string, string | undefined>>,
  about: { readonly by?: string; readonly message?: string } = {},
): Promise<void> {
  const empty = (await world.settingsGit.readRef(`refs/heads/${main}`)) === undefined;
  await world.pushAndReconcile({
    repository: settings,
    files: empty ? { 'README.md': 'x\n', ...files } : files,
    ...about,
  });
  await bake();
}

async function bake(): Promise<void> {
  for (const { payload } of world.effects.take(bakeAppConfigEffect))
    await bakeAppConfig(world.services, parseName(String(payload['repository'])));
  await world.refresh();
}

async function requests(): Promise<readonly PullRequest[]> {
  return (await world.store.list('pullRequest', { match: { repository: code } })).map(({ value }) => value);
}

async function textOn(ref: string, path: string): Promise<string | undefined> {
  const head = await world.git.readRef(`refs/heads/${ref}`);
  const bytes = head === undefined ? undefined : await world.git.readFile(head, path);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
}

async function merge(request: PullRequest): Promise<void> {
  await world.drive();
  world.pass();
  const { head } = await world.pullRequest(request.id);
  const verdict = { pullRequest: request.id, verdict: 'approved', body: '', head } as const;
  await reviewPullRequest(world.services, await world.account('rita'), verdict);
  await mergePullRequest(world.services, await world.account('rita'), request.id);
  await world.reconcile();
  await bake();
}

describe('a commit of app config that an image holds', () => {
  it('starts a build by a pull request of the person, with the files and their source', async () => {
    await pushSettings({ 'web/limits/size.json': '5\n' }, { by: 'pia', message: 'Fewer\n' });

    const [request, ...others] = await requests();
    expect(others).toEqual([]);
    expect(request).toMatchObject({
      source: branch,
      target: main,
      author: 'pia',
      title: expect.stringMatching(/^app config \w{12}: Fewer$/),
    });
    expect(await textOn(branch, copied)).toBe('5\n');
    const commit = await world.git.readCommit(request?.head ?? ('' as never));
    const source = await world.settingsGit.readRef(`refs/heads/${main}`);
    expect(commit).toMatchObject({ author: { name: 'pia' }, committer: { name: 'Slipway' } });
    expect(commit.trailers).toEqual([['Slipway-Source', `settings@${source ?? ''}`]]);
    expect(await world.run()).toMatchObject({ trigger: { kind: 'pull-request', number: 1 }, phase: 'running' });
    expect(Object.keys(await world.stages((await world.run()).id))).toContain('build');
  });

  it('goes the way of every change, and leaves no request behind', async () => {
    await pushSettings({ 'web/limits/size.json': '5\n' });
    const [request] = await requests();
    if (request === undefined) throw new Error('there is no request');

    await merge(request);

    expect(await textOn(main, copied)).toBe('5\n');
    expect(await requests()).toMatchObject([{ state: 'merged' }]);
    expect(await world.git.readRef(`refs/heads/${branch}`)).toBeUndefined();
    expect(await world.run()).toMatchObject({ trigger: { kind: 'push', branch: main } });
  });

  it('takes the place of an older one in the same request', async () => {
    await pushSettings({ 'web/limits/size.json': '5\n', 'web/limits/old.json': '1\n' });
    await pushSettings({ 'web/limits/size.json': '6\n', 'web/limits/old.json': undefined }, { message: 'More\n' });

    expect(await requests()).toMatchObject([{ number: 1, state: 'open', title: expect.stringMatching(/: More$/) }]);
    expect(await textOn(branch, copied)).toBe('6\n');
    expect(await textOn(branch, 'src/limits/old.json')).toBeUndefined();
  });

  it('keeps its request and approvals when the default branch moves on', async () => {
    await pushSettings({ 'web/limits/size.json': '5\n' });
    const [before] = await requests();

    await world.pushAndReconcile({ files: { 'src/other.js': '1\n' } });
    await bake();

    expect((await requests()).map(({ head }) => head)).toEqual([before?.head]);
  });

  it('closes its request when it is taken back before anybody merged it', async () => {
    await pushSettings({ 'web/limits/size.json': '5\n' });
    const [request] = await requests();
    if (request === undefined) throw new Error('there is no request');
    await merge(request);
    await pushSettings({ 'web/limits/size.json': '6\n' });

    await pushSettings({ 'web/limits/size.json': '5\n' });

    expect(await requests()).toMatchObject([{ state: 'merged' }, { state: 'closed' }]);
  });

  it('elsewhere in that repository asks for nothing', async () => {
    await pushSettings({ 'web/limits/size.json': '5\n' });
    await pushSettings({ 'qa/settings.json': '{}\n' });

    expect(await requests()).toHaveLength(1);
  });

  it('is one request after a kill between the commit and its branch', async () => {
    world.onCheckpoint = (name) =>
      name === 'app-config-baked' ? Promise.reject(new Error('killed')) : Promise.resolve();
    await expect(pushSettings({ 'web/limits/size.json': '5\n' })).rejects.toThrow('killed');
    expect(await requests()).toEqual([]);
    world.onCheckpoint = () => Promise.resolve();

    await bakeAppConfig(world.services, code);
    await bakeAppConfig(world.services, code);

    expect(await requests()).toHaveLength(1);
  });

  it('that names no files is told to the person, and takes nothing away', async () => {
    await pushSettings({ 'web/limits/size.json': '5\n' });
    const [request] = await requests();
    if (request === undefined) throw new Error('there is no request');
    await merge(request);

    await pushSettings({ 'web/limits/size.json': undefined }, { by: 'pia' });

    expect(await textOn(main, copied)).toBe('5\n');
    expect((await requests()).filter(({ state }) => state === 'open')).toEqual([]);
    const told = (await world.store.list('notification')).map(({ value }) => value);
    expect(told).toContainEqual(
      expect.objectContaining({
        recipients: ['pia'],
        body: expect.stringContaining('web/limits of settings'),
      }),
    );
  });

  it('is asked for at once by a pipeline file that begins to hold it', async () => {
    await world.pushAndReconcile({ files: { 'slipway.yaml': pipelineFile(stages.build) }, by: 'adam' });
    await pushSettings({ 'web/limits/size.json': '5\n' });
    expect(await requests()).toEqual([]);

    const copying = `${pipelineFile(stages.build)}  appConfig: {repository: settings, from: web/limits, to: src/limits}\n`;
    await world.pushAndReconcile({ files: { 'slipway.yaml': copying }, by: 'adam' });
    await bake();

    expect(await requests()).toHaveLength(1);
  });
});
