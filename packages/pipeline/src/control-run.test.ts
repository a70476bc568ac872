import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type PipelineWorld, PipelineWorlds } from '../test-support/pipeline-world.ts';
import { failedReport, passedReport } from '../test-support/pipeline-files.ts';
import { cancelRun, retryRun, stageEffect } from './index.ts';

const worlds = new PipelineWorlds();
let world: PipelineWorld;
beforeEach(async () => {
  world = await worlds.open();
});
afterAll(() => worlds.close());

const conclusions = async (run: string): Promise<Readonly<Record<string, string | undefined>>> =>
  Object.fromEntries(Object.values(await world.stages(run)).map((one) => [one.name, one.conclusion]));

describe('cancelRun', () => {
  it('ends what waits at once and what runs by its effect; nothing behind it starts', async () => {
    const run = await world.run();
    const [build] = world.effects.take(stageEffect);
    if (build === undefined) throw new Error('no effect');
    const running = new AbortController();
    world.executor.plays.set('make', {
      before: async () => {
        await cancelRun(world.services, run.id, (key) => {
          world.cancelled.push(key);
          if (key === build.key) running.abort();
          return Promise.resolve();
        });
      },
    });

    await world.execute(build.payload, running.signal);

    expect(world.cancelled).toEqual([`${run.id}/build/1`, `${run.id}/lint/1`]);
    expect(await conclusions(run.id)).toEqual({
      build: 'cancelled',
      lint: 'cancelled',
      test: 'cancelled',
      pack: 'cancelled',
    });
    expect(await world.run()).toMatchObject({ phase: 'finished', conclusion: 'cancelled' });
    const statements = await world.evidence('stage');
    expect(statements.map(({ predicate }) => predicate['conclusion'])).toEqual(Array(4).fill('cancelled'));
    expect(world.effects.take(stageEffect)).toEqual([]);
  });

  it('keeps an effect that comes too late from running', async () => {
    const run = await world.run();
    const waiting = world.effects.take(stageEffect);
    await cancelRun(world.services, run.id, world.services.cancelEffect);

    for (const effect of waiting) await world.execute(effect.payload);

    expect(world.executor.ran()).toEqual([]);
  });

  it('refuses a run that ended, or that nobody knows', async () => {
    const run = await world.run();
    await world.drive();

    await expect(cancelRun(world.services, run.id, world.services.cancelEffect)).rejects.toMatchObject({
      code: 'PIPELINE_RUN_FINISHED',
    });
    await expect(cancelRun(world.services, 'none', world.services.cancelEffect)).rejects.toMatchObject({
      code: 'PIPELINE_RUN_UNKNOWN',
    });
  });
});

describe('retryRun', () => {
  it('keeps what succeeded and runs the rest again, as another attempt with evidence of its own', async () => {
    const run = await world.run();
    world.executor.plays.set('check', { exitCode: 1, files: { 'report-junit': failedReport } });
    world.executor.plays.set('lint', { exitCode: 1 });
    await world.drive();
    world.executor.requests.length = 0;
    world.executor.plays.set('check', { files: { 'report-junit': passedReport } });
    world.executor.plays.set('lint', {});

    await retryRun(world.services, run.id);
    await world.drive();

    expect(world.executor.ran()).toEqual(['lint', 'check', 'pack']);
    expect((await world.run()).conclusion).toBe('success');
    const { build, test } = await world.stages(run.id);
    expect([build?.attempt, test?.attempt]).toEqual([1, 2]);
    const ids = (await world.evidence('stage')).map(({ id }) => id);
    expect(ids).toContain(`stage/${run.id}/test/1`);
    expect(ids).toContain(`stage/${run.id}/test/2`);
    expect(ids).not.toContain(`stage/${run.id}/build/2`);
  });

  it('refuses a run that has not ended, or that nobody knows', async () => {
    await expect(retryRun(world.services, (await world.run()).id)).rejects.toMatchObject({
      code: 'PIPELINE_RUN_UNFINISHED',
    });
    await expect(retryRun(world.services, 'none')).rejects.toMatchObject({ code: 'PIPELINE_RUN_UNKNOWN' });
  });

  it('after a cancel runs everything that did not succeed', async () => {
    const run = await world.run();
    await cancelRun(world.services, run.id, world.services.cancelEffect);
    world.effects.take(stageEffect);

    await retryRun(world.services, run.id);

    expect(world.effects.take(stageEffect).map((effect) => effect.key)).toEqual([
      `${run.id}/build/2`,
      `${run.id}/lint/2`,
    ]);
  });
});
