import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmod, mkdtemp, rm, stat, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../testing/run-cli.ts';
import { apiPath, createApiClient } from './api-client.ts';
import { readSettings, writeSettings } from './settings.ts';

let home: string;
let server: Server | undefined;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'slipway-cli-'));
});

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
  await rm(home, { recursive: true, force: true });
});

async function listen(answer: RequestListener): Promise<string> {
  const opened = createServer(answer);
  server = opened;
  await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
}

function refusing(status: number, body: unknown): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

const why = ['why', '4f2a91c', 'prod', '--token', 'slw_secret'];

describe('what a server answers', () => {
  it.each([
    [401, { code: 'UNAUTHENTICATED', message: 'This needs a login. Log in.', next: 'Log in.' }, 3],
    [403, { code: 'FORBIDDEN', message: 'ann does not hold the right. Ask an admin.', next: 'Ask an admin.' }, 4],
    [403, { code: 'REVIEW_REFUSED', message: 'It is your own. Ask another.', next: 'Ask another.' }, 4],
    [404, { code: 'NOT_FOUND', message: 'No change. Check its name.', next: 'Check its name.' }, 1],
    [409, { code: 'PROMOTION_REFUSED', message: 'Two gates are not met. Meet them.', next: 'Meet them.' }, 1],
    [500, { code: 'INTERNAL', message: 'The server could not do this. Try again.' }, 1],
  ])('becomes an exit code: %i %o is %i', async (status, problem, code) => {
    const url = await listen(refusing(status, problem));

    const end = await runCli(home, [...why, '--url', url]);

    expect(end).toMatchObject({ code, stdout: '', stderr: `${problem.message}\n` });
  });

  it('is a problem document on standard error with --output json', async () => {
    const facts = { gate: 'soak' };
    const url = await listen(
      refusing(409, { code: 'PROMOTION_REFUSED', message: 'Not yet. Wait.', next: 'Wait.', facts }),
    );

    const end = await runCli(home, [...why, '--url', url, '--output', 'json']);

    expect(end.stdout).toBe('');
    expect(JSON.parse(end.stderr)).toEqual({
      code: 'PROMOTION_REFUSED',
      message: 'Not yet. Wait.',
      next: 'Wait.',
      facts,
    });
  });

  it.each([
    ['a page of something else', 502, '<html>bad gateway</html>', 5],
    ['an answer of another version', 200, { surprise: true }, 1],
    ['no JSON', 200, 'hello', 1],
  ])('is refused when it is %s', async (_what, status, body, code) => {
    const url = await listen(refusing(status, body));

    expect((await runCli(home, [...why, '--url', url])).code).toBe(code);
  });

  it('is unreachable when nothing listens, and never shows the token', async () => {
    const url = await listen(refusing(200, {}));
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;

    const end = await runCli(home, [...why, '--url', url]);

    expect(end.code).toBe(5);
    expect(end.stderr).toContain('slipway up');
    expect(end.stderr + end.stdout).not.toContain('slw_secret');
  });

  it('is not followed to another place: the token would go with it', async () => {
    const asked: string[] = [];
    const url = await listen((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere' }).end();
    });

    expect((await runCli(home, [...why, '--url', url])).code).toBe(5);
    expect(asked).toHaveLength(1);
  });

  it('is waited for only so long, and read only so far', async () => {
    const url = await listen((request, response) => {
      if (request.url === '/large') response.end(JSON.stringify('x'.repeat(10_000)));
    });
    const client = createApiClient({ url, signal: new AbortController().signal, timeoutMs: 100 });
    const text = { parse: String };

    await expect(client.get('/silent', text)).rejects.toMatchObject({ code: 'CLI_SERVER_UNREACHABLE' });
    await expect(client.get('/large', text, { maxBytes: 1_000, timeoutMs: 5_000 })).rejects.toMatchObject({
      code: 'CLI_ANSWER_UNREADABLE',
    });
  });

  it('is given up when the person ends the command', async () => {
    const url = await listen(() => undefined);
    const ending = new AbortController();
    const client = createApiClient({ url, signal: ending.signal });

    const asking = client.get('/silent', { parse: String });
    ending.abort(new Error('Ctrl-C'));

    await expect(asking).rejects.toThrow('Ctrl-C');
  });
});

describe('paths and settings', () => {
  it('encodes what stands in a path', () => {
    expect(apiPath`/api/v1/promotions/${'shop/prod/1.2'}/approve`).toBe('/api/v1/promotions/shop%2Fprod%2F1.2/approve');
  });

  it('keeps the login in a file that only its owner reads', async () => {
    const file = path.join(home, 'deep', 'config.json');

    await writeSettings(file, { url: 'http://127.0.0.1:1', token: 'slw_secret' });

    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readSettings(file)).toEqual({ url: 'http://127.0.0.1:1', token: 'slw_secret' });
  });

  it('sends a kept token to the server that made it and to no other', async () => {
    const seen: (string | undefined)[] = [];
    const url = await listen((request, response) => {
      seen.push(request.headers.authorization);
      refusing(401, { code: 'UNAUTHENTICATED', message: 'This needs a login. Log in.', next: 'Log in.' })(
        request,
        response,
      );
    });
    const file = path.join(home, '.config', 'slipway', 'config.json');
    await writeSettings(file, { url: 'http://127.0.0.1:1', token: 'slw_secret' });

    const end = await runCli(home, ['why', '4f2a91c', 'prod', '--url', url]);

    expect(end).toMatchObject({ code: 3 });
    expect(seen).toEqual([]);
  });

  it('says which file is damaged', async () => {
    const file = path.join(home, '.config', 'slipway', 'config.json');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '{"url":');
    await chmod(file, 0o600);

    const end = await runCli(home, ['status']);

    expect(end).toMatchObject({ code: 1 });
    expect(end.stderr).toContain(file);
  });
});
