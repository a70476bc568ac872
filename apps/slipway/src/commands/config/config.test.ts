import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AppConfigDiffView, AppConfigView, EnvironmentView } from '@slipway/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliEnd, runCli } from '../../testing/run-cli.ts';

const [one, two] = ['1'.repeat(40), '2'.repeat(40)];
const view: AppConfigView = {
  application: 'guestbook',
  environment: 'prod',
  repository: 'guestbook-settings',
  inForce: { commit: one, tree: one, revision: '3'.repeat(40) },
  pinned: { commit: two, tree: two },
  head: two,
  files: [
    { path: 'logo.png', sizeBytes: 9, blob: one },
    { path: 'settings.json', sizeBytes: 14, blob: two, text: '{"banner": ""}' },
  ],
};

describe('slipway config', () => {
  let server: Server;
  let url: string;
  let answer: unknown;
  const asked: string[] = [];
  beforeEach(async () => {
    asked.length = 0;
    server = createServer((request: IncomingMessage, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push(`${request.method ?? ''} ${request.url ?? ''}${body}`);
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const config = (...args: readonly string[]): Promise<CliEnd> =>
    runCli('/nonexistent', ['config', ...args, '--url', url, '--token', 't']);

  it('get says what is in force, what is pinned and waits, and what is newest', async () => {
    answer = view;

    expect((await config('get', 'guestbook', 'prod')).stdout).toBe(`repository  guestbook-settings
in force    111111111111
pinned      222222222222 (waits for its gates)
newest      222222222222

logo.png       9 bytes   111111111111
settings.json  14 bytes  222222222222
`);
    expect(JSON.parse((await config('get', 'guestbook', 'prod', '--output', 'json')).stdout)).toEqual(view);
    expect(asked[0]).toBe('GET /api/v1/applications/guestbook/environments/prod/app-config');
  });

  it('get --file prints a file, and says which there are', async () => {
    answer = view;

    expect((await config('get', 'guestbook', 'prod', '--file', 'settings.json')).stdout).toBe('{"banner": ""}\n');
    const missing = await config('get', 'guestbook', 'prod', '--file', 'none');
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('logo.png, settings.json')]);
    expect((await config('get', 'guestbook', 'prod', '--file', 'logo.png')).stderr).toContain('is no text');
  });

  it('diff prints what differs, with an exit code that says whether', async () => {
    const files = [
      { path: 'logo.png', change: 'added', diff: '' },
      { path: 'settings.json', change: 'changed', diff: '@@ -1,1 +1,1 @@\n-a\n+b\n' },
    ] as const;
    answer = { application: 'guestbook', environment: 'prod', against: 'stage', files } satisfies Readonly<
      Record<keyof AppConfigDiffView, unknown>
    >;

    expect(await config('diff', 'guestbook', 'prod', '--against', 'stage')).toMatchObject({
      code: 1,
      stdout: 'added logo.png (no text)\n--- settings.json\n+++ settings.json\n@@ -1,1 +1,1 @@\n-a\n+b\n',
    });
    expect(asked[0]).toBe('GET /api/v1/applications/guestbook/environments/prod/app-config/diff?against=stage');
    answer = { application: 'guestbook', environment: 'prod', against: 'head', files: [] };
    expect(await config('diff', 'guestbook', 'prod')).toMatchObject({ code: 0, stdout: '' });
  });

  it('token prints the secret alone', async () => {
    answer = { id: 'x', secret: 'slw_x_y' };

    expect((await config('token', 'guestbook', '--environment', 'prod')).stdout).toBe('slw_x_y\n');
    expect(asked[0]).toBe('POST /api/v1/applications/guestbook/config-tokens{"environment":"prod"}');
  });

  it('token --secret says where it cannot put one, before it makes one', async () => {
    answer = { application: 'guestbook', repository: 'config', environments: [environmentOn('eks')] };

    const other = await config('token', 'guestbook', '--environment', 'prod', '--secret');
    const unknown = await config('token', 'guestbook', '--environment', 'qa', '--secret');
    const unnamed = await config('token', 'guestbook', '--secret');

    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('is on target eks')]);
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('it has prod')]);
    expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining('--environment')]);
    expect(asked.filter((one) => one.startsWith('POST'))).toEqual([]);
  });
});

function environmentOn(target: string): EnvironmentView {
  return {
    ...{
      application: 'guestbook',
      environment: 'prod',
      class: 'protected',
      order: 3,
      namespace: 'guestbook-prod',
      target,
    },
    ...{ verifications: [], services: [], holds: [], updatedAt: '2026-01-01T00:00:00Z' },
    canPromote: { isAllowed: false, unmet: [] },
    canHold: { isAllowed: false },
  };
}
