import type { CommitId } from '@slipway/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigWorld, openConfigWorld } from '../test-support/config-world.ts';
import { type Asking, openServerWorld, type ServerWorld } from '../test-support/server-world.ts';

const [one, two] = ['1'.repeat(40), '2'.repeat(40)];

describe('the config endpoint', () => {
  let world: ServerWorld;
  let config: ConfigWorld;
  let token: string;
  let first: CommitId;
  beforeAll(async () => {
    world = await openServerWorld();
    await world.account('admin', ['admin']);
    await world.account('viewer', ['viewer']);
    config = await openConfigWorld(world);
    first = await config.commit('qa', {
      'pin.yaml': 'x: 1\n',
      'application.yml': 'banner: hello\nlimits: {length: 5}\nlist: [a]\n',
      'more.properties': 'a.b = c\n',
      'logo.svg': '<svg/>\n',
    });
    await config.authorise('qa', first, one);
    const made = await world.ask('/api/v1/applications/shop/config-tokens', {
      method: 'POST',
      token: await world.token('admin'),
      body: {},
    });
    token = ((await made.json()) as { readonly secret: string }).secret;
  });
  afterAll(() => world.close());
  beforeEach(() => config.authorise('qa', first, one));

  const ask = (path: string, asking: Asking = {}): Promise<Response> =>
    world.ask(`/config/${path}`, { token, ...asking });
  const second = (): Promise<CommitId> => config.commit('qa', { 'application.yml': 'banner: changed\n' });

  it('answers in the layout of Spring Cloud Config', async () => {
    const body = {
      name: 'shop',
      profiles: ['qa'],
      label: 'current',
      version: one,
      state: null,
      propertySources: [
        {
          name: 'shop-settings/shop/qa/application.yml',
          source: { banner: 'hello', 'limits.length': 5, 'list[0]': 'a' },
        },
        { name: 'shop-settings/shop/qa/more.properties', source: { 'a.b': 'c' } },
      ],
    };

    const answered = await ask('shop/qa/current');

    expect(answered.status).toBe(200);
    expect(answered.headers.get('content-type')).toContain('application/json');
    expect(await answered.json()).toEqual(body);
    expect(await (await ask('shop/qa')).json()).toEqual({ ...body, label: null });
    expect(await (await ask(`shop/qa/${one}`)).json()).toEqual({ ...body, label: one });
  });

  it('serves files as they are', async () => {
    const file = await ask('shop/qa/current/logo.svg');

    expect([file.status, await file.text()]).toEqual([200, '<svg/>\n']);
    expect(file.headers.get('content-type')).toBe('application/octet-stream');
    for (const path of ['pin.yaml', 'missing', '..%2f..%2fkustomization.yaml', '%2e%2e/authorised.yaml'])
      expect((await ask(`shop/qa/current/${path}`)).status).toBe(404);
  });

  it('serves what is authorised, not what the branch says, and what was before by its commit', async () => {
    const revision = await second();
    expect(await (await ask('shop/qa')).json()).toMatchObject({ version: one });

    await config.authorise('qa', revision, two);

    expect(await (await ask('shop/qa')).json()).toMatchObject({
      version: two,
      propertySources: [{ source: { banner: 'changed' } }, { source: { 'a.b': 'c' } }],
    });
    expect(await (await ask(`shop/qa/${one}`)).json()).toMatchObject({
      propertySources: [{ source: { banner: 'hello' } }, {}],
    });
    for (const path of [`shop/qa/${'3'.repeat(40)}`, 'shop/qa/main', 'shop/prod', 'other/qa'])
      expect([path, (await ask(path)).status]).toEqual([path, path === 'other/qa' ? 403 : 404]);
  });

  it('answers 304 to its own ETag, and after the time of a long poll', async () => {
    const etag = (await ask('shop/qa')).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);

    for (const path of ['shop/qa', 'shop/qa?wait=1s']) {
      const known = await ask(path, { headers: { 'if-none-match': etag } });
      expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, etag, '']);
    }
    expect((await ask('shop/qa', { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect((await ask('shop/qa?wait=61s')).status).toBe(400);
  });

  it('ends a long poll at the change', async () => {
    const etag = (await ask('shop/qa')).headers.get('etag') ?? '';
    const waiting = ask('shop/qa?wait=60s', { headers: { 'if-none-match': etag } });
    await config.authorise('qa', await second(), two);

    expect(await (await waiting).json()).toMatchObject({ version: two });
  });

  it('sends events at the start and after each change', async () => {
    const leaving = new AbortController();
    const stream = await ask('shop/qa', { headers: { accept: 'text/event-stream' }, signal: leaving.signal });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const next = async (): Promise<string> => {
      let text = '';
      while (!text.includes('event: config\n') || !text.endsWith('\n\n')) text += (await reader?.read())?.value ?? '';
      return text;
    };

    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect(await next()).toMatch(new RegExp(`id: "[\\w-]{43}"\\nevent: config\\ndata: \\{.*"version":"${one}"`));
    await config.authorise('qa', await second(), two);
    expect(await next()).toContain(`"version":"${two}"`);
    leaving.abort();
  });

  it('lets a token read its application, or its one environment, and nothing else', async () => {
    const made = await world.ask('/api/v1/applications/shop/config-tokens', {
      method: 'POST',
      token: await world.token('admin'),
      body: { environment: 'qa' },
    });
    const narrow = ((await made.json()) as { readonly secret: string }).secret;
    const elsewhere = await world.token('admin', {
      scopes: ['config:read:shopping', 'config:read:shop/prod', 'git:read:*'],
    });

    expect((await ask('shop/qa', { token: narrow })).status).toBe(200);
    expect((await ask('shop/prod', { token: narrow })).status).toBe(403);
    expect((await ask('shop/qa', { token: elsewhere })).status).toBe(403);
    expect((await world.ask('/config/shop/qa')).status).toBe(401);
    expect((await world.ask('/api/v1/applications', { token })).status).toBe(403);
    expect((await ask('shop/qa', { token: await world.token('viewer') })).status).toBe(200);
  });

  it('makes tokens for admins only, and for what there is', async () => {
    const make = async (who: string, application: string, body: object = {}): Promise<number> =>
      (
        await world.ask(`/api/v1/applications/${application}/config-tokens`, {
          method: 'POST',
          token: await world.token(who),
          body,
        })
      ).status;

    expect(await make('viewer', 'shop')).toBe(403);
    expect(await make('admin', 'none')).toBe(404);
    expect(await make('admin', 'shop', { environment: 'moon' })).toBe(404);
  });
});
