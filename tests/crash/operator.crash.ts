import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectOneOfEach } from './driver/end-state.ts';
import { Installation, program } from './driver/installation.ts';
import { git, runSlipway, waitFor } from './driver/outside.ts';
import { makeRandom } from './driver/random.ts';
import { carryToProduction, makeWorld, type World } from './driver/story.ts';

/** Where the lives of the operator end, one after the other, while one version goes to production. */
const lives: readonly (readonly [string, readonly string[]])[] = [
  ['at each of its checkpoints', ['object-applied', 'applied', 'observed', 'reported']],
  // Each environment has one object that changes.
  ['in the midst of each environment', ['object-applied', 'object-applied', 'object-applied']],
  ['after each environment, before anybody knew', ['observed#3', 'observed#3']],
];

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);
const random = makeRandom(seed);
console.log(`Random moments of tests/crash/operator: SLIPWAY_SEED=${seed}`);

const mostKills = 10;

let installation: Installation;
let world: World;
let versions = 0;

beforeAll(async () => {
  installation = await Installation.create(7_613, { isApart: true });
  await installation.server.start();
  world = await makeWorld(installation);
  await installation.enrolOperator(world.admin);
  await installation.operator.start();
  await carryToProduction(world, 'v0');
});

afterAll(() => installation.remove());

/** Folder of a checkout of the config repository in which the first environment would have another pod. */
async function makeDrift(): Promise<string> {
  const folder = path.join(world.desk, 'drift');
  await rm(folder, { recursive: true, force: true });
  await git(world.ada, world.desk, ['clone', '-q', `${installation.url}/git/crash-config.git`, folder]);
  const other = `${folder}-other`;
  await rm(other, { recursive: true, force: true });
  await cp(folder, other, { recursive: true });
  const file = path.join(other, 'base/web.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('replicas: 1', 'replicas: 2'));
  await git(world.ada, other, ['commit', '-q', '-a', '-m', 'another pod']);
  return folder;
}

const differs = async (folder: string): Promise<number> => {
  const where = ['--repo', folder, '--path', 'overlays/qa', '--state', installation.stateDir];
  return (await runSlipway(program, ['diff', ...where])).code;
};

describe('an operator of its own that is killed', () => {
  it.each(lives)('%s, ends as if nothing had happened', async (_when, crashes) => {
    const version = `v${(versions += 1)}`;
    await installation.operator.cut();
    await installation.operator.start(...crashes);

    const commit = await carryToProduction(world, version);

    expect(installation.operator.deaths).toEqual(crashes.map(() => ({ signal: 'SIGKILL', code: undefined })));
    expect(installation.server.deaths).toEqual([]);
    await expectOneOfEach(world, { version, commit });
  });

  it('at random moments, ends as if nothing had happened', async () => {
    const version = `v${(versions += 1)}`;
    const story = { isOver: false };
    const carrying = carryToProduction(world, version).finally(() => (story.isOver = true));
    const killing = (async () => {
      for (let kills = 0; kills < mostKills; kills++) {
        await sleep(300 + random() * 2_000);
        await installation.operator.answers();
        if (story.isOver) return;
        installation.operator.kill();
      }
    })();

    const [commit] = await Promise.all([carrying, killing]);

    expect(installation.operator.deaths.length).toBeGreaterThan(1);
    await expectOneOfEach(world, { version, commit });
  });
});

describe('an operator whose server is away', () => {
  it('repairs what differs, also when it was started only then, and reports when the server is back', async () => {
    await installation.operator.answers();
    const folder = await makeDrift();
    expect(await differs(folder)).toBe(0);
    await installation.server.cut();

    for (const isRestarted of [false, true]) {
      if (isRestarted) {
        await installation.operator.cut();
        await installation.operator.start();
      }
      const where = ['--repo', `${folder}-other`, '--path', 'overlays/qa', '--state', installation.stateDir];
      const synced = await runSlipway(program, ['sync', '--no-wait', '--output', 'json', ...where]);
      expect(JSON.parse(synced.text)).toMatchObject({ written: 1 });
      await waitFor('the repair', async () => ((await differs(folder)) === 0 ? true : undefined));
    }

    await installation.server.start();
    const version = `v${(versions += 1)}`;
    const commit = await carryToProduction(world, version);
    expect(installation.operator.deaths).toEqual([]);
    await expectOneOfEach(world, { version, commit });
  });
});

describe('server and operator, each asked to stop', () => {
  it('end, and the last one takes the local runtime along', async () => {
    expect(await installation.server.stop()).toBe(0);
    expect((await installation.processes()).some(({ command }) => command.includes('server.js'))).toBe(true);

    expect(await installation.operator.stop()).toBe(0);
    expect(await installation.processes()).toEqual([]);
  });
});
