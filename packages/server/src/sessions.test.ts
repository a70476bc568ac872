import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServerWorld, type ServerWorld } from '../test-support/server-world.ts';

describe('sessions and tokens', () => {
  let world: ServerWorld;
  beforeAll(async () => {
    world = await openServerWorld();
    await world.account('ada', ['viewer']);
    await world.account('eve', ['viewer']);
    await world.account('root', ['admin']);
  });
  afterAll(() => world.close());

  const logIn = (token: string): Promise<Response> => world.ask('/api/v1/session', { method: 'POST', body: { token } });
  const cookieOf = (response: Response): string => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const me = (cookie: string): Promise<Response> => world.ask('/api/v1/me', { headers: { cookie } });

  it('makes a session of a token, as a cookie that no script and no other site sends', async () => {
    const response = await logIn(await world.token('ada'));

    expect(response.status).toBe(200);
    expect(response.headers.get('set-cookie')).toMatch(
      /^slipway_session=slw_[\w-]+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    );
    expect(await (await me(cookieOf(response))).json()).toMatchObject({ account: 'ada', roles: ['viewer'] });
  });

  it('takes a login link once', async () => {
    const link = await world.token('ada', { purpose: 'login-link' });

    expect((await logIn(link)).status).toBe(200);
    expect((await logIn(link)).status).toBe(401);
  });

  it('takes a login link once, also of two that follow it at the same time', async () => {
    const link = await world.token('ada', { purpose: 'login-link' });
    const statuses = (await Promise.all(Array.from({ length: 8 }, () => logIn(link)))).map(({ status }) => status);

    expect(statuses.sort()).toEqual([200, 401, 401, 401, 401, 401, 401, 401]);
  });

  it.each([
    ['a stage', { purpose: 'stage' as const, scopes: ['registry:push:web'] }],
    ['an operator', { purpose: 'operator' as const }],
    ['one narrow thing', { scopes: ['git:write:web'] }],
  ])('makes no session of a token for %s', async (_what, change) => {
    expect((await logIn(await world.token('root', change))).status).toBe(401);
  });

  it('gives a narrow token no way to a wide one', async () => {
    const token = await world.token('root', { scopes: ['git:write:web'] });

    const response = await world.ask('/api/v1/tokens', { method: 'POST', token, body: { label: 'mine' } });

    expect(response.status).toBe(403);
  });

  it('ends a session with its logout, at once', async () => {
    const cookie = cookieOf(await logIn(await world.token('ada')));
    const left = await world.ask('/api/v1/session', { method: 'DELETE', headers: { cookie, origin: world.url } });

    expect(left.status).toBe(204);
    expect(left.headers.get('set-cookie')).toContain('Max-Age=0');
    expect((await me(cookie)).status).toBe(401);
  });

  it('ends a session when its time is over', async () => {
    const cookie = cookieOf(await logIn(await world.token('ada')));
    const before = world.clock.now;
    world.clock.now = new Date(Date.parse(before) + 12 * 3_600_000).toISOString();
    const status = (await me(cookie)).status;
    world.clock.now = before;

    expect(status).toBe(401);
  });

  it.each([
    ['a foreign origin', { origin: 'https://evil.test' }],
    ['no origin', {}],
    ['an opaque origin', { origin: 'null' }],
    ['an origin that only begins like ours', { origin: 'http://127.0.0.1.evil.test' }],
  ])('refuses a change by cookie with %s, and lets it look', async (_what, headers) => {
    const cookie = cookieOf(await logIn(await world.token('ada')));
    const change = { method: 'POST', body: { label: 'theirs' }, headers: { cookie, ...headers } };

    const refused = await world.ask('/api/v1/tokens', change);

    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: 'FORBIDDEN' });
    expect((await me(cookie)).status).toBe(200);
  });

  it('takes a change by cookie from our own pages, and by token from anywhere', async () => {
    const cookie = cookieOf(await logIn(await world.token('ada')));
    const body = { label: 'mine' };
    const own = await world.ask('/api/v1/tokens', { method: 'POST', body, headers: { cookie, origin: world.url } });
    const token = await world.token('ada');
    const script = await world.ask('/api/v1/tokens', { method: 'POST', body, token });

    expect([own.status, script.status]).toEqual([200, 200]);
  });

  it.each(['slipway_session=%', 'slipway_session=', 'slipway_session=%E0%A4%A', 'other=1'])(
    'takes the cookie %s for no login, not for a fault',
    async (cookie) => {
      expect((await me(cookie)).status).toBe(401);
      expect(world.faults).toEqual([]);
    },
  );

  it('keeps the hash of a secret and never the secret', async () => {
    const response = await world.ask('/api/v1/tokens', {
      method: 'POST',
      body: { label: 'ci' },
      token: await world.token('ada'),
    });
    const { id, secret } = (await response.json()) as { readonly id: string; readonly secret: string };
    const kept = await world.store.get('token', id);

    expect(secret).toMatch(/^slw_/);
    expect(kept?.value.secretHash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(kept)).not.toContain(secret.slice(-43));
  });

  it('lets a person revoke a token of their own, an admin any, and nobody else', async () => {
    const idOf = (secret: string): string => secret.split('_')[1] ?? '';
    const [own, foreign] = [await world.token('ada'), await world.token('ada')];
    const revoke = async (secret: string, by: string): Promise<number> =>
      (await world.ask(`/api/v1/tokens/${idOf(secret)}`, { method: 'DELETE', token: await world.token(by) })).status;

    expect(await revoke(own, 'eve')).toBe(404);
    expect(await revoke(own, 'ada')).toBe(204);
    expect(await revoke(foreign, 'root')).toBe(204);
    expect((await world.ask('/api/v1/me', { token: own })).status).toBe(401);
    expect((await world.ask('/api/v1/me', { token: foreign })).status).toBe(401);
  });
});
