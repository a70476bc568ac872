import { rm } from 'node:fs/promises';
import { parseBranch, type StageRun } from '@slipway/domain';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { failedReport, firstFiles, pipelineFile, stages, wholeFile } from '../test-support/pipeline-files.ts';
import { code, main, type PipelineWorld, PipelineWorlds } from '../test-support/pipeline-world.ts';
import { changeOf, readPipelines, runEndedEffect, type RunRequest, stageEffect, startRun } from './index.ts';
import { finishStage } from './finish-stage.ts';

const worlds = new PipelineWorlds();
let world: PipelineWorld;
beforeEach(async () => {
  world = await worlds.open();
});
afterAll(() => worlds.close());

/** Conclusions and reasons by stage. */
function ends(of: Readonly<Record<string, StageRun>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.values(of).map((one) => [one.name, [one.conclusion ?? one.phase, one.reason].filter(Boolean).join(' ')]),
  );
}

/** A run of a commit of the main branch, as an adapter of something else than a push would start it. */
async function requestOf(trust: RunRequest['trust'] = 'trusted'): Promise<RunRequest> {
  const commit = await world.git.readRef('refs/heads/main');
  if (commit === undefined) throw new Error('no branch');
  const change = await changeOf(world.git, { repository: code, commit, branch: main, pusher: 'dora' });
  const [definition] = (await readPipelines(world.git, commit)).definitions;
  if (definition === undefined) throw new Error('no pipeline');
  const trigger = { kind: 'checkout', directory: '/home/dora/guestbook' } as const;
  return { change, commit, tree: change.tree, trigger, trust, definition, reviews: [] };
}

