import { type CanaryStrategy, type MetricDefinition, parseCondition } from '@slipway/domain';
import type { KubeObject } from '@slipway/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeImage } from '../test-support/make-image.ts';
import { type OperatedRuntime, operateRuntime } from '../test-support/operated-runtime.ts';
import {
  bundleRuntime,
  deployment,
  service,
  startThrowaway,
  type ThrowawayRuntime,
} from '../test-support/throwaway-runtime.ts';

/** Ready at `/`; does its work at `/work`, well or badly. */
const script = (version: string, status: number): string => `
const http = require('node:http');
const server = http.createServer((request, response) => {
  response.statusCode = request.url === '/work' ? ${status} : 200;
  response.end(${JSON.stringify(version)});
});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '127.0.0.1');
`;

const errors: MetricDefinition = {
  name: 'errors',
  question: 'error-ratio',
  windowMs: 10_000,
  intervalMs: 1_000,
  count: 2,
  initialDelayMs: 0,
  success: parseCondition('<= baseline + 0.02'),
  failureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 4,
  consecutiveSuccessLimit: 0,
  isDryRun: false,
};
const strategy: CanaryStrategy = {
  kind: 'canary',
  steps: [
    { kind: 'weight', percent: 10 },
    { kind: 'pause', durationMs: 2_000 },
    { kind: 'analysis', metrics: [errors] },
    { kind: 'weight', percent: 50 },
    { kind: 'pause', durationMs: 1_000 },
  ],
  analyses: [],
};
const deadline = { timeout: 90_000, interval: 100 };
const canaryKey = { group: 'apps', kind: 'Deployment', namespace: 'test', name: 'web-canary' };
const serviceKey = { group: '', kind: 'Service', namespace: 'test', name: 'web' };

let program: Awaited<ReturnType<typeof bundleRuntime>>;
let local: ThrowawayRuntime;
let operated: OperatedRuntime;

beforeAll(async () => {
  program = await bundleRuntime();
  local = await startThrowaway(program.file);
  operated = await operateRuntime(local.stateDir);
}, 120_000);
afterAll(async () => {
  await operated.close();
  await local.close();
  await program.remove();
});

describe('a canary on the local runtime, under requests', () => {
  it('goes from 10 to 50 to all without losing a request', async () => {
    await operated.authorise(await release('v1', 200), strategy);
    await ended('succeeded');

    const load = await startLoad();
    await operated.authorise(await release('v2', 200), strategy);
    await ended('succeeded', 2);
    const seen = await load.stop();

    expect(seen.failures).toEqual([]);
    const weights = [
      ...new Set(operated.reports.flatMap(({ canary }) => (canary === undefined ? [] : [canary.weight]))),
    ];
    expect(weights).toEqual([0, 10, 50, 100]);
    const { canary } = operated.reports.at(-1) ?? {};
    expect(canary).toMatchObject({ phase: 'promoted', metrics: [{ phase: 'successful', value: 0, baseline: 0 }] });
    expect(canary?.requests?.failed).toBe(0);
    expect(canary?.requests?.total).toBeGreaterThan(0);
    // At 10 % one in ten, exactly; all that came before the first answer of the canary came to stable.
    const first = seen.answers.indexOf('v2');
    const tenth = seen.answers.slice(first, first + 60).filter((answer) => answer === 'v2');
    expect(tenth.length).toBeGreaterThanOrEqual(5);
    expect(tenth.length).toBeLessThanOrEqual(7);
    await leavesNothing('v2');
  }, 180_000);

  it('aborts when the canary answers 500: what failed is counted, and nothing fails afterwards', async () => {
    const load = await startLoad();
    await operated.authorise(await release('v3', 500), strategy);
    await ended('aborted');
    const failedUntilThen = load.failures.length;
    await sleep(1_000);
    const seen = await load.stop();

    const { canary, message } = operated.reports.at(-1) ?? {};
    expect(message).toContain('errors');
    expect(failedUntilThen).toBeGreaterThan(0);
    expect(seen.failures.length).toBe(failedUntilThen);
    expect(new Set(seen.failures)).toEqual(new Set(['500 v3']));
    expect(canary?.requests).toMatchObject({ failed: failedUntilThen });
    expect(canary?.requestsSinceAbort?.failed).toBe(0);
    expect(canary?.requestsSinceAbort?.total).toBeGreaterThan(0);
    // It had one request in ten at most.
    expect(failedUntilThen).toBeLessThan(seen.answers.length / 5);
    await leavesNothing('v2');
  }, 180_000);
});

/** The objects of a version, as the operator's render. */
async function release(version: string, status: number): Promise<string> {
  const image = await nodeImage(local.registry, `web-${version}`, script(version, status));
  const objects: readonly KubeObject[] = [service('web'), deployment('web', image, { spec: { replicas: 2 } })];
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}

async function ended(phase: string, times = 1): Promise<void> {
  const revisions = (): number =>
    new Set(operated.reports.filter((report) => report.phase === phase).map(({ revision }) => revision)).size;
  await expect.poll(revisions, deadline).toBeGreaterThanOrEqual(times);
}

async function leavesNothing(version: string): Promise<void> {
  const { runtime } = local;
  expect(await runtime.get(canaryKey)).toBeUndefined();
  expect((await runtime.get(serviceKey))?.metadata.annotations ?? {}).toEqual({});
  const answers = new Set<string>();
  for (let count = 0; count < 10; count++) answers.add(await (await fetch(await workUrl())).text());
  expect([...answers]).toEqual([version]);
}

async function workUrl(): Promise<string> {
  const address = await local.runtime.serviceAddress({ namespace: 'test', name: 'web', port: 80 });
  return `http://${address?.host}:${address?.port}/work`;
}

interface Load {
  readonly failures: readonly string[];
  readonly stop: () => Promise<{ readonly failures: readonly string[]; readonly answers: readonly string[] }>;
}

/** One caller, one request after another with a breath between: at most 50 a second. */
async function startLoad(): Promise<Load> {
  const failures: string[] = [];
  const answers: string[] = [];
  const url = await workUrl();
  const ending = new AbortController();
  const call = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        const response = await fetch(url);
        const text = await response.text();
        answers.push(text);
        if (response.status !== 200) failures.push(`${response.status} ${text}`);
      } catch (error) {
        failures.push(String(error));
      }
      await sleep(20);
    }
  };
  const calling = call();
  return {
    failures,
    stop: async () => {
      ending.abort();
      await calling;
      return { failures, answers };
    },
  };
}
