import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, type ConfigOptions, type LiveConfig, openConfig } from './index.ts';

type Answer = (response: ServerResponse, headers: Readonly<Record<string, unknown>>) => void;

const body = (version: string, values: object): string =>
  JSON.stringify({
    name: 'shop',
    profiles: ['qa'],
    label: 'current',
    version,
    propertySources: [{ name: 'f', source: values }],
  });
const json =
  (text: string, etag = '"e"'): Answer =>
  (response) =>
    response.writeHead(200, { 'content-type': 'application/json', etag }).end(text);

/** Answers that no server of ours gives; against the real one it is tested in apps/slipway. */
describe('openConfig', () => {
  let folder: string;
  let server: Server;
  let answer: Answer;
  let stream: Answer;
  let url: string;
  const open: LiveConfig[] = [];
  const problems: string[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'slipway-config-client-'));
    problems.length = 0;
    stream = () => undefined;
    server = createServer((request, response) => {
      const isStream = request.headers.accept === 'text/event-stream';
      (isStream ? stream : answer)(response, request.headers);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.close()));
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  const cacheFile = (): string => path.join(folder, 'config.json');
  const begin = async (options: Partial<ConfigOptions> = {}): Promise<LiveConfig> => {
    const onProblem = (error: Error): void => void problems.push(error.message);
    const common = { url, application: 'shop', profile: 'qa', token: 't', cacheFile: cacheFile(), onProblem };
    const config = await openConfig({ ...common, ...options });
    open.push(config);
    return config;
  };
  const changed = (config: LiveConfig): Promise<Config> => new Promise((resolve) => config.onChange(resolve));

  it('takes all sources together; the first file wins', async () => {
    const sources = [{ source: { a: 1 } }, { source: { a: 2, b: true } }];
    answer = json(JSON.stringify({ name: 'shop', profiles: ['qa'], version: 'v1', propertySources: sources }));

    expect((await begin()).current()).toEqual({
      application: 'shop',
      profile: 'qa',
      version: 'v1',
      values: { a: 1, b: true },
      source: 'network',
    });
  });

  it('serves the cache at a start without a server, and fails without either', async () => {
    answer = json(body('v1', { a: 1 }));
    await (await begin()).close();
    answer = (response) => response.writeHead(503).end();

    expect((await begin()).current()).toMatchObject({ version: 'v1', values: { a: 1 }, source: 'cache' });
    await expect(begin({ cacheFile: path.join(folder, 'none.json') })).rejects.toThrow('There is no config');
    expect(await readdir(folder)).toEqual(['config.json']);
  });

  it.each([
    ['half a body', body('v2', { a: 2 }).slice(0, 40)],
    ['a page of a proxy', '<html>'],
    ['another application', body('v2', { a: 2 }).replace('shop', 'shop2')],
    ['another profile', body('v2', { a: 2 }).replace('"qa"', '"prod"')],
    ['no version', body('', { a: 2 })],
    ['a nested value', body('v2', { a: { b: 1 } })],
  ])('keeps the good config when the answer is %s', async (_what, broken) => {
    answer = json(body('v1', { a: 1 }));
    let send: (event: string) => void = () => undefined;
    stream = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      send = (event) => response.write(event);
      response.write(': open\n\n');
    };
    const config = await begin();
    const kept = await readFile(cacheFile(), 'utf8');
    await expect.poll(() => send.length).toBe(1);

    send(`id: "x"\nevent: config\ndata: ${broken}\n\n`);

    await expect.poll(() => problems.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(config.current()).toMatchObject({ version: 'v1', values: { a: 1 } });
    expect(await readFile(cacheFile(), 'utf8')).toBe(kept);
  });

  it('hears of changes by events, tells those that change values, and goes on after a broken stream', async () => {
    answer = json(body('v1', { a: 1 }), '"1"');
    const asked: unknown[] = [];
    const events = [
      `id: "2"\nevent: config\ndata: ${body('v2', { a: 1 })}\n\nid: "3"\nevent: config\ndata: ${body('v3', { a: 3 })}\n\n`,
      `id: "4"\nevent: config\ndata: ${body('v4', { a: 4 })}\n\n`,
    ];
    let release: () => void = () => undefined;
    const isHeard = new Promise<void>((resolve) => (release = resolve));
    stream = (response, headers) => {
      asked.push(headers['last-event-id']);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      void isHeard.then(() => response.end(events.shift() ?? ': nothing\n\n'));
    };
    const config = await begin();
    const heard: string[] = [];
    config.onChange((now, before) => heard.push(`${before.version}→${now.version}`));
    release();

    await expect.poll(() => heard, { timeout: 15_000 }).toEqual(['v2→v3', 'v3→v4']);
    expect(asked.slice(0, 2)).toEqual(['"1"', '"3"']);
    await expect.poll(() => readFile(cacheFile(), 'utf8')).toContain('v4');
  });

  it('hears of changes by long poll, with the validator it has', async () => {
    const known: unknown[] = [];
    answer = json(body('v1', { a: 1 }), '"1"');
    const config = await begin({ transport: 'poll', cacheFile: cacheFile() });
    const change = changed(config);
    answer = (response, headers) => {
      known.push(headers['if-none-match']);
      if (headers['if-none-match'] === '"2"') return;
      json(body('v2', { a: 2 }), '"2"')(response, headers);
    };

    server.closeAllConnections();

    expect(await change).toMatchObject({ version: 'v2' });
    await expect.poll(() => known, { timeout: 10_000 }).toContain('"2"');
  });

  it('closes at once, also when the garbage collector has run meanwhile', async () => {
    answer = json(body('v1', { a: 1 }));
    let isOpen = false;
    stream = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
      isOpen = true;
    };
    const config = await begin();
    await expect.poll(() => isOpen).toBe(true);
    // Node 20 loses signals that were put together with `AbortSignal.any` once it collects garbage.
    setFlagsFromString('--expose-gc');
    for (let round = 0; round < 3; round++) {
      runInNewContext('gc()');
      await new Promise((resolve) => setImmediate(resolve));
    }

    await config.close();

    expect(config.current().version).toBe('v1');
  });

  it('reads past a cache file that somebody broke', async () => {
    await writeFile(cacheFile(), '{"etag": "');
    answer = json(body('v1', { a: 1 }));

    expect((await begin()).current().version).toBe('v1');
    expect(JSON.parse(await readFile(cacheFile(), 'utf8'))).toMatchObject({ etag: '"e"' });
  });

  it('sends its token nowhere else', async () => {
    answer = (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();

    await expect(begin()).rejects.toThrow('There is no config');
  });
});