describe('a run', () => {
  it('starts once for the same commit and trigger, however often it is asked for', async () => {
    const request = await requestOf();

    const ids = await Promise.all([1, 2, 3].map(() => world.store.transact((tx) => startRun(tx, request, world.at()))));

    expect(new Set(ids).size).toBe(1);
    expect((await world.runs()).filter((run) => run.id === ids[0])).toHaveLength(1);
    const started = (await world.evidence('pipelineRun')).filter(
      ({ id }) => id === `pipeline-run/${ids[0] ?? ''}/started`,
    );
    expect(started).toMatchObject([{ predicate: { trust: 'trusted', definition: request.definition } }]);
  });

  it('starts what needs nothing, the rest when its needs are done, and says how it ended once', async () => {
    const run = await world.run();
    expect(ends(await world.stages(run.id))).toEqual({
      build: 'waiting',
      lint: 'waiting',
      test: 'pending',
      pack: 'pending',
    });

    world.executor.plays.set('check', { exitCode: 1, files: { 'report-junit': failedReport } });
    await world.drive();

    expect(world.executor.ran()).toEqual(['make', 'lint', 'check']);
    expect(ends(await world.stages(run.id))).toEqual({
      build: 'success',
      lint: 'success',
      test: 'failure CommandFailed',
      pack: 'skipped NeedFailed',
    });
    expect(await world.run()).toMatchObject({ phase: 'finished', conclusion: 'failure' });
    expect(world.effects.take(runEndedEffect).map((effect) => effect.key)).toEqual([`${run.id}/ended/1`]);
    const ended = (await world.evidence('pipelineRun')).find(({ id }) => id === `pipeline-run/${run.id}/1`);
    expect(ended?.predicate).toMatchObject({
      conclusion: 'failure',
      stages: expect.arrayContaining([{ name: 'pack', conclusion: 'skipped', reason: 'NeedFailed' }]),
    });
    const test = (await world.evidence('stage')).find(({ id }) => id === `stage/${run.id}/test/1`);
    expect(test?.predicate).toMatchObject({
      conclusion: 'failure',
      exitCode: 1,
      facts: { failing: [{ name: 'works' }] },
    });
  });

  it('is not failed by an advisory stage, whose failure still stands in it', async () => {
    world.executor.plays.set('lint', { exitCode: 2 });
    await world.pushAndReconcile({ files: { 'slipway.yaml': pipelineFile(stages.build, stages.lint) } });

    await world.drive();

    const run = await world.run();
    expect(run.conclusion).toBe('success');
    expect(ends(await world.stages(run.id))).toEqual({ build: 'success', lint: 'failure CommandFailed' });
  });

  it('fails a test stage that left no report, or a report of no test', async () => {
    for (const files of [{}, { 'report-junit': '<testsuite name="a"/>' }]) {
      world.executor.plays.set('check', { files });
      await world.pushAndReconcile({ files: { 'src/main.js': JSON.stringify(files) } });
      await world.drive();

      expect((await world.run()).conclusion).toBe('failure');
    }
  });

  it('stops an untrusted run without a sandbox as action required, and runs nothing of it', async () => {
    const id = await world.store.transact(async (tx) => startRun(tx, await requestOf('untrusted'), world.at()));
    const own = world.effects.take(stageEffect).filter((effect) => String(effect.payload['stage']).startsWith(id));
    for (const effect of own) await world.execute(effect.payload);
    await world.drive();

    expect(world.executor.requests).toEqual([]);
    expect(ends(await world.stages(id))).toMatchObject({ build: 'action_required SANDBOX_REQUIRED' });
    expect((await world.stages(id))['build']?.message).toContain('Install bubblewrap');
    expect((await world.store.get('pipelineRun', id))?.value.conclusion).toBe('action_required');
  });

  it('keeps the log of each stage by its digest', async () => {
    const run = await world.run();
    await world.drive();

    const { build } = await world.stages(run.id);
    const chunks = [];
    for await (const chunk of world.services.logs.read(`${run.id}/build/1`, { isFollowing: false })) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('$ make\n');
    expect(build?.logDigest).toMatch(/^sha256:/);
  });

  it('does the work of a repeated effect again only while its attempt has no end', async () => {
    const [effect] = world.effects.take(stageEffect);
    if (effect === undefined) throw new Error('no effect');
    await world.execute(effect.payload);
    await world.execute(effect.payload);
    await world.execute({ ...effect.payload, attempt: 2 });

    expect(world.executor.ran()).toEqual(['make']);
  });

  it('goes on after a kill between the work and its record, and records it once', async () => {
    const [effect] = world.effects.take(stageEffect);
    if (effect === undefined) throw new Error('no effect');
    world.onCheckpoint = (name) => (name === 'stage-worked' ? Promise.reject(new Error('killed')) : Promise.resolve());
    await expect(world.execute(effect.payload)).rejects.toThrow('killed');
    world.onCheckpoint = () => Promise.resolve();

    await world.execute(effect.payload);

    const run = await world.run();
    expect(ends(await world.stages(run.id))).toMatchObject({ build: 'success', test: 'waiting' });
    expect((await world.evidence('stage')).filter(({ id }) => id.endsWith('/build/1'))).toHaveLength(1);
  });
});

describe('finishStage', () => {
  it('lets the first end of an attempt stand, and one of an earlier attempt be', async () => {
    const run = await world.run();
    const attempt = { id: `${run.id}/build`, attempt: 1 };
    await finishStage(world.services, attempt, { conclusion: 'success' });
    await finishStage(world.services, attempt, { conclusion: 'failure' });
    await finishStage(world.services, { ...attempt, id: `${run.id}/lint`, attempt: 7 }, { conclusion: 'failure' });

    expect(ends(await world.stages(run.id))).toMatchObject({ build: 'success', lint: 'waiting' });
  });

  it('writes its end with what belongs to it, or neither', async () => {
    const run = await world.run();
    const also = () => Promise.reject(new Error('the artifact could not be written'));
    const end = { conclusion: 'success', also } as const;

    await expect(finishStage(world.services, { id: `${run.id}/build`, attempt: 1 }, end)).rejects.toThrow('artifact');

    expect(ends(await world.stages(run.id))).toMatchObject({ build: 'waiting', test: 'pending' });
    expect(await world.evidence('stage')).toEqual([]);
  });
});

