import type { ExecutionRequest, Isolation, StageExecutor } from '@slipway/ports';
import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SandboxError } from './sandbox-error.ts';
import { createStageExecutor, type StageExecutorOptions } from './stage-executor.ts';

const isRoot = process.getuid?.() === 0;
const ordinary: ExecutionRequest = {
  ...{ key: 'isolation', commands: [], inputs: [], environment: {}, network: { allow: [] }, outputs: [], secrets: [] },
  ...{ timeoutMs: 60_000, maxOutputBytes: 1_000_000, trust: 'trusted' },
};

let folder: string;
let count = 0;
let host: Server;
let hostPort: number;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'isolation-'));
  chmodSync(folder, 0o711);
  writeFileSync(path.join(folder, 'private'), 'the key of the server', { mode: 0o600 });
  host = createServer((socket) => socket.on('error', () => undefined).end('host says hello'));
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', () => resolve()));
  hostPort = (host.address() as AddressInfo).port;
});
afterAll(() => {
  host.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Absent when the rung does not work on this machine. */
async function make(
  isolation: Isolation,
  options: Partial<StageExecutorOptions> = {},
): Promise<StageExecutor | undefined> {
  count += 1;
  try {
    return await createStageExecutor({ stateDir: path.join(folder, `state-${count}`), allow: [isolation], ...options });
  } catch (error) {
    if (error instanceof SandboxError && error.code === 'SANDBOX_UNAVAILABLE') return undefined;
    throw error;
  }
}

async function run(
  executor: StageExecutor,
  request: Partial<ExecutionRequest>,
  onLog: (log: string) => void = () => undefined,
): Promise<{ readonly log: string; readonly exitCode: number | undefined }> {
  let log = '';
  const hear = (chunk: Uint8Array) => {
    log += Buffer.from(chunk).toString();
    onLog(log);
  };
  const sinks = { onLog: hear, outputDir: path.join(folder, 'out') };
  const { exitCode } = await executor.execute({ ...ordinary, ...request }, sinks);
  return { log, exitCode };
}

const connectTo = (port: number) => [
  process.execPath,
  '-e',
  `require('net').connect(${port}, '127.0.0.1').on('error', (e) => console.log('refused', e.code)).pipe(process.stdout)`,
];

describe.each([
  ['bubblewrap', true],
  ['bubblewrap', false],
  ['namespaces', true],
  ['namespaces', false],
] as const)('%s, user namespaces %s', (isolation, mayUseUserNamespaces) => {
  let executor: StageExecutor | undefined;
  beforeAll(async () => {
    executor = await make(isolation, { mayUseUserNamespaces });
  });

  it('reports what it does', (context) => {
    if (executor === undefined) return context.skip('not on this machine');

    expect(executor.facts).toMatchObject({
      isolation,
      isNetworkIsolated: true,
      areFilesIsolated: isolation === 'bubblewrap',
      isUidSeparate: isRoot,
    });
    expect(executor.facts.because === '').toBe(isolation === 'bubblewrap');
  });

  it('does not reach a server on the host’s loopback, and has no interface but its own loopback', async (context) => {
    if (executor === undefined) return context.skip('not on this machine');

    const { log } = await run(executor, { commands: [connectTo(hostPort), 'tail -n +3 /proc/net/dev | cut -d: -f1'] });

    expect(log).toContain('refused ECONNREFUSED');
    expect(log).not.toContain('host says hello');
    expect(log.trim().split('\n').at(-1)?.trim()).toBe('lo');
  });

  it('cannot read the server’s files, and with its own files does not see them', async (context) => {
    if (executor === undefined || !isRoot) return context.skip('needs root and this rung');
    const file = path.join(folder, 'private');

    const { log } = await run(executor, { commands: [`cat ${file} /root/.profile /etc/shadow || ls ${file} /root`] });

    expect(log).not.toContain('the key of the server');
    expect(log).toContain(isolation === 'bubblewrap' ? `'${file}': No such file` : `${file}: Permission denied`);
    expect(log).not.toMatch(/root:[*!$]/);
  });

  it('writes under a uid of its own, seen from outside, and keeps no capability', async (context) => {
    if (executor === undefined || !isRoot) return context.skip('needs root and this rung');
    const owners: number[] = [];
    const look = (log: string) => {
      if (owners.length > 0 || !log.includes('\nwritten')) return;
      const root = path.join(folder, `state-${count}`, 'workspaces');
      for (const name of readdirSync(root)) owners.push(lstatSync(path.join(root, name, 'workspace', 'mine')).uid);
    };

    const commands = ['touch mine; echo written; sleep 0.2; grep -E "Cap(Eff|Prm|Bnd)|NoNewPrivs" /proc/self/status'];
    const { log } = await run(executor, { commands }, look);

    expect(owners[0]).toBeGreaterThanOrEqual(210_000);
    expect(log.match(/0{16}/g)).toHaveLength(3);
    expect(log).toMatch(/NoNewPrivs:\s+1/);
  });

  it('bounds how many processes a stage may start', async (context) => {
    const bounded =
      executor === undefined ? undefined : await make(isolation, { mayUseUserNamespaces, maxProcesses: 40 });
    if (bounded === undefined || !isRoot) return context.skip('needs root and this rung');

    // At most 200 attempts, each of a short sleep.
    const { log } = await run(bounded, {
      commands: [['sh', '-c', 'for i in $(seq 200); do sleep 5 & done; echo survived']],
    });

    expect(log).toMatch(/fork/i);
  });
});

describe('untrusted work', () => {
  it.each(['namespaces', 'none'] as const)('is refused on the rung %s, saying what to install', async (isolation) => {
    const executor = await make(isolation);
    if (executor === undefined) return;

    const refused = run(executor, { commands: ['true'], trust: 'untrusted' });

    await expect(refused).rejects.toMatchObject({ code: 'SANDBOX_REQUIRED' });
    await expect(refused).rejects.toThrow(/Install bubblewrap/);
  });

  it('runs with bubblewrap', async (context) => {
    const executor = await make('bubblewrap');
    if (executor === undefined) return context.skip('bubblewrap does not work on this machine');

    expect((await run(executor, { commands: ['true'], trust: 'untrusted' })).exitCode).toBe(0);
  });
});

describe('state folder', () => {
  it('is refused when the stage’s uid cannot reach it, naming the folder in the way', async (context) => {
    if (!isRoot) return context.skip('only root gives stages another uid');
    const home = mkdtempSync(path.join(folder, 'home-'));
    chmodSync(home, 0o700);

    const refused = createStageExecutor({ stateDir: path.join(home, 'state') });

    await expect(refused).rejects.toMatchObject({ code: 'WORKSPACE_UNREACHABLE', facts: { folder: home } });
  });

  it('holds no workspace, socket or probe after a stage', async () => {
    const executor = await make('none');
    const stateDir = path.join(folder, `state-${count}`);
    if (executor === undefined) throw new Error('the rung "none" works everywhere');

    await run(executor, { commands: ['mkdir -p a/b; chmod 0 a/b a; touch "$TMPDIR/x"; chmod 0 "$TMPDIR" .'] });

    expect(readdirSync(path.join(stateDir, 'workspaces'))).toEqual([]);
    expect(readdirSync(stateDir).sort()).toEqual(['sandbox', 'workspaces']);
    expect(existsSync(path.join(folder, 'out'))).toBe(false);
  });
});

describe.each(['bubblewrap', 'namespaces', 'none'] as const)('egress of %s', (isolation) => {
  let web: http.Server;
  let port: number;
  beforeAll(async () => {
    web = http.createServer((request, response) =>
      response.end(`${request.method} ${request.url} for ${request.headers.host}`),
    );
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', () => resolve()));
    port = (web.address() as AddressInfo).port;
  });
  afterAll(() => void web.close());

  // A client of a few lines: Node's own fetch of this version does not read the proxy's variables.
  const client = (request: string) => [
    process.execPath,
    '-e',
    `const u = new URL(process.env.HTTP_PROXY); const s = require('net').connect(u.port, u.hostname);
     s.on('connect', () => s.write(${JSON.stringify(request)})); s.pipe(process.stdout); setTimeout(() => s.destroy(), 1500).unref();`,
  ];
  const get = (target: string) =>
    client(`GET http://${target}/x?y HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
  const tunnel = (target: string) =>
    client(
      `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\nGET /inner HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n\r\n`,
    );

  it('reaches a listed host by plain requests and by CONNECT, and is refused every other with a line in the log', async (context) => {
    const executor = await make(isolation, { allowLoopback: true });
    if (executor === undefined) return context.skip('not on this machine');

    const { log } = await run(executor, {
      network: { allow: [`127.0.0.1:${port}`] },
      commands: [
        get(`127.0.0.1:${port}`),
        tunnel(`127.0.0.1:${port}`),
        get(`127.0.0.1:${hostPort}`),
        tunnel('example.org:443'),
      ],
    });

    expect(log).toContain(`GET /x?y for 127.0.0.1:${port}`);
    expect(log).toContain('GET /inner for inner');
    expect(log.match(/HTTP\/1\.1 403/g)).toHaveLength(2);
    expect(log).toContain(`network: 127.0.0.1:${hostPort} is refused`);
    expect(log).toContain('network: example.org:443 is refused');
    expect(log).not.toContain('host says hello');
  });

  it('is refused a listed name that leads to loopback or a private address', async (context) => {
    const executor = await make(isolation);
    if (executor === undefined) return context.skip('not on this machine');

    const { log } = await run(executor, {
      network: { allow: [`localhost:${port}`, '10.0.0.1:80', '169.254.169.254:80', '[::ffff:127.0.0.1]:80'] },
      commands: [
        get(`localhost:${port}`),
        tunnel('10.0.0.1:80'),
        get('169.254.169.254:80'),
        tunnel('[::ffff:127.0.0.1]:80'),
      ],
    });

    expect(log.match(/HTTP\/1\.1 403/g)).toHaveLength(4);
    expect(log.match(/leads to a private address/g)).toHaveLength(4);
  });
});
