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
  await installation.server.start();
  world = await makeWorld(installation);
  await carryToProduction(world, 'v0');
});

afterAll(() => installation.remove());

/** Carries the next version while something is killed again and again, each time after a random pause. */
async function carryThrough(kills: number, kill: () => Promise<void>): Promise<void> {
  const version = `v${(versions += 1)}`;
  const story = { isOver: false };
  const carrying = carryToProduction(world, version).finally(() => (story.isOver = true));
  const killing = (async () => {
    let killed = 0;
    while (killed < kills) {
      await sleep(500 + random() * 3_000);
      await installation.server.answers();
      if (story.isOver) break;
      await kill();
      killed += 1;
    }
    return killed;
  })();

  const [commit, killed] = await Promise.all([carrying, killing]);

  expect(killed).toBeGreaterThan(0);
  await installation.server.answers();
  await expectOneOfEach(world, { version, commit });
}

describe('a change on its way to production', () => {
  it.each([1, 2, 3])('arrives once though the server is killed at random moments (round %i)', async () => {
    await carryThrough(4, () => {
      installation.server.kill();
      return Promise.resolve();
    });
    expect(installation.server.deaths.every((death) => death.signal === 'SIGKILL')).toBe(true);
  });

  it('arrives once though PostgreSQL is killed: the server ends itself and comes back', async () => {
    await installation.server.cut();
    await installation.server.start();

    await carryThrough(3, () => installation.killPostmaster());

    expect(installation.server.deaths.length).toBeGreaterThan(0);
    expect(installation.server.deaths.every((death) => death.code === 70)).toBe(true);
  });

  it('arrives once though the runtime is killed in the midst of rollouts', async () => {
    await installation.server.cut();
    await installation.server.start();

    await carryThrough(4, () => installation.killRuntime());

    expect(installation.server.deaths).toEqual([]);
  });

  it('arrives once though everything is killed together', async () => {
    await carryThrough(2, async () => {
      await installation.killRuntime();
      await installation.killPostmaster();
      installation.server.kill();
    });
  });
});

describe('a runtime that is killed', () => {
  it('is there again while the server lives, with the same pods', async () => {
    const deaths = installation.server.deaths.length;
    const before = await installation.runtimePid();
    const pods = await podProcesses();
    await installation.killRuntime();

    await waitFor('another runtime', async () => ((await installation.runtimePid()) === before ? undefined : true));
    const web = await waitFor('its services', async () =>
      (await environment(world, 'prod')).services.find((service) => service.name === 'web'),
    );
    const answer = await waitFor('an answer', async () => (await fetch(`${web.url}/version`)).text());

    expect(answer).toBe(`v${versions}`);
    expect(pods.length).toBeGreaterThanOrEqual(3);
    expect(await podProcesses()).toEqual(pods);
    expect(installation.server.deaths).toHaveLength(deaths);
  });
});

describe('an installation that was killed often', () => {
  it('leaves no process behind when it is stopped', async () => {
    expect(await installation.server.stop()).toBe(0);
    expect(await installation.processes()).toEqual([]);
  });
});

/** Pids of the deployed service's processes. */
async function podProcesses(): Promise<readonly number[]> {
  const all = await installation.processes();
  return all.flatMap(({ pid, command }) => (command.includes('server.js') ? [pid] : [])).sort((a, b) => a - b);
}