describe('a content hit', () => {
  beforeEach(async () => {
    await world.push({ files: { 'slipway.yaml': hitFile } });
    await world.reconcile();
    await world.drive();
    world.executor.requests.length = 0;
  });
  const hitFile = pipelineFile(
    '{name: build, kind: build, commands: [make], outputs: {dist: dist}, inputs: [src/**]}',
    '{name: pack, kind: run, needs: [build], commands: [pack], inputs: [package.json]}',
  );

  it('stands for a stage whose declared inputs are the same, and says of which run', async () => {
    const before = await world.run();
    await world.pushAndReconcile({ files: { 'README.md': 'More.\n' } });
    await world.drive();

    const run = await world.run();
    expect(world.executor.ran()).toEqual([]);
    expect(ends(await world.stages(run.id))).toEqual({ build: 'success SameContent', pack: 'success SameContent' });
    expect((await world.stages(run.id))['build']?.hitOf).toBe(`${before.id}/build`);
    const statement = (await world.evidence('stage')).find(({ id }) => id === `stage/${run.id}/build/1`);
    expect(statement?.predicate).toMatchObject({ hitOf: `${before.id}/build`, reason: 'SameContent' });
  });

  it.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['an input', { 'src/main.js': 'export const answer = 42;\n' }, ['make']],
    ['a command', { 'slipway.yaml': hitFile.replace('[make]', '[make all]') }, ['make all']],
    ['an output', { 'slipway.yaml': hitFile.replace('dist: dist', 'dist: out') }, ['make']],
    ['the environment', { 'slipway.yaml': hitFile.replace('[make]', '[make], environment: {A: "1"}') }, ['make']],
    ['no more than a name', { 'slipway.yaml': hitFile.replace('name: pack', 'name: packed') }, []],
  ])('depends on what is done: it differs in %s', async (_name, files, ran) => {
    await world.pushAndReconcile({ files });
    await world.drive();

    expect(world.executor.ran()).toEqual(ran);
  });

  it('is none for a stage behind one that left something else', async () => {
    world.executor.plays.set('make', { files: { dist: 'other bytes' } });
    await world.pushAndReconcile({ files: { 'src/main.js': 'export const answer = 43;\n' } });
    await world.drive();

    expect(world.executor.ran()).toEqual(['make', 'pack']);
  });

  it('is none when what it kept is gone', async () => {
    world.executor.plays.set('make', { files: { dist: 'bytes' } });
    await world.pushAndReconcile({ files: { 'src/main.js': 'a' } });
    await world.drive();
    const { build } = await world.stages((await world.run()).id);
    for (const output of build?.outputs ?? []) await rm(world.services.content.pathOf(output.digest));
    world.executor.requests.length = 0;

    await world.pushAndReconcile({ files: { 'README.md': 'Even more.\n' } });
    await world.drive();

    expect(world.executor.ran()).toEqual(['make']);
  });

  it('is none of a failure, nor of a run with less trust', async () => {
    world.executor.plays.set('make', { exitCode: 1 });
    await world.pushAndReconcile({ files: { 'src/main.js': 'b' } });
    await world.drive();
    await world.pushAndReconcile({ files: { 'README.md': 'again' } });
    await world.drive();
    expect(world.executor.ran()).toEqual(['make', 'make']);

    const id = await world.store.transact(async (tx) => startRun(tx, await requestOf('untrusted'), world.at()));
    await world.drive();
    expect(ends(await world.stages(id))).toMatchObject({ build: 'action_required SANDBOX_REQUIRED' });
  });
});

describe('the pipeline file', () => {
  it('of a push that cannot be read runs nothing and tells the pusher what to mend', async () => {
    await world.drive();
    const before = (await world.runs()).length;
    await world.pushAndReconcile({
      files: { 'slipway.yaml': wholeFile.replace('needs: [build]', 'needs: [nothing]') },
    });

    expect(await world.runs()).toHaveLength(before);
    const [item] = (await world.store.list('inboxItem', { match: { account: 'dora' } })).map(({ value }) => value);
    expect(item?.body).toContain('slipway.yaml:8:');
    expect(item?.body).toContain('there is no stage nothing');

    await world.pushAndReconcile({ files: firstFiles });
    expect((await world.runs()).length).toBe(before + 1);
  });

  it('on a branch without a pull request starts nothing', async () => {
    const before = (await world.runs()).length;
    await world.pushAndReconcile({ files: { a: 'b' }, branch: parseBranch('wip') });

    expect(await world.runs()).toHaveLength(before);
  });
});
