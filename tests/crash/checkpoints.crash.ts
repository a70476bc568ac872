import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectOneOfEach } from './driver/end-state.ts';
import { Installation } from './driver/installation.ts';
import { carryToProduction, makeWorld, type World } from './driver/story.ts';

/** Where the server dies: the checkpoint, and which passing of it since the start; in the order of the chain. */
const crashes: readonly (readonly [string, string])[] = [
  ['ref-moved', 'the push of the code is found'],
  ['stage-worked', 'the tests have run'],
  ['stage-worked#2', 'the image is built'],
  ['stage-worked#3', 'the image is published'],
  ['manifest-committed', 'the pin is a commit on no branch'],
  ['manifest-landed', 'the pin stands on the branch'],
  ['stage-worked#4', 'the stage that pinned it has worked'],
  ['ref-moved#2', 'the pin is found on the branch'],
  ['object-applied', 'an object of the first environment is applied'],
  ['applied', 'everything of the first environment is applied'],
  ['observed', 'the first environment is healthy'],
  ['verification-worked', 'the first environment is verified'],
  ['manifest-committed#2', 'the promotion to the second is a commit on no branch'],
  ['manifest-landed#2', 'the promotion to the second stands on the branch'],
  ['promotion-landed', 'the promotion to the second is rendered'],
  ['applied#2', 'everything of the second environment is applied'],
  ['verification-worked#2', 'the second environment is verified'],
  ['promotion-branch-written', 'the promotion to production is a commit on no branch'],
  ['review-recorded', 'the approval is written and nothing merged'],
  ['merge-intended', 'the merge is intended'],
  ['merged', 'the promotion to production stands on the branch'],
  ['promotion-landed#2', 'the promotion to production is rendered'],
  ['object-applied#3', 'an object of production is applied'],
  ['observed#3', 'production is healthy'],
  ['verification-worked#3', 'production is verified'],
];

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
  it.each(crashes)('at %s, when %s, ends as if nothing had happened', async (checkpoint) => {
    const version = `v${(versions += 1)}`;
    await installation.server.cut();
    await installation.server.start(checkpoint);

    const commit = await carryToProduction(world, version);

    expect(installation.server.deaths).toEqual([{ signal: 'SIGKILL', code: undefined }]);
    await expectOneOfEach(world, { version, commit });
  });

  it('leaves no process behind when it is stopped', async () => {
    expect(await installation.server.stop()).toBe(0);
    expect(await installation.processes()).toEqual([]);
  });
});
