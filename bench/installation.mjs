// A real installation: `slipway up` as a process of its own, on a state folder of its own, spoken to by HTTP and Git only.
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const programFile = fileURLToPath(new URL('../apps/slipway/bin/slipway.js', import.meta.url));
const readyTimeoutMs = 120_000;

/** A folder that stages and the database can pass through; the caller removes it. */
export async function makeFolder(purpose) {
  const folder = await mkdtemp(path.join(tmpdir(), `slipway-bench-${purpose}-`));
  await chmod(folder, 0o711);
  return folder;
}

/** Starts an installation, or starts one again, and waits until it answers by HTTP. */
export async function startInstallation(stateDir, cacheDir = path.join(stateDir, 'cache')) {
  const port = await freePort();
  const began = performance.now();
  const args = [
    programFile,
    'up',
    '--state',
    stateDir,
    '--port',
    String(port),
    '--log-file',
    path.join(stateDir, 'log'),
  ];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, SLIPWAY_CACHE: cacheDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const said = await firstWords(child, ended);
  const url = `http://127.0.0.1:${port}`;
  const answer = await fetch(`${url}/api/v1/me`, { signal: AbortSignal.timeout(10_000) });
  const readyMs = performance.now() - began;
  if (answer.status !== 401) throw new Error(`the server answered ${answer.status} where it must ask who we are`);
  return {
    url,
    readyMs,
    pid: child.pid,
    /** Of the first start only: a token of the first admin. */
    adminToken: () => logIn(url, said),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** What it printed until it was ready. */
function firstWords(child, ended) {
  let text = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGTERM');
      reject(new Error(`slipway up was not ready in ${readyTimeoutMs} ms: ${text}`));
    }, readyTimeoutMs);
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (!/answers at .*\n/.test(text)) return;
      clearTimeout(timer);
      // The link of the first admin is printed at once after that.
      setImmediate(() => resolve(() => text));
    });
    void ended.then((code) => reject(new Error(`slipway up ended with ${code}: ${text}`)));
  });
}

async function logIn(url, said) {
  const link = /#token=(\S+)/.exec(said())?.[1];
  if (link === undefined) throw new Error('there was no link for a first admin');
  const response = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: link }),
  });
  const session = /slipway_session=([^;]+)/.exec(response.headers.get('set-cookie') ?? '')?.[1];
  if (session === undefined) throw new Error(`the link opened no session: ${await response.text()}`);
  const made = await ask(url, '/api/v1/tokens', decodeURIComponent(session), { label: 'bench' });
  return made.secret;
}

/** One request of the API; with a body a POST. */
export async function ask(url, route, token, body) {
  const response = await fetch(`${url}${route}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${route} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** Ends what a benchmark that broke left behind in a state folder, then removes it. */
export async function removeInstallation(stateDir) {
  const { stopRuntime } = await import('@slipway/runtime-local');
  await stopRuntime(stateDir).catch(() => undefined);
  const lines = await readFile(path.join(stateDir, 'pg/data/postmaster.pid'), 'utf8').catch(() => undefined);
  if (lines !== undefined) {
    const { startDatabase } = await import('@slipway/engine');
    await (await startDatabase({ stateDir })).stop();
  }
  await rm(stateDir, { recursive: true, force: true });
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
