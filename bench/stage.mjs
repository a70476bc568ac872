// What a stage costs that does nothing: `true` in the sandbox, with its records, log and evidence, against a script.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { ask, makeFolder, removeInstallation, startInstallation } from './installation.mjs';
import { commonOptions, describeMachine, printMs, quantile, report } from './results.mjs';

const script = fileURLToPath(new URL('script-stage.sh', import.meta.url));
const runFile = promisify(execFile);
/** Stages of one server that run at once; scripts get as many. */
const atOnce = 3;
const runTimeoutMs = 120_000;
const shapes = { 'one stage': 1, 'chain of 20': 20, '20 in parallel': 20 };

export async function run(args) {
  const { values } = parseArgs({ args, options: { ...commonOptions, rounds: { type: 'string', default: '5' } } });
  const machine = describeMachine();
  const folder = await makeFolder('stage');
  try {
    const checkout = await makeCheckout(folder);
    const installation = await startInstallation(path.join(folder, 'state'));
    try {
      const cells = await measure({ checkout, folder, installation, rounds: Number(values.rounds) });
      await report('A stage that does nothing', { machine, values, head, rows: rowsOf(cells), method });
    } finally {
      await installation.stop();
    }
  } finally {
    await removeInstallation(path.join(folder, 'state'));
    await rm(folder, { recursive: true, force: true });
  }
}

const head = ['shape', 'way', 'stages', 'stage p50', 'stage p95', 'all ÷ stages', 'all ÷ stages, to script'];
const method = `\`true\` as a stage, nothing declared, three at once on either side; the ways in turn, each round. **slipway**: a push to a real installation
on the embedded database. A stage's time is the one of its record, from "running" to "finished": workspace, checkout, sandbox, log,
then record, statement and the next stage in one transaction. All ÷ stages is the time from the run's record to its end over the number of
stages, so it has the queue, the claim and the end of the run in it. **script**: \`git clone --depth 1\` of the same repository from the disk,
\`sh -c true\` with a log file, \`rm -rf\`. **bubblewrap alone**: \`bwrap\` with namespaces of its own and \`true\`, without a checkout. **sh alone**: \`sh -c true\`
from the same parent. The aim is under 30 ms a stage; read the ratios, the times are those of the load above.

Where it goes, by timers in the server at load 1.5 on 2026-11-25, before the tree was read once a run and the stage deleted its own files
(48 ms a stage in the chain, 1.6 times the script): 1.5 ms to begin, 5 ms Git's listing of the tree, 4 ms to fork the sandbox from a
server of 200 MB, 17 ms until its first command (bwrap, prlimit, the driver's shell, \`git archive\`, \`tar\`: eight programs), 2 ms for the
command and its end, 6 to 9 ms to delete the workspace by a process of the stage's uid, 4 ms for record, statement and next stage, and
7 ms from there to the next claim. Since then listing, archive and that deletion cost no process of the server; what is left is the
start of the sandbox.
`;

/** The rounds: each shape once in each way. Content differs each time, or the second run would be a hit. */
async function measure({ checkout, folder, installation, rounds }) {
  const token = await installation.adminToken();
  const protection = { requiresPullRequest: false, requiredApprovals: 0, requiredChecks: [] };
  await ask(installation.url, '/api/v1/repositories', token, { name: 'nothing', role: 'code', protection });
  const push = pusher(checkout, installation.url, token);
  const ways = {
    slipway: (shape, round) => runOnServer({ installation, token, push, checkout, shape, round }),
    script: (shape, round) =>
      runHere(shape, (at) => ['sh', [script, checkout, path.join(folder, `script-${round}-${at}`)]]),
    ...(existsSync('/usr/bin/bwrap')
      ? { 'bubblewrap alone': (shape) => runHere(shape, () => ['bwrap', sandbox]) }
      : {}),
    'sh alone': (shape) => runHere(shape, () => ['sh', ['-c', 'true']]),
  };
  const cells = Object.keys(shapes).flatMap((shape) =>
    Object.keys(ways).map((way) => ({ shape, way, stages: [], wholes: [] })),
  );
  // One that does not count: caches, connections and just-in-time code are the same for all afterwards.
  for (let round = -1; round < rounds; round += 1) {
    for (const cell of cells) {
      const { stageMs, wholeMs } = await ways[cell.way](cell.shape, round);
      if (round < 0) continue;
      cell.stages.push(...stageMs);
      cell.wholes.push(wholeMs / shapes[cell.shape]);
    }
  }
  return cells;
}

const sandbox = [
  ...[
    '--unshare-all',
    '--die-with-parent',
    '--new-session',
    '--ro-bind',
    '/usr',
    '/usr',
    '--symlink',
    'usr/bin',
    '/bin',
  ],
  ...[
    '--symlink',
    'usr/lib',
    '/lib',
    '--symlink',
    'usr/lib64',
    '/lib64',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--tmpfs',
    '/tmp',
  ],
  ...['--', 'sh', '-c', 'true'],
];

