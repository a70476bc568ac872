import { connectRuntime } from '@slipway/runtime-local';
import type { ParsedStatement } from '@slipway/evidence';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectDeaths, expectOneOfEach, expectWholeEvidence } from './driver/end-state.ts';
import { Installation } from './driver/installation.ts';
import { api, git, waitFor } from './driver/outside.ts';
import {
  approvePromotion,
  carryToProduction,
  carryToStage,
  environment,
  makeWorld,
  promoteToProduction,
  settled,
  type World,
} from './driver/story.ts';
import { Visitors } from './driver/visitors.ts';

const strategy = `
      strategy:
        canary:
          steps:
            - weight: 25
            - pause: 500ms
            - analysis:
                - {name: errors, question: error-ratio, window: 4s, interval: 500ms, count: 2, success: '<= 0.05'}
            - weight: 60
            - pause: 500ms`;

/** Lives of server and operator while one release goes through a canary: each ends at the next checkpoint. */
const lives = [
  'canary-state',
  'canary-created',
  'canary-weight-set',
  'canary-measured',
  'canary-promoting',
  'canary-removed',
];

let installation: Installation;
let world: World;
let visitors: Visitors;
let versions = 0;

beforeAll(async () => {
  installation = await Installation.create(7_615);
  await installation.server.start();
  world = await makeWorld(installation);
  await carryToProduction(world, 'v0');
  const folder = await freshConfig();
  const file = path.join(folder, 'slipway.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('class: protected', `class: protected${strategy}`));
  await git(world.ada, folder, ['commit', '-q', '-a', '-m', 'prod by canary']);
  await git(world.ada, folder, ['push', '-q', 'origin', 'HEAD:refs/heads/main']);
});

afterAll(() => installation.remove());

beforeEach(async () => {
  visitors = new Visitors(await addressInProd());
});
afterEach(() => visitors.stop());

async function freshConfig(): Promise<string> {
  const folder = await mkdtemp(path.join(world.desk, 'config-'));
  await git(world.ada, folder, ['clone', '-q', `${installation.url}/git/crash-config.git`, '.']);
  return folder;
}

async function addressInProd(): Promise<string> {
  const { services } = await environment(world, 'prod');
  return services.find((service) => service.name === 'web')?.url ?? '';
}

async function answers(version: string): Promise<void> {
  await waitFor(`${version} in prod`, async () => {
    const answer = await fetch(`${await addressInProd()}/version`, { signal: AbortSignal.timeout(5_000) });
    return (await answer.text()) === version ? true : undefined;
  });
}

/** Restarts the program so that its lives end at these checkpoints. */
async function restart(...crashes: readonly string[]): Promise<void> {
  await installation.server.cut();
  await installation.server.start(...crashes);
}

function expectAuditWhole(): Promise<readonly ParsedStatement[]> {
  return mkdtemp(path.join(world.desk, 'audit-')).then((room) => expectWholeEvidence(world, room));
}

/** Nothing of a canary is left in the target: one Deployment, and a Service that shares with nobody. */
async function expectNoCanary(): Promise<void> {
  const target = connectRuntime({ stateDir: installation.stateDir });
  const found = await waitFor('an end of the canary objects', async () => {
    const objects = (await target.list({})).filter(({ metadata }) => metadata.namespace === 'crash-prod');
    const canaries = objects.filter(({ kind, metadata }) => kind === 'Deployment' && metadata.name.includes('canary'));
    return canaries.length === 0 ? objects : undefined;
  });
  expect(found.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name)).toEqual(['web']);
  const services = found.filter(({ kind }) => kind === 'Service');
  expect(services.map(({ metadata }) => metadata.annotations?.['slipway.dev/weights'])).toEqual(
    services.map(() => undefined),
  );
}

const prod = (): string => `${installation.url}/api/v1/applications/crash/environments/prod`;

