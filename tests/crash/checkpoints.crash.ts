import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectDeaths, expectOneOfEach } from './driver/end-state.ts';
import { Installation } from './driver/installation.ts';
import { carryToProduction, makeWorld, type World } from './driver/story.ts';

/**
 * Where the server dies, one life after the other, while one version goes all the way: each life ends when it passes its checkpoint
 * for the first time (or as often as `#` says), which after the deaths before it is the passing that stands beside it.
 */
const stories: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'before a thing is recorded': [
    ['ref-moved', 'the push of the code is found'],
    ['stage-worked', 'the tests have run'],
    ['manifest-committed', 'the pin is a commit on no branch'],
    ['object-applied', 'an object of the first environment is applied'],
    ['observed', 'the first environment is healthy'],
    ['verification-worked', 'the first environment is verified'],
    ['promotion-branch-written', 'the promotion to production is a commit on no branch'],
    ['merged', 'the promotion to production stands on the branch'],
    ['object-applied', 'an object of production is applied'],
  ],
  'after a thing is done': [
    ['stage-worked#2', 'the image is built'],
    ['manifest-landed', 'the pin stands on the branch'],
    ['stage-worked', 'the stage that pinned it has worked'],
    ['applied', 'everything of the first environment is applied'],
    ['manifest-landed', 'the promotion to the second stands on the branch'],
    ['promotion-landed', 'the promotion to the second is rendered'],
    ['review-recorded', 'the approval is written and nothing merged'],
    ['promotion-landed', 'the promotion to production is rendered'],
    ['verification-worked', 'production is verified'],
  ],
  'between one environment and the next': [
    ['stage-worked#3', 'the image is published'],
    ['ref-moved', 'the pin is found on the branch'],
    ['manifest-committed', 'the promotion to the second is a commit on no branch'],
    ['applied', 'everything of the second environment is applied'],
    ['verification-worked', 'the second environment is verified'],
    ['merge-intended', 'the merge is intended'],
    ['observed', 'an environment is healthy'],
  ],
};

let installation: Installation;
let world: World;
let versions = 0;

beforeAll(async () => {
  installation = await Installation.create(7_611);
  await installation.server.start();
  world = await makeWorld(installation);
  await carryToProduction(world, 'v0');
});

afterAll(() => installation.remove());

describe('a server that is killed', () => {
  it.each(Object.entries(stories))('again and again %s, ends as if nothing had happened', async (_when, lives) => {
    const version = `v${(versions += 1)}`;
    await installation.server.cut();
    await installation.server.start(...lives.map(([checkpoint]) => checkpoint));

    const commit = await carryToProduction(world, version);

    await expectDeaths(installation.server, lives.length);
    await expectOneOfEach(world, { version, commit });
  });

  it('leaves no process behind when it is stopped', async () => {
    expect(await installation.server.stop()).toBe(0);
    expect(await installation.processes()).toEqual([]);
  });
});
