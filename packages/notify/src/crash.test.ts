import { runProgram } from '@slipway/host';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MemoryNotifier, startThrowawayDatabase, type ThrowawayDatabase } from '@slipway/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MailServer, startMailServer } from '../test-support/mail-server.ts';
import { openOutboxWorld, type OutboxWorld } from '../test-support/outbox-world.ts';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const program = path.join(packageDir, 'fixtures/sender-process.mjs');

let world: OutboxWorld;
let server: MailServer;
/** Keeps the database server up between tests. */
let held: ThrowawayDatabase;

beforeAll(async () => {
  // The senders are processes of their own, and run what is built.
  const compiler = path.join(path.dirname(createRequire(import.meta.url).resolve('tsc7/package.json')), 'bin/tsc');
  await runProgram(process.execPath, [compiler, '-b', packageDir, path.join(packageDir, '../store')], {
    cwd: packageDir,
  });
  held = await startThrowawayDatabase();
});

afterAll(() => held.stop());

beforeEach(async () => {
  world = await openOutboxWorld();
  server = await startMailServer();
  await world.channels(new MemoryNotifier('mail'));
  await world.person('ada');
  world.clock.now = new Date().toISOString();
  for (const id of ['one', 'two']) await world.tell(id, ['ada']);
});

afterEach(async () => {
  await server.close();
  await world.close();
});

/** How the process ended: its signal, or its exit code. */
async function send(dieAt?: string): Promise<string> {
  const task = JSON.stringify({ databaseUrl: world.databaseUrl, port: server.port, dieAt });
  const child = spawn(process.execPath, [program, task], { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? String(code))));
}

describe('a sender that is killed', () => {
  it.each([
    { dieAt: 'notification-claimed', when: 'before it sends', copies: 1 },
    { dieAt: 'notification-sent', when: 'between "250 OK" and our record', copies: 2 },
  ])('$when, loses nothing, and a second copy has the same Message-ID', async ({ dieAt, copies }) => {
    expect(await send(dieAt)).toBe('SIGKILL');
    expect(await send()).toBe('0');

    const mails = server.taken.map(({ headers }) => ({
      subject: headers.get('subject'),
      id: headers.get('message-id'),
    }));
    const first = mails.filter(({ subject }) => subject === 'subject one');
    expect(first).toHaveLength(copies);
    expect(new Set(first.map(({ id }) => id)).size).toBe(1);
    expect(mails.map(({ subject }) => subject).at(-1)).toBe('subject two');
    expect(mails).toHaveLength(copies + 1);
    expect((await world.deliveries()).map(({ id, phase }) => [id, phase])).toEqual([
      ['one/mail/ada', 'sent'],
      ['two/mail/ada', 'sent'],
    ]);
  });
});
