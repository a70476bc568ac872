import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createContentStore, createLogStore } from '@slipway/host';
import { mountSmallDisk, type SmallDisk } from '@slipway/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PipelineWorld, PipelineWorlds } from '../test-support/pipeline-world.ts';
import { executeStage, type PipelineServices, stageEffect } from './index.ts';

const disk = mountSmallDisk();

describe.skipIf('because' in disk)(`a stage on a full disk${'because' in disk ? `: ${disk.because}` : ''}`, () => {
  const { folder, fill, free, unmount } = disk as SmallDisk;
  const worlds = new PipelineWorlds();
  let world: PipelineWorld;
  let services: PipelineServices;

  beforeAll(async () => {
    world = await worlds.open();
    const content = createContentStore(path.join(folder, 'content'));
    services = { ...world.services, content, logs: createLogStore(path.join(folder, 'logs')) };
  });
  afterAll(async () => {
    await worlds.close();
    unmount();
  });

  const run = (attempt: { readonly stage: string; readonly attempt: number }): Promise<void> =>
    executeStage(services, attempt, new AbortController().signal);

  it('says so, keeps nothing half done, disturbs nobody, and succeeds once there is space again', async () => {
    const [build, lint] = world.effects
      .take(stageEffect)
      .map(({ payload }) => ({ stage: String(payload['stage']), attempt: Number(payload['attempt']) }));
    if (build === undefined || lint === undefined) throw new Error('no effects');
    // The disk fills while the stage runs: a part of what it prints still finds space.
    world.executor.plays.set('make', { log: 'x'.repeat(20_000), before: async () => fill() });

    await expect(run(build)).rejects.toMatchObject({
      code: 'DISK_FULL',
      retry: 'backoff',
      message: expect.stringMatching(/no space left for .* in .*logs.*\. Free space/),
    });
    fill();
    await expect(run(lint)).rejects.toMatchObject({ code: 'DISK_FULL' });

    const stages = Object.values(await world.stages((await world.run()).id));
    expect(stages.map((stage) => stage.conclusion)).toEqual([undefined, undefined, undefined, undefined]);
    expect(await world.evidence('stage')).toEqual([]);
    expect(await leftovers()).toEqual([]);

    free();
    world.executor.plays.set('make', { files: { dist: 'bytes' } });
    await run(build);
    await run(lint);

    const [after] = Object.values(await world.stages((await world.run()).id));
    expect(after).toMatchObject({ name: 'build', conclusion: 'success', outputs: [{ name: 'dist' }] });
    const [output] = after?.outputs ?? [];
    expect(output !== undefined && (await services.content.has(output.digest))).toBe(true);
  });

  /** Files that a stage left, but its kept outputs. */
  async function leftovers(): Promise<readonly string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name !== 'filler' && !entry.parentPath.includes('sha256'))
      .map((entry) => path.join(entry.parentPath, entry.name));
  }
});
