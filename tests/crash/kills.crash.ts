import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectOneOfEach } from './driver/end-state.ts';
import { Installation } from './driver/installation.ts';
import { waitFor } from './driver/outside.ts';
import { makeRandom } from './driver/random.ts';
import { carryToProduction, environment, makeWorld, type World } from './driver/story.ts';

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);
const random = makeRandom(seed);
console.log(`Random moments of tests/crash: SLIPWAY_SEED=${seed}`);

let installation: Installation;
let world: World;
let versions = 0;

beforeAll(async () => {
  installation = await Installation.create(7_612);
  await installation.start();
  world = await makeWorld(installation);
  await carryToProduction(world, 'v0');
});

afterAll(() => installation.remove());

/** Carries the next version while something is killed again and again, each time after a random pause. */
async function carryThrough(kills: number, kill: () => void | Promise<void>): Promise<void> {
  const version = `v${(versions += 1)}`;
  let isCarried = false;
  const carrying = carryToProduction(world, version).finally(() => (isCarried = true));
  const killing = (async () => {
    for (let n = 0; n < kills && !isCarried; n++) {
      await sleep(500 + random() * 3_000);
      if (isCarried) return;
      await installation.answers();
      await kill();
    }
  })();

  const [commit] = await Promise.all([carrying, killing]);

  await installation.answers();
  await expectOneOfEach(world, { version, commit });
}

describe('a change on its way to production', () => {
  it.each([1, 2, 3])('arrives once though the server is killed at random moments (round %i)', async () => {
    await carryThrough(4, () => installation.killServer());
    expect(installation.deaths.every((death) => death.signal === 'SIGKILL')).toBe(true);
  });

  it('arrives once though PostgreSQL is killed: the server ends itself and comes back', async () => {
    await installation.cut();
    await installation.start();

    await carryThrough(3, () => installation.killPostmaster());

    expect(installation.deaths.length).toBeGreaterThan(0);
    expect(installation.deaths.every((death) => death.code === 70)).toBe(true);
  });

  it('arrives once though the runtime is killed in the midst of rollouts', async () => {
    await installation.cut();
    await installation.start();

    await carryThrough(4, async () => process.kill(await installation.runtimePid(), 'SIGKILL'));

    expect(installation.deaths).toEqual([]);
  });

  it('arrives once though everything is killed together', async () => {
    await carryThrough(2, async () => {
      process.kill(await installation.runtimePid(), 'SIGKILL');
      await installation.killPostmaster();
      installation.killServer();
    });
  });
});

describe('a runtime that is killed', () => {
  it('is there again while the server lives, with the same pods', async () => {
    const before = await installation.runtimePid();
    const pods = await podProcesses();
    process.kill(before, 'SIGKILL');

    await waitFor('another runtime', async () =>
      (await installation.runtimePid()) === before ? undefined : Promise.resolve(true),
    );
    const web = await waitFor('its services', async () =>
      (await environment(world, 'prod')).services.find((service) => service.name === 'web'),
    );
    const answer = await waitFor('an answer', async () => (await fetch(`${web.url}/version`)).text());

    expect(answer).toBe(`v${versions}`);
    expect(await podProcesses()).toEqual(pods);
    expect(installation.deaths).toEqual([]);
  });
});

describe('an installation that was killed often', () => {
  it('leaves no process behind when it is stopped', async () => {
    expect(await installation.stop()).toBe(0);
    expect(await installation.processes()).toEqual([]);
  });
});

/** Pids of the deployed service's processes. */
async function podProcesses(): Promise<readonly number[]> {
  const all = await installation.processes();
  return all.flatMap(({ pid, command }) => (command.includes('server.js') ? [pid] : [])).sort((a, b) => a - b);
}
