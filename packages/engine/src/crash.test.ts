import { identifyProcess, runProgram, signalProcess, type ProcessIdentity } from '@slipway/host';
import { DBOSClient } from '@dbos-inc/dbos-sdk';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from './create-engine.ts';
import type { Database } from './database/database.ts';
import { startDatabase } from './database/start-database.ts';
import type { EffectHandler, EngineLogger } from './effects/effect-handler.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const program = path.join(packageDir, 'fixtures/effect-process.mjs');
const silent = (): void => undefined;
const logger: EngineLogger = { debug: silent, info: silent, warn: silent, error: silent };

let stateDir: string;
let database: Database;
let client: DBOSClient;
let journal: string;
let keys = 0;
const children: ProcessIdentity[] = [];

beforeAll(async () => {
  // The replicas are processes of their own, and run what is built.
  const compiler = path.join(path.dirname(createRequire(import.meta.url).resolve('tsc7/package.json')), 'bin/tsc');
  await runProgram(process.execPath, [compiler, '-b', packageDir], { cwd: packageDir });
  stateDir = mkdtempSync(path.join(tmpdir(), 'slipway-crash-'));
  chmodSync(stateDir, 0o711);
  database = await startDatabase({ stateDir });
});

beforeEach(async () => {
  keys += 1;
  journal = path.join(stateDir, `journal-${keys}`);
  const quiet = { debug: silent, info: silent, warn: silent, error: silent };
  client = await DBOSClient.create({ systemDatabaseUrl: database.url, applicationName: 'slipway', logger: quiet });
});

afterEach(async () => {
  for (const child of children.splice(0)) signalProcess(child, 'SIGKILL');
  await client.destroy();
});

afterAll(async () => {
  await database.stop();
  rmSync(new URL(database.url).searchParams.get('host') ?? '', { recursive: true, force: true });
  rmSync(stateDir, { recursive: true, force: true });
});

/** Resolves when the replica is up, or with how it ended. */
async function startReplica(
  executorId: string,
): Promise<{ readonly identity: ProcessIdentity; readonly said: string }> {
  const child = spawn(process.execPath, [program, database.url, executorId, journal], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const identity = child.pid === undefined ? undefined : identifyProcess(child.pid);
  if (identity === undefined) throw new Error('the replica did not start');
  children.push(identity);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('ready') || child.exitCode !== null);
  return { identity, said };
}

async function enqueue(kind: string, key: string, payload: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const target = { workflowName: 'effect.v1', workflowID: key, queueName: 'work', appVersion: '1' };
  await client.enqueue(target, kind, payload, key);
}

function happened(): readonly string[] {
  return existsSync(journal) ? readFileSync(journal, 'utf8').trim().split('\n') : [];
}

/** Ends what is under way, and lets what begins from here on end at once. */
function letGo(): void {
  writeFileSync(`${journal}.let-go`, '');
}

async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`it did not happen in time: ${happened().join(', ')}`);
    await sleep(5);
  }
}

describe('a replica that is killed', () => {
  it('repeats what it had under way under the same key when it starts again, and nothing that had ended', async () => {
    const first = await startReplica('a');
    await enqueue('quick', 'ended');
    await enqueue('held', 'under-way');
    await until(() => happened().includes('began under-way'));
    await until(async () => (await client.getWorkflow('ended'))?.status === 'SUCCESS');

    signalProcess(first.identity, 'SIGKILL');
    letGo();
    await startReplica('a');
    await until(() => happened().includes('did under-way'));
    await sleep(300);

    expect(happened().filter((line) => line.endsWith(' ended'))).toEqual(['did ended']);
    const story = happened().filter((line) => line.endsWith(' under-way'));
    expect(story).toEqual(['began under-way', 'began under-way', 'did under-way']);
  });

  it('is replaced by another that lives, which leaves the work of the living alone', async () => {
    const dead = await startReplica('dead');
    await enqueue('held', 'of-the-dead');
    await until(() => happened().includes('began of-the-dead'));
    await startReplica('alive');

    signalProcess(dead.identity, 'SIGKILL');
    letGo();
    await until(() => happened().includes('did of-the-dead'));
    await sleep(100);

    expect(happened()).toEqual(['began of-the-dead', 'began of-the-dead', 'did of-the-dead']);
  });

  it('cannot be run twice under one executor id', async () => {
    await startReplica('one');
    const second = await startReplica('one');

    expect(second.said).toContain('EXECUTOR_ALREADY_RUNS');
  });
});

describe('a PostgreSQL that is killed', () => {
  it('fences the engine; on the database started anew the next engine finishes the work', async () => {
    const events: string[] = [];
    const run: EffectHandler['run'] = async (_, { signal }) => {
      events.push('began');
      // The first ends with the server only.
      if (events.length === 1) await sleep(600_000, undefined, { signal });
      events.push('did');
    };
    let fence = silent;
    const fenced = new Promise<void>((resolve) => (fence = resolve));
    const options = {
      databaseUrl: database.url,
      executorId: 'here',
      handlers: { slow: { queue: 'work', run, failed: () => Promise.resolve() } },
      queues: { work: { concurrency: 1 } },
      logger,
      onFenced: () => {
        fence();
      },
    };
    const engine = await createEngine(options);
    await enqueue('slow', 'through-the-crash');
    await until(() => events.length === 1);
    const lock = readFileSync(path.join(stateDir, 'pg/data/postmaster.pid'), 'utf8');

    process.kill(Number(lock.split('\n')[0]), 'SIGKILL');
    await fenced;
    await engine.stop(0);
    database = await startDatabase({ stateDir });
    const next = await createEngine(options);
    await until(() => events.includes('did'));
    await next.stop(1_000);

    expect(events).toEqual(['began', 'began', 'did']);
    expect(database.wasAdopted).toBe(false);
  });
});
