// A finished demo that serves, and what is asked of it by HTTP.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { programFile } from './installation.mjs';

/** A state that has played its acts only serves. */
export async function serveDemo(stateDir) {
  const child = spawn(process.execPath, [programFile, 'demo', '--state', stateDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let text = '';
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the demo did not get ready in ten minutes')), 600_000);
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('The dashboard is open')) resolve(clearTimeout(timer));
    });
    ended.then((code) => reject(new Error(`the demo ended with ${code}`)));
  });
  const { url, adminToken: token } = JSON.parse(await readFile(path.join(stateDir, 'demo.json'), 'utf8'));
  return {
    url,
    token,
    async stop() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

export function get(demo, path_) {
  return call(demo, path_);
}

/** Sends `body` where there is one; `token` of another person than the admin. */
export async function call(demo, path_, { body, token = demo.token } = {}) {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const answer = await fetch(`${demo.url}${path_}`, {
    headers,
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path_} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

export async function environmentOf(demo, name) {
  const { environments } = await get(demo, '/api/v1/applications/guestbook/board');
  return environments.find((one) => one.environment === name);
}

export async function addressOfWeb(demo, name = 'prod') {
  const { services } = await environmentOf(demo, name);
  return services.find((service) => service.name === 'web').url;
}

export async function version(web) {
  const answer = await fetch(`${web}/version`, { signal: AbortSignal.timeout(5_000) });
  return answer.ok ? (await answer.json()).text : '';
}

/** Asks until the answer holds, at most three minutes. */
export async function until(look) {
  const end = Date.now() + 180_000;
  while (Date.now() < end) {
    const found = await look().catch(() => false);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('not seen within three minutes');
}
