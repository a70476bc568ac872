import { existsSync } from 'node:fs';
import { startThrowawayDatabase, type ThrowawayDatabase } from '@slipway/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectOneOfEach } from './driver/end-state.ts';
import { Installation } from './driver/installation.ts';
import { carryToProduction, makeWorld, type World } from './driver/story.ts';

/** Programs of Debian's postgresql-15. */
const debianBin = '/usr/lib/postgresql/15/bin';

/** A sample of tests/crash/checkpoints, one of each kind of state that a crash leaves; each ends one life of the server. */
const crashes = [
  // An effect has worked and nobody wrote it down.
  'stage-worked#2',
  // A commit stands on the branch and in no record.
  'manifest-landed',
  'verification-worked',
  // Written down and not done.
  'merge-intended',
] as const;

// apt-get install postgresql-15, as .ci/run does; without it the reason stands in the name.
describe.skipIf(!existsSync(debianBin))('a server on PostgreSQL 15 of Debian (needs postgresql-15)', () => {
  let database: ThrowawayDatabase;
  let installation: Installation;
  let world: World;

  beforeAll(async () => {
    database = await startThrowawayDatabase({ pgBin: debianBin });
    installation = await Installation.create(7_614, { database });
    await installation.server.start();
    world = await makeWorld(installation);
    await carryToProduction(world, 'v0');
  });

  afterAll(async () => {
    await installation.remove();
    await database.stop();
  });

  it('that is killed at sampled checkpoints, ends as if nothing had happened', async () => {
    await installation.server.cut();
    await installation.server.start(...crashes);

    const commit = await carryToProduction(world, 'v1');

    expect(installation.server.deaths).toEqual(crashes.map(() => ({ signal: 'SIGKILL', code: undefined })));
    await expectOneOfEach(world, { version: 'v1', commit });
  });

  it('has no database of its own, and leaves the other one running when it is stopped', async () => {
    expect(existsSync(`${installation.stateDir}/pg`)).toBe(false);
    expect(await installation.server.stop()).toBe(0);
    expect(await installation.processes()).toEqual([]);
  });
});