describe('server and operator that are killed', () => {
  it('in every part of a canary carry it to its end, once', async () => {
    const version = `v${(versions += 1)}`;
    await restart(...lives);

    const commit = await carryToProduction(world, version);

    await expectDeaths(installation.server, lives.length);
    await expectOneOfEach(world, { version, commit });
    await expectNoCanary();
  });

  it('with the runtime and the database in the midst of a canary still carry it to its end', async () => {
    const version = `v${(versions += 1)}`;
    await restart();
    const commit = await carryToStage(world, version);
    await promoteToProduction(world);
    await waitFor('the canary', async () => {
      const { running } = await environment(world, 'prod');
      return running?.phase === 'running' ? true : undefined;
    });

    await installation.killRuntime();
    await installation.killPostmaster();

    // What the runtime had counted is gone with it: where that left nothing to judge by, a person lets the canary go on.
    await waitFor('the release in prod', async () => {
      const { running } = await environment(world, 'prod');
      if (running?.phase === 'succeeded' && running.images.some((image) => image.tag === commit)) return true;
      await api(`${prod()}/canary`, world.carol, { action: 'resume' }).catch(() => undefined);
      return undefined;
    });
    await settled(world, 'prod', commit);
    await expectOneOfEach(world, { version, commit });
    await expectNoCanary();
  });

  it('while a bad release is aborted leave what ran before, one hold and one revert', async () => {
    const before = `v${versions}`;
    const version = `v${(versions += 1)}`;
    await restart('canary-cleared', 'reported');
    await carryToStage(world, version, (files) => ({
      ...files,
      'server.js': (files['server.js'] ?? '').replace(
        "response.end(request.url === '/version' ? version : 'ok')",
        "{ response.statusCode = request.url === '/' ? 500 : 200; response.end(request.url === '/version' ? version : 'ok'); }",
      ),
    }));
    await promoteToProduction(world);

    const revert = await waitFor('the revert', async () => {
      const { promotion } = await environment(world, 'prod');
      return promotion?.kind === 'rollback' && promotion.pullRequest !== undefined ? promotion : undefined;
    });
    const view = await environment(world, 'prod');
    await answers(before);
    await expectDeaths(installation.server, 2);
    await expectNoCanary();
    expect(view.holds.map((hold) => hold.cause)).toEqual(['abort']);
    expect(view.pending?.reason).toMatch(/canary was aborted/);
    expect(visitors.failures.get(500) ?? 0).toBeGreaterThan(0);

    await restart('merged');
    await approvePromotion(world, revert.id);
    await expectDeaths(installation.server, 1);
    await waitFor('the end of the hold', async () => {
      const { holds, pending } = await environment(world, 'prod');
      return holds.length === 0 && pending === undefined ? true : undefined;
    });
    const statements = await expectAuditWhole();
    const ofProd = (kind: string): number =>
      statements.filter((one) => one.kind === kind && one.predicate['environment'] === 'prod').length;
    expect(ofProd('revocation')).toBe(1);
    const ended = statements.filter(({ kind, predicate }) => kind === 'deployment' && predicate['phase'] === 'aborted');
    expect(ended).toHaveLength(1);
  });

  it('while a release is rolled back revert it once, and the way forward gives the same bytes', async () => {
    await restart();
    const version = `v${(versions += 1)}`;
    await carryToProduction(world, version);
    const overlay = async (): Promise<string> =>
      readFile(path.join(await freshConfig(), 'overlays/prod/kustomization.yaml'), 'utf8');
    const forward = await overlay();
    const steps = ['promotion-branch-written', 'review-recorded', 'merge-intended', 'promotion-landed'];
    await restart(...steps);

    const asked = await api<{ readonly id: string }>(`${prod()}/rollbacks`, world.carol, { reason: 'a test' });
    await approvePromotion(world, asked.id);
    await waitFor('the rollback', async () => {
      const { running, promotion } = await environment(world, 'prod');
      return running?.phase === 'succeeded' && promotion === undefined ? true : undefined;
    });

    await expectDeaths(installation.server, steps.length);
    const { holds } = await environment(world, 'prod');
    expect(holds.map((hold) => hold.cause)).toEqual(['rollback']);
    const config = await freshConfig();
    const reverts = await git(world.ada, config, ['log', '--format=%(trailers:key=Slipway-Rollback-To,valueonly)']);
    expect(reverts.split('\n').filter((line) => line !== '')).toHaveLength(2);
    await api(`${installation.url}/api/v1/holds/${encodeURIComponent(holds[0]?.id ?? '')}/lift`, world.carol, {});
    await promoteToProduction(world);
    await answers(version);
    await waitFor('the way forward', async () => {
      const { running } = await environment(world, 'prod');
      return running?.phase === 'succeeded' ? true : undefined;
    });
    expect(await overlay()).toBe(forward);
    await expectAuditWhole();
  });
});
