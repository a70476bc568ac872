import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import type { ProgramEnvironment } from '@slipway/config';
import { parsePublicKey } from '@slipway/evidence';
import { createGitHost } from '@slipway/git';
import { writeAtomically } from '@slipway/host';
import { ReconcileHost } from '@slipway/operator';
import { createKubectlRenderer } from '@slipway/renderer';
import type { LocalRuntime } from '@slipway/runtime-local';
import { CliError } from '../cli/cli-error.ts';
import { makeCheckpoint } from './checkpoint.ts';
import { keeperOf, leaveRuntime, startRuntimeProcess } from './local-runtime.ts';
import { canaryMetrics } from './canary-metrics.ts';
import { openOperatorFolder } from './operator-folder.ts';
import { startOperator } from './operator-side.ts';
import { takePresence } from './presence.ts';

export interface OperatorProcessOptions {
  readonly environment: ProgramEnvironment;
  /** Origin of the server. */
  readonly url: string;
  readonly token: string;
  /** On the machine of the server its own folder, so that both use one runtime. */
  readonly stateDir: string;
  /** PEM file of the server's public key; absent: the kept one, else what the first enrolment says. */
  readonly serverKeyFile?: string | undefined;
  readonly log: Logger;
}

/** A running operator without database and inbound port. */
export interface OperatorProcess {
  /** Fingerprint of the key that it signs with. */
  readonly keyId: string;
  /** Ends when it is stopped; fails when the server refuses it for good. */
  readonly ended: Promise<void>;
  /** Ends it; and the local runtime with its pods, unless a server still works on the same state folder. */
  stop(): Promise<void>;
}

const runtimeEveryMs = 2_000;

/** Starts an operator as a process of its own; safe to repeat after any crash, with the server away too. */
export async function startOperatorProcess(options: OperatorProcessOptions): Promise<OperatorProcess> {
  const { environment, url, token, log } = options;
  const root = path.resolve(options.stateDir);
  await mkdir(root, { recursive: true });
  await chmod(root, 0o711);
  const serverKey = await readServerKey(options.serverKeyFile);
  const folder = await openOperatorFolder(path.join(root, 'operator'));
  const presence = await takePresence(root, 'operator');
  const ending = new AbortController();
  try {
    const kubectl = environment.kubectl === undefined ? {} : { kubectlPath: environment.kubectl };
    const [renderer, target] = await Promise.all([
      createKubectlRenderer({ stateDir: root, ...kubectl }),
      openRuntime(root, options),
    ]);
    const keeper = keepRuntime(root, options, target);
    const checkpoint = makeCheckpoint(environment.crashAt);
    const ended = startOperator({
      ...{ url, token, folder, serverKey, git: createGitHost({}), renderer, target, checkpoint, log },
      metrics: canaryMetrics(environment, target),
      signal: ending.signal,
    });
    return {
      keyId: folder.key.fingerprint,
      ended,
      async stop() {
        ending.abort();
        await ended.catch(() => undefined);
        await keeper.stop();
        await presence.release();
        await leaveRuntime(root, ['server']);
      },
    };
  } catch (error) {
    await presence.release();
    throw error;
  }
}

async function readServerKey(file: string | undefined): Promise<ReturnType<typeof parsePublicKey> | undefined> {
  if (file === undefined) return undefined;
  const pem = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CliError('CLI_FILE_UNREADABLE', `${file} cannot be read`, { cause: error });
  });
  return parsePublicKey(pem);
}

/** The runtime of the state folder. Where no server has set it up, it pulls images as the operator. */
async function openRuntime(root: string, options: OperatorProcessOptions): Promise<LocalRuntime> {
  const settings = path.join(root, 'server');
  if (!existsSync(path.join(settings, 'server.json'))) {
    await mkdir(settings, { recursive: true, mode: 0o700 });
    const { url, token } = options;
    const setting = { url, host: new URL(url).host, secret: token };
    await writeAtomically(path.join(settings, 'runtime.json'), `${JSON.stringify(setting, null, 2)}\n`);
  }
  return startRuntimeProcess(root, options.environment);
}

/** Starts the runtime again when it died, also while the server is away. */
function keepRuntime(root: string, options: OperatorProcessOptions, runtime: LocalRuntime): ReconcileHost {
  const { log, environment } = options;
  const keep = keeperOf(runtime, () => startRuntimeProcess(root, environment), log);
  const host = new ReconcileHost(
    async () => {
      await keep();
      return { kind: 'settled', nextCheckMs: runtimeEveryMs };
    },
    {
      concurrency: 1,
      onPass: ({ outcome, error }) =>
        outcome === 'errored' ? log.warn({ err: error }, 'the local runtime cannot be kept') : undefined,
    },
  );
  host.wake('runtime');
  return host;
}
