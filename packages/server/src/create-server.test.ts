import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServerWorld, putRepository, type ServerWorld } from '../test-support/server-world.ts';

describe('the server', () => {
  let world: ServerWorld;
  let viewer: string;
  let admin: string;
  beforeAll(async () => {
    world = await openServerWorld();
    await world.account('ada', ['viewer']);
    await world.account('root', ['admin']);
    [viewer, admin] = [await world.token('ada'), await world.token('root')];
    await putRepository(world, 'web');
  });
  afterAll(() => world.close());

  it('has the API of the golden document', async () => {
    const document = (await (await world.ask('/api/v1/openapi.json')).json()) as object;

    await expect(`${JSON.stringify(document, undefined, 2)}\n`).toMatchFileSnapshot('__golden__/openapi.json');
  });

  it.each([
    ['a page', '/', 200],
    ['a page of the dashboard', '/changes/web%40abc', 200],
    ['a script', '/app.js', 200],
    ['an answer', '/api/v1/me', 200],
    ['a refusal', '/api/v1/audit/nothing', 404],
    ['an event stream', '/api/v1/events', 200],
  ])('sends %s with the headers that keep a browser safe', async (_what, where, status) => {
    const leaving = new AbortController();
    const response = await world.ask(where, { token: viewer, signal: leaving.signal });
    leaving.abort();

    expect(response.status).toBe(status);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  });

  it('serves the dashboard to everybody, and nothing beside its folder', async () => {
    expect(await (await world.ask('/')).text()).toContain('<title>Slipway</title>');
    expect((await world.ask('/assets/missing.js')).status).toBe(404);
    for (const path of ['/../server-world.ts', '/..%2f..%2fetc%2fpasswd', '/%2e%2e/%2e%2e/etc/passwd'])
      expect(await rawGet(world, path)).not.toContain('root:');
  });

  it.each([
    ['GET', '/api/v1/nothing'],
    ['POST', '/somewhere'],
    ['PUT', '/api/v1/me'],
  ])('answers %s %s, which is not there, alike for everybody', async (method, where) => {
    const [stranger, member] = [await world.ask(where, { method }), await world.ask(where, { method, token: admin })];
    expect([stranger.status, member.status]).toEqual([404, 404]);
    expect(await stranger.json()).toEqual(await member.json());
  });

  it.each([
    '/runs/none',
    '/promotions/none',
    '/changes/none/trail',
    '/applications/none/board',
    '/why?change=abcdefgh&environment=prod',
    '/repositories/web/pull-requests/7',
    '/verifications/none/log',
    '/runs/none/stages/test/log',
  ])('says that %s is not there', async (where) => {
    const response = await world.ask(`/api/v1${where}`, { token: viewer });

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'NOT_FOUND', next: expect.any(String) });
  });

  it.each([
    ['a missing field', '/api/v1/repositories', { name: 'web' }, 'role'],
    ['a wrong value', '/api/v1/repositories', { name: '../web', role: 'code' }, 'name'],
    ['an unknown field', '/api/v1/tokens', { label: 'x', account: 'ada' }, 'account'],
    ['a wrong type below a list', '/api/v1/accounts', { id: 'bo', displayName: 'Bo', roles: ['god'] }, 'roles/0'],
  ])('refuses a body with %s and names the place', async (_what, where, body, place) => {
    const response = await world.ask(where, { method: 'POST', token: admin, body });

    expect(response.status).toBe(400);
    const problem = (await response.json()) as { readonly code: string; readonly message: string };
    expect(problem.code).toBe('REQUEST_INVALID');
    expect(problem.message).toContain(place);
  });

  it('refuses what is no JSON, what is too long, and a query out of range', async () => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${admin}` };
    const send = (body: string): Promise<Response> =>
      fetch(`${world.url}/api/v1/tokens`, { method: 'POST', headers, body });

    expect((await send('{"label":')).status).toBe(400);
    expect((await send(JSON.stringify({ label: 'x'.repeat(2_000_000) }))).status).toBe(413);
    expect((await world.ask('/api/v1/runs?limit=100000', { token: viewer })).status).toBe(400);
    expect(world.faults).toEqual([]);
  });

  it('makes a repository once, and refuses the same name for another role', async () => {
    const make = (role: string): Promise<Response> =>
      world.ask('/api/v1/repositories', { method: 'POST', token: admin, body: { name: 'config', role } });

    expect([(await make('config')).status, (await make('config')).status]).toEqual([200, 200]);
    expect((await make('code')).status).toBe(409);
  });

  it('keeps the account of a service its own', async () => {
    const operator = await world.account('operator', ['operator']);
    await world.store.transact((tx) => tx.put('account', 'operator', { ...operator, kind: 'service' }));
    const body = { id: 'operator', displayName: 'Me', roles: ['admin'] };

    expect((await world.ask('/api/v1/accounts', { method: 'POST', token: admin, body })).status).toBe(409);
    expect(
      (await world.ask('/api/v1/accounts/operator/tokens', { method: 'POST', token: admin, body: { label: 'x' } }))
        .status,
    ).toBe(404);
  });

  it('hides what went wrong inside from who asks, and tells the log', async () => {
    const broken = new Error('password=hunter2 at line 7');
    world.faults.length = 0;
    const { exportAudit } = world.services;
    Object.assign(world.services, { exportAudit: () => Promise.reject(broken) });
    const response = await world.ask('/api/v1/audit/bundle', { token: viewer });
    Object.assign(world.services, { exportAudit });

    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('hunter2');
    expect(world.faults.splice(0)).toEqual([broken]);
  });

  it('tells of a change after its commit, and lets go of who leaves', async () => {
    const listening = countListeners(world);
    const leaving = new AbortController();
    const response = await world.ask('/api/v1/events', { token: viewer, signal: leaving.signal });
    const read = lines(response);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await read(': open');

    const item = { id: 'i', account: 'ada', kind: 'failure', subject: '', body: '', link: '', createdAt: '' } as const;
    await world.store
      .transact(async (tx) => {
        await tx.put('inboxItem', 'rolled-back', item);
        throw new Error('no');
      })
      .catch(() => undefined);
    await world.store.transact((tx) => tx.put('inboxItem', 'i', item));

    expect(await read('data:')).toBe('data: {"noun":"inboxItem","id":"i"}');
    expect(listening()).toBe(1);
    leaving.abort();
    await expect.poll(listening).toBe(0);
  });
});

/** Reads an event stream up to the next line that begins so. */
function lines(response: Response): (start: string) => Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  return async (start) => {
    for (;;) {
      const [line, ...more] = rest.split('\n');
      if (more.length > 0) {
        rest = more.join('\n');
        if (line?.startsWith(start) === true) return line;
        continue;
      }
      const chunk = await reader?.read();
      if (chunk?.value === undefined) throw new Error('the stream ended');
      rest += chunk.value;
    }
  };
}

/** How many listen to the store, of those that began after now. */
function countListeners(world: ServerWorld): () => number {
  let count = 0;
  const onChange = world.store.onChange.bind(world.store);
  Object.assign(world.store, {
    onChange: (listener: Parameters<typeof onChange>[0]) => {
      const stop = onChange(listener);
      count += 1;
      return () => {
        count -= 1;
        stop();
      };
    },
  });
  return () => count;
}

/** Sends the path as it is: fetch would tidy it. */
function rawGet(world: ServerWorld, path: string): Promise<string> {
  const { hostname, port } = new URL(world.url);
  return new Promise((resolve, reject) => {
    const asking = request({ hostname, port, path }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    });
    asking.on('error', reject);
    asking.end();
  });
}
