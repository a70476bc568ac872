import { createServer, type Server } from 'node:http';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSigningKey, openReport, parsePublicKey, printPublicKey, type SigningKey } from '@slipway/evidence';
import { createGitHost } from '@slipway/git';
import { MemoryMetrics, MemoryTarget, plainRenderer } from '@slipway/testkit';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPolicyServer } from './operator-link.ts';
import { openOperatorFolder } from './operator-folder.ts';
import { startOperator } from './operator-side.ts';

/** Answers as a server of ours does to an operator, as far as the operator looks. */
class OperatorsServer {
  key: SigningKey = createSigningKey();
  refusal: { readonly status: number; readonly code: string } | undefined;
  readonly enrolled: string[] = [];
  readonly reports: string[] = [];
  connections = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const { refusal } = this;
        if (refusal !== undefined) {
          response.writeHead(refusal.status, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ code: refusal.code, message: 'No. Ask an admin.', next: 'Ask an admin.' }));
        } else if (request.url === '/api/v1/operator/enrol') {
          this.enrolled.push((JSON.parse(text) as { readonly publicKey: string }).publicKey);
          const serverKey = printPublicKey(this.key.publicKey);
          response.end(JSON.stringify({ account: 'operator', keyId: 'unread', serverKey }));
        } else if (request.url === '/api/v1/operator/deployments') {
          this.reports.push((JSON.parse(text) as { readonly envelope: string }).envelope);
          response.writeHead(204).end();
        } else {
          this.connections += 1;
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.write('event: policies\ndata: []\n\n');
        }
      });
    });
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
      });
    });
  }

  /** Ends every connection; who was connected tries again. */
  hangUp(): void {
    this.#server.closeAllConnections();
  }

  close(): Promise<void> {
    this.hangUp();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

describe('an operator and its server', () => {
  let root: string;
  let server: OperatorsServer;
  let url: string;
  let ending: AbortController;
  const target = new MemoryTarget();
  const log = pino({ level: 'silent' });
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'slipway-operator-side-'));
    server = new OperatorsServer();
    url = await server.listen();
    ending = new AbortController();
  });
  afterEach(async () => {
    ending.abort();
    await server.close();
    await rm(root, { recursive: true, force: true });
  });

  const start = async (): Promise<void> =>
    startOperator({
      ...{ url, token: 'a token', folder: await openOperatorFolder(root), log, target, renderer: plainRenderer },
      git: createGitHost({}),
      metrics: new MemoryMetrics(),
      checkpoint: () => Promise.resolve(),
      signal: ending.signal,
    });

  it('keep the key that they enrol, and the key of the server that they heard first', async () => {
    const running = start();
    const { memory } = await openOperatorFolder(root);
    await expect.poll(() => memory.read(), { timeout: 10_000 }).toEqual([]);
    ending.abort();
    await running;

    const again = await openOperatorFolder(root);
    expect(server.enrolled).toContain(again.key.publicPem);
    expect(new Set(server.enrolled).size).toBe(1);
    expect(printPublicKey(again.serverKey ?? server.key.privateKey)).toBe(printPublicKey(server.key.publicKey));
    expect((await stat(path.join(root, 'signing-key.pem'))).mode & 0o777).toBe(0o600);
  });

  it('part for good when the server signs with another key', async () => {
    const running = start();
    await expect.poll(() => server.connections).toBe(1);

    server.key = createSigningKey();
    server.hangUp();

    await expect(running).rejects.toMatchObject({ code: 'SERVER_KEY_CHANGED' });
  });

  it.each([
    [409, 'OPERATOR_KEY_TAKEN'],
    [401, 'UNAUTHENTICATED'],
  ])('part for good when the server answers %i', async (status, code) => {
    server.refusal = { status, code };

    await expect(start()).rejects.toMatchObject({ code });
  });

  it('find each other again after the server was out of order', async () => {
    server.refusal = { status: 503, code: 'INTERNAL' };
    const running = start();
    await expect.poll(() => server.enrolled.length, { timeout: 1_000 }).toBe(0);
    server.refusal = undefined;
    await expect.poll(() => server.connections, { timeout: 20_000 }).toBe(1);

    server.hangUp();
    await expect.poll(() => server.connections, { timeout: 20_000 }).toBe(2);
    ending.abort();
    await running;
  });

  it('agree on who signed a report; one that did not arrive is to be sent again', async () => {
    const folder = await openOperatorFolder(root);
    const link = openPolicyServer({ url, token: 'a token', folder, log }, server.key.publicKey);
    const report = { phase: 'succeeded', application: 'guestbook', environment: 'qa' } as never;

    await link.report(report, ending.signal);
    expect(openReport(server.reports[0] ?? '', parsePublicKey(folder.key.publicPem)).keyId).toBe(
      folder.key.fingerprint,
    );

    server.refusal = { status: 403, code: 'OPERATOR_KEY_UNKNOWN' };
    await expect(link.report(report, ending.signal)).rejects.toMatchObject({
      code: 'REPORT_UNDELIVERED',
      retry: 'backoff',
    });
  });
});

describe('the last policies', () => {
  it('are as good as nothing when somebody damaged them', async () => {
    const root = await mkdtemp(path.join(tmpdir(), 'slipway-operator-folder-'));
    const { memory, dir } = await openOperatorFolder(root);
    expect(await memory.read()).toBeUndefined();
    await writeFile(path.join(dir, 'policies.json'), '[{"a');

    expect(await memory.read()).toBeUndefined();
    await rm(root, { recursive: true });
  });
});