function rowsOf(cells) {
  return cells.map((cell) => {
    const whole = quantile(cell.wholes, 0.5);
    const ofScript = cells.find((other) => other.shape === cell.shape && other.way === 'script');
    return [
      cell.shape,
      cell.way,
      cell.stages.length,
      printMs(quantile(cell.stages, 0.5)),
      printMs(quantile(cell.stages, 0.95)),
      printMs(whole),
      (whole / quantile(ofScript.wholes, 0.5)).toFixed(2),
    ];
  });
}

async function runOnServer({ installation, token, push, checkout, shape, round }) {
  await writeFile(path.join(checkout, 'slipway.yaml'), pipelineOf(shape, round));
  const commit = await push();
  const until = Date.now() + runTimeoutMs;
  while (Date.now() < until) {
    const runs = await ask(installation.url, '/api/v1/runs?repository=nothing&limit=3', token);
    const found = runs.find((one) => one.commit === commit && one.phase === 'finished');
    if (found !== undefined) return timesOf(found);
    await sleep(100);
  }
  throw new Error(`the run of ${commit} did not end in ${runTimeoutMs} ms`);
}

function timesOf(found) {
  const isWrong = found.conclusion !== 'success' || found.stages.some((stage) => stage.hitOf !== undefined);
  if (isWrong) throw new Error(`a run was no run of \`true\`: ${JSON.stringify(found)}`);
  return { stageMs: found.stages.map((stage) => stage.durationMs), wholeMs: found.durationMs };
}

function pipelineOf(shape, round) {
  const names = Array.from({ length: shapes[shape] }, (_, at) => `s${String(at).padStart(2, '0')}`);
  const stages = names.map((name, at) => {
    const needs = shape === 'chain of 20' && at > 0 ? `, needs: [${names[at - 1]}]` : '';
    return `    - {name: ${name}, kind: run, commands: ['true'], environment: {WHICH: '${round} ${shape} ${name}'}${needs}}`;
  });
  return [
    'apiVersion: slipway.dev/v1alpha1',
    'kind: Pipeline',
    'metadata: {name: nothing}',
    'spec:',
    '  stages:',
    ...stages,
    '',
  ].join('\n');
}

/** Processes of our own, one after the other in a chain, else three at once. */
async function runHere(shape, commandOf) {
  const numbers = Array.from({ length: shapes[shape] }, (_, at) => at).values();
  const stageMs = [];
  const began = performance.now();
  const worker = async () => {
    for (const at of numbers) {
      const stageBegan = performance.now();
      const code = await runProcess(...commandOf(at));
      if (code !== 0) throw new Error(`${commandOf(at).flat().join(' ')} ended with ${code}`);
      stageMs.push(performance.now() - stageBegan);
    }
  };
  await Promise.all(Array.from({ length: shape === 'chain of 20' ? 1 : atOnce }, worker));
  return { stageMs, wholeMs: performance.now() - began };
}

function runProcess(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

/** A small repository: a stage's own cost, not that of a large tree. */
async function makeCheckout(folder) {
  const checkout = path.join(folder, 'checkout');
  await mkdir(path.join(checkout, 'src'), { recursive: true });
  for (let at = 0; at < 20; at += 1)
    await writeFile(path.join(checkout, 'src', `file-${at}.txt`), `${at}\n`.repeat(100));
  await git(checkout, ['init', '-q', '-b', 'main']);
  return checkout;
}

function pusher(checkout, url, token) {
  const basic = Buffer.from(`admin:${token}`).toString('base64');
  const header = [`http.extraHeader=Authorization: Basic ${basic}`];
  return async () => {
    await git(checkout, ['add', '-A']);
    await git(checkout, ['commit', '-q', '-m', 'Do nothing']);
    await git(checkout, ['push', '-q', `${url}/git/nothing.git`, 'main'], header);
    return (await git(checkout, ['rev-parse', 'HEAD'])).trim();
  };
}

async function git(cwd, args, settings = []) {
  const all = ['user.name=Ada', 'user.email=ada@example.org', ...settings];
  const environment = all.flatMap((setting, at) => {
    const [name, ...value] = setting.split('=');
    return [
      [`GIT_CONFIG_KEY_${at}`, name],
      [`GIT_CONFIG_VALUE_${at}`, value.join('=')],
    ];
  });
  const env = {
    ...{ PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
    ...{ GIT_CONFIG_COUNT: String(all.length), ...Object.fromEntries(environment) },
  };
  return (await runFile('git', args, { cwd, env })).stdout;
}
