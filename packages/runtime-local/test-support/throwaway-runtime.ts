import type { KubeObject } from '@slipway/ports';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { startOrAdoptRuntime, stopRuntime, type LocalRuntime } from '../src/index.ts';
import { FolderRegistry } from './folder-registry.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));

/** A state folder with a registry and a runtime in a process of its own. */
export interface ThrowawayRuntime {
  readonly stateDir: string;
  readonly registry: FolderRegistry;
  readonly runtime: LocalRuntime;
  /** Starts a runtime again after it was killed. */
  readonly restart: () => Promise<LocalRuntime>;
  /** Ends all and leaves nothing. */
  readonly close: () => Promise<void>;
}

/** The runtime's program from sources: one file, laid beside the relay as in the package. */
export async function bundleRuntime(): Promise<{ readonly file: string; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'slipway-runtime-bundle-'));
  await chmod(folder, 0o755);
  const file = path.join(folder, 'dist', 'main', 'main.mjs');
  await build({
    input: path.join(packageDir, 'test-support', 'main.ts'),
    platform: 'node',
    resolve: { conditionNames: ['source', 'import', 'node', 'default'] },
    output: { file, format: 'esm', codeSplitting: false },
    logLevel: 'silent',
  });
  await mkdir(path.join(folder, 'relay'));
  await copyFile(path.join(packageDir, 'relay', 'relay.mjs'), path.join(folder, 'relay', 'relay.mjs'));
  return { file, remove: () => rm(folder, { recursive: true, force: true }) };
}

export async function startThrowaway(
  program: string,
  limits: readonly string[] = ['withoutBubblewrap'],
): Promise<ThrowawayRuntime> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'slipway-runtime-test-'));
  await chmod(folder, 0o755);
  const stateDir = path.join(folder, 'state');
  const registryDir = path.join(folder, 'registry');
  await mkdir(stateDir);
  const registry = new FolderRegistry(registryDir);
  const command = [process.execPath, program, stateDir, registryDir, ...limits];
  const environment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const start = () => startOrAdoptRuntime({ stateDir, command, environment });
  return {
    stateDir,
    registry,
    runtime: await start(),
    restart: start,
    close: async () => {
      await stopRuntime(stateDir);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function deployment(
  name: string,
  image: string,
  more: { readonly spec?: object; readonly container?: object; readonly pod?: object } = {},
): KubeObject {
  const readinessProbe = { httpGet: { path: '/', port: 8080 } };
  const container = {
    name: 'main',
    image,
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe,
    ...more.container,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'test', labels: { 'slipway.dev/application': 'guestbook' } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 5, containers: [container], ...more.pod },
      },
      ...more.spec,
    },
  };
}

export function service(
  name: string,
  selector: Readonly<Record<string, string>> = { app: name },
  annotations: Readonly<Record<string, string>> = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'test', labels: { 'slipway.dev/application': 'guestbook' }, annotations },
    spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

/** Asks again until the answer satisfies, ten seconds at most. */
export async function until<Answer>(
  ask: () => Promise<Answer>,
  isGood: (answer: Answer) => boolean,
  timeoutMs = 60_000,
): Promise<Answer> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isGood(answer)) return answer;
    if (performance.now() > end) throw new Error(`not in time: ${JSON.stringify(answer)}`);
    await sleep(20);
  }
}
