import type { KubeObject } from '@slipway/ports';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nodeImage, serverScript } from '../test-support/make-image.ts';
import {
  bundleRuntime,
  deployment,
  service,
  startThrowaway,
  until,
  type ThrowawayRuntime,
} from '../test-support/throwaway-runtime.ts';

const apply = { fieldManager: 'slipway', isDryRun: false } as const;
const labels = { 'slipway.dev/application': 'guestbook' };
let program: Awaited<ReturnType<typeof bundleRuntime>>;
let local: ThrowawayRuntime;

beforeAll(async () => {
  program = await bundleRuntime();
});
afterAll(() => program.remove());
beforeEach(async () => {
  local = await startThrowaway(program.file);
});
afterEach(() => local.close());

describe('a rollout', () => {
  it('replaces a version under requests without losing one, stays on it when the next one is broken, and leaves no process when removed', async () => {
    const { runtime, registry } = local;
    const [v1, v2] = await Promise.all([
      nodeImage(registry, 'web', serverScript('v1')),
      nodeImage(registry, 'web', serverScript('v2')),
    ]);
    const broken = await nodeImage(registry, 'web', 'console.log("broken on purpose"); process.exit(3);');
    await runtime.apply(service('web'), apply);
    await runtime.apply(deployment('web', v1, { spec: { replicas: 2 } }), apply);
    await until(statusOf, isComplete);
    expect(await answer()).toBe('v1');

    const load = startLoad();
    await runtime.apply(deployment('web', v2, { spec: { replicas: 2 } }), apply);
    await until(statusOf, isComplete);
    const seen = await load.stop();

    expect(seen.failures).toEqual([]);
    expect(seen.answers.has('v1')).toBe(true);
    expect(await answer()).toBe('v2');

    await runtime.apply(deployment('web', broken, { spec: { replicas: 2, progressDeadlineSeconds: 2 } }), apply);
    const failed = await until(statusOf, (status) => progressing(status)?.['reason'] === 'ProgressDeadlineExceeded');
    expect(progressing(failed)).toMatchObject({ status: 'False', message: expect.stringContaining('exit code 3') });
    expect(await answer()).toBe('v2');
    expect(await runtime.logs({ namespace: 'test', name: 'web' })).toMatch(
      /web-[0-9a-f]{10}-[0-9a-f]{5} broken on purpose/,
    );

    const key = { group: 'apps', kind: 'Deployment', namespace: 'test', name: 'web' };
    expect(await runtime.remove(key, labels)).toBe(true);
    await until(
      () => Promise.resolve(processesOf(local.stateDir)),
      (found) => found.length === 0,
    );
    expect((await fetch(await url())).status).toBe(503);
  });

  it('survives a kill of the runtime in the middle: pods live on, ports come back, and it converges', async () => {
    const { runtime, registry } = local;
    const [v1, v2] = await Promise.all([
      nodeImage(registry, 'web', serverScript('v1')),
      nodeImage(registry, 'web', serverScript('v2')),
    ]);
    await runtime.apply(service('web'), apply);
    await runtime.apply(deployment('web', v1, { spec: { replicas: 2 } }), apply);
    await until(statusOf, isComplete);
    const address = await url();
    const before = processesOf(local.stateDir);

    await runtime.apply(deployment('web', v2, { spec: { replicas: 2 } }), apply);
    process.kill((await runtime.version()).pid, 'SIGKILL');
    expect(before.filter((pid) => processesOf(local.stateDir).includes(pid)).length).toBeGreaterThan(0);
    await local.restart();

    await until(statusOf, isComplete);
    expect(await url()).toBe(address);
    expect(await answer()).toBe('v2');
    await until(
      () => Promise.resolve(processesOf(local.stateDir)),
      (found) => found.length === 2,
    );
  });

  it('adopts what runs: the same processes serve after a restart, and nothing is started again', async () => {
    const { runtime, registry } = local;
    await runtime.apply(service('web'), apply);
    await runtime.apply(deployment('web', await nodeImage(registry, 'web', serverScript('v1'))), apply);
    await until(statusOf, isComplete);
    const before = processesOf(local.stateDir);
    const object = await live();

    process.kill((await runtime.version()).pid, 'SIGKILL');
    await local.restart();

    expect(await answer()).toBe('v1');
    expect(processesOf(local.stateDir)).toEqual(before);
    expect(await live()).toEqual(object);
  });
});

/** Pids of the relays of this runtime: their command line names a file below the state folder. */
function processesOf(stateDir: string): readonly number[] {
  const isRelay = (pid: string) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return line[0] !== 'unshare' && line.some((part) => part.startsWith(`${stateDir}/runtime/pods/`));
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isRelay(name))
    .map(Number);
}

async function live(): Promise<KubeObject | undefined> {
  return local.runtime.get({ group: 'apps', kind: 'Deployment', namespace: 'test', name: 'web' });
}

type Fields = Readonly<Record<string, unknown>>;

async function statusOf(): Promise<Fields> {
  const object = await live();
  const status = (object?.['status'] ?? {}) as Fields;
  return { ...status, generation: object?.metadata.generation };
}

function progressing(status: Fields): Fields | undefined {
  return ((status['conditions'] ?? []) as Fields[]).find((condition) => condition['type'] === 'Progressing');
}

function isComplete(status: Fields): boolean {
  return (
    status['observedGeneration'] === status['generation'] &&
    progressing(status)?.['reason'] === 'NewReplicaSetAvailable'
  );
}

async function url(): Promise<string> {
  const address = await local.runtime.serviceAddress({ namespace: 'test', name: 'web', port: 80 });
  return `http://${address?.host}:${address?.port}/`;
}

async function answer(): Promise<string> {
  return (await fetch(await url())).text();
}

function startLoad(): {
  readonly stop: () => Promise<{ readonly failures: readonly string[]; readonly answers: ReadonlySet<string> }>;
} {
  const failures: string[] = [];
  const answers = new Set<string>();
  let isOn = true;
  const worker = async (path: string) => {
    const base = await url();
    while (isOn) {
      try {
        const response = await fetch(`${base}${path}`);
        const text = await response.text();
        if (response.status === 200) answers.add(text);
        else failures.push(`${response.status} ${text}`);
      } catch (error) {
        failures.push(String(error));
      }
    }
  };
  const workers = ['', '', 'slow'].map(worker);
  return {
    stop: async () => {
      isOn = false;
      await Promise.all(workers);
      return { failures, answers };
    },
  };
}
