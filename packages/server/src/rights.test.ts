import { roles } from '@slipway/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServerWorld, type ServerWorld } from '../test-support/server-world.ts';
import { createServer } from './create-server.ts';

interface Route {
  readonly method: string;
  readonly url: string;
}

const publicRoutes = ['GET /api/v1/openapi.json', 'POST /api/v1/session'];

describe('rights', () => {
  let world: ServerWorld;
  let routes: readonly Route[] = [];

  beforeAll(async () => {
    world = await openServerWorld();
    for (const role of roles) await world.account(role, [role]);
    await world.account('nobody', []);
    routes = listRoutes(world);
  });
  afterAll(() => world.close());

  /** Asks without a body and leaves once the status is known: some routes stream. */
  const statusOf = async (route: Route, token?: string): Promise<number> => {
    const leaving = new AbortController();
    const where = route.url.replaceAll(/\{\w+\}/g, 'unknown-1');
    const response = await world.ask(where, {
      method: route.method,
      signal: leaving.signal,
      ...(token === undefined ? {} : { token }),
    });
    leaving.abort();
    return response.status;
  };
  const open = async (token?: () => Promise<string>, refusal = 401): Promise<readonly string[]> => {
    const answered: string[] = [];
    for (const route of routes) {
      const status = await statusOf(route, await token?.());
      if (status !== refusal) answered.push(`${route.method} ${route.url}`);
    }
    return answered;
  };

  it('knows every route that the server answers', () => {
    const told = world.app.printRoutes({ commonPrefix: false }).match(/\([A-Z, ]+\)/g) ?? [];
    // The dashboard: `/*`.
    const pages = 1;

    expect(routes.length).toBeGreaterThan(30);
    expect(told.flatMap((methods) => methods.slice(1, -1).split(', ')).filter((one) => one !== 'HEAD')).toHaveLength(
      routes.length + pages,
    );
  });

  it('answers nobody who is not logged in, but on the public routes', async () => {
    expect(await open()).toEqual(publicRoutes);
  });

  it.each([
    ['a token nobody made', () => Promise.resolve(`slw_${'0'.repeat(16)}_${'a'.repeat(43)}`)],
    ['no token at all', () => Promise.resolve('../../etc/passwd')],
    ['a revoked token', () => world.token('admin', { revokedAt: '2026-01-01T00:00:00Z' })],
    ['an expired token', () => world.token('admin', { expiresAt: world.clock.now })],
    ['the token of an account that is gone', () => world.token('stranger')],
  ])('answers %s as nobody', async (_what, token) => {
    expect(await open(token)).toEqual(publicRoutes);
  });

  it('answers a disabled account as nobody, with a token that is fine', async () => {
    const account = await world.account('left', ['admin']);
    await world.store.transact((tx) => tx.put('account', 'left', { ...account, isDisabled: true }));

    expect(await open(() => world.token('left'))).toEqual(publicRoutes);
  });

  it('lets a token with scopes do nothing here, whoever it is of', async () => {
    for (const purpose of ['stage', 'person'] as const) {
      const token = (): Promise<string> =>
        world.token('admin', { purpose, scopes: ['registry:push:guestbook/web', 'git:write:guestbook'] });

      expect(await open(token, 403)).toEqual(publicRoutes);
    }
  });

  it('lets a login link do nothing but log in', async () => {
    expect(await open(() => world.token('admin', { purpose: 'login-link' }), 403)).toEqual(publicRoutes);
  });

  it('lets each role do what the golden table says, and nothing else', async () => {
    const table: string[] = [];
    for (const route of routes) {
      const allowed: string[] = [];
      for (const account of ['nobody', ...roles]) {
        const status = await statusOf(route, await world.token(account));
        if (status === 401) throw new Error(`${route.method} ${route.url} does not know ${account}`);
        if (status !== 403) allowed.push(account);
      }
      table.push(`${route.method.padEnd(6)} ${route.url}: ${allowed.join(' ')}\n`);
    }

    await expect(table.join('')).toMatchFileSnapshot('__golden__/rights.txt');
    // Bodies and ids were nonsense on purpose; none of them may be a fault of ours.
    expect(world.faults).toEqual([]);
  });

  it('does not start with a route that names no right', async () => {
    const app = await createServer(world.services);
    app.get('/api/v1/backdoor', () => 'hello');

    await expect(app.ready()).rejects.toMatchObject({ code: 'ROUTE_WITHOUT_RIGHT' });
    await app.close();
  });
});

function listRoutes(world: ServerWorld): readonly Route[] {
  const { paths = {} } = world.app.swagger();
  return Object.entries(paths)
    .flatMap(([url, methods]) =>
      Object.keys((methods ?? {}) as Readonly<Record<string, unknown>>).map((method) => ({
        method: method.toUpperCase(),
        url,
      })),
    )
    .filter((route) => /^\/(?:api|config)\//.test(route.url))
    .sort((a, b) => (`${a.url} ${a.method}` < `${b.url} ${b.method}` ? -1 : 1));
}
