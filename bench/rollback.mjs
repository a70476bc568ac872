// From one command to the old version serving: an emergency rollback of the demo's production, there and back.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { addressOfWeb, get, serveDemo, until, version } from './demo-server.mjs';
import { makeFolder, programFile, removeInstallation } from './installation.mjs';
import { commonOptions, describeMachine, report, spreadRow } from './results.mjs';

const rounds = 6;
const place = '/api/v1/applications/guestbook/environments/prod';

export async function run(args) {
  const { values } = parseArgs({ args, options: { ...commonOptions, state: { type: 'string' } } });
  const machine = describeMachine();
  const folder = values.state === undefined ? await makeFolder('rollback') : undefined;
  const stateDir = values.state ?? path.join(folder, 'state');
  const demo = await serveDemo(stateDir);
  try {
    const times = [];
    for (let round = 0; round < rounds; round++) times.push(await rollBack(demo));
    await report('Rollback', {
      machine,
      values,
      head: ['from the start of the command to', 'rollbacks', 'least', 'median', 'most'],
      rows: [
        spreadRow(
          'its end: the rollback is on record',
          times.map((time) => time.asked),
        ),
        spreadRow(
          'the first answer of the old version',
          times.map((time) => time.served),
        ),
        spreadRow(
          'every pod healthy, as the board says',
          times.map((time) => time.settled),
        ),
      ],
      method,
    });
  } finally {
    await demo.stop();
    if (folder !== undefined) {
      await removeInstallation(stateDir);
      await removeInstallation(folder);
    }
  }
}

const method = `\`slipway rollback guestbook prod --to RELEASE --emergency\` on a finished demo (${rounds} times, back and forth between two releases whose
pages differ): the command's own start, the revert on the config branch, the operator's apply and the rolling update of the local runtime.
An emergency, so no second person is waited for. No peer: the tools that users have need a person for each of these steps.
`;

/** Goes back to another release than the one that runs; both have run healthy there. */
async function rollBack(demo) {
  const web = await addressOfWeb(demo);
  const before = await version(web);
  const releases = await get(demo, `${place}/releases`);
  const target = await otherVersion(demo, releases);
  const began = performance.now();
  const served = until(async () => (await version(web)) !== before);
  await command(demo, ['rollback', 'guestbook', 'prod', '--to', target.deployment, '--reason', 'bench', '--emergency']);
  const asked = performance.now() - began;
  await served;
  const servedMs = performance.now() - began;
  await until(async () => {
    const { environments } = await get(demo, '/api/v1/applications/guestbook/board');
    const prod = environments.find((one) => one.environment === 'prod');
    return (
      prod.running.release === target.release && prod.running.phase === 'succeeded' && prod.promotion === undefined
    );
  });
  return { asked, served: servedMs, settled: performance.now() - began };
}

/** A healthy deployment whose web image is another than the one that runs. */
async function otherVersion(demo, releases) {
  const webOf = (release) => release.images.find((image) => image.name === 'guestbook/web')?.digest;
  const current = releases.find((one) => one.isCurrent);
  for (const one of releases) {
    if (one.phase !== 'succeeded' || webOf(one) === webOf(current)) continue;
    const query = new URLSearchParams({ to: one.deployment });
    const preview = await fetch(`${demo.url}${place}/rollback-preview?${query}`, {
      headers: { authorization: `Bearer ${demo.token}` },
    });
    if (preview.ok && (await preview.json()).isAllowed) return one;
  }
  throw new Error('nothing else has run there that could be gone back to');
}

function command(demo, args) {
  const child = spawn(process.execPath, [programFile, ...args, '--url', demo.url, '--token', demo.token], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the command ended with ${code}`))));
  });
}
