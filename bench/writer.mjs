// The config-repo writer against the loop that scripts use, on the same smart-HTTP remote, in one run.
//
// script:    bench/script-writer.sh, a process a commit
// queue:     BranchWriter on the server's own repository behind that remote
// processes: setImageInRepository against the URL, a process a commit, without a server
import { spawn } from 'node:child_process';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BranchWriter, localBranch, pinInFolders } from '@slipway/delivery';
import { makeTemplate, person, placeOf, startRemote } from './config-remote.mjs';
import { describeMachine, printTable, quantile, writeSection } from './results.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
/** No commit is begun after the first, and none lives longer than the second. */
const cellLimitMs = 300_000;
const processLimitMs = 600_000;
const commitsEach = { script: { 1: 4, 8: 2 }, queue: { 1: 40, 8: 40, 32: 40, 128: 20 }, processes: { 1: 4, 8: 2 } };

export async function run(args) {
  const { values } = parseArgs({
    args,
    options: {
      full: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      date: { type: 'string', default: new Date().toISOString().slice(0, 10) },
      rounds: { type: 'string', default: '2' },
      history: { type: 'string', default: '500' },
      sizes: { type: 'string' },
      methods: { type: 'string', default: 'script,queue,processes' },
    },
  });
  const sizes = values.sizes?.split(',').map(Number) ?? (values.full ? [1, 8, 32, 128] : [1, 8, 32]);
  const machine = describeMachine();
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-bench-'));
  const remote = await startRemote(folder, await makeTemplate(folder, Number(values.history)));
  try {
    const cells = [];
    for (const writers of sizes) {
      const found = await measureSize({
        remote,
        folder,
        writers,
        rounds: writers > 32 ? 1 : Number(values.rounds),
        methods: values.methods.split(','),
      });
      cells.push(...found);
    }
    const table = printTable(
      head,
      cells.map((cell) => rowOf(cell, cells)),
    );
    process.stdout.write(`\n${machine}\n\n${table}`);
    const body = `${values.date}; ${machine}. History of ${values.history} commits, ${values.rounds} rounds (one above 32 writers), methods in turn.\n\n${table}\n${legend}`;
    if (values.write) await writeSection('Config-repo writer', body);
    if (remote.faults.length > 0) throw new AggregateError(remote.faults, 'the remote had faults');
    if (cells.some((cell) => cell.lost > 0 && cell.method !== 'script')) throw new Error('commits were lost');
  } finally {
    await remote.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const head = [
  'writers',
  'method',
  'landed',
  'commits/s',
  'p50',
  'p95',
  'retries seen',
  'gave up',
  'pushes',
  'lost or twice',
  'rate ÷ script',
];
const legend = `Writers make one commit after the other: in the queue 40 each (20 of 128), otherwise 4 (of 1), 2 (of 8) or 1. Latency of a commit: from its start (script and processes: of its process) to its landing. Retries seen: those a caller
has to make; an edit that a moved branch sends round again inside the writer is none. Gave up: told its caller that it did not land,
after 200 retries or ten minutes. Lost or twice: edits said to have landed that the branch's
history does not hold exactly once, or files that do not say what their last commit set.
`;

async function measureSize({ remote, folder, writers, rounds, methods }) {
  const cells = methods.map((method) => ({
    method,
    writers,
    landed: 0,
    ms: 0,
    latencies: [],
    retries: 0,
    pushes: 0,
    lost: 0,
    gaveUp: 0,
  }));
  for (let round = 0; round < rounds; round++) {
    for (const cell of cells) {
      const name = `${cell.method}-${writers}-${round}`;
      const repository = await remote.repository(name);
      const place = { remote, repository, name, folder: path.join(folder, `work-${name}`) };
      await mkdir(place.folder);
      await measureRound(cell, place);
      await rm(place.folder, { recursive: true, force: true });
      process.stderr.write(`${name}: ${(cell.landed / (cell.ms / 1000)).toFixed(1)} commits/s\n`);
    }
  }
  return cells;
}

async function measureRound(cell, place) {
  const each = commitsEach[cell.method][cell.writers] ?? 1;
  const writeOne = methods[cell.method](place);
  const pushesBefore = place.remote.pushes();
  const started = performance.now();
  const asked = [];
  await Promise.all(
    Array.from({ length: cell.writers }, async (_, writer) => {
      for (let turn = 0; turn < each; turn++) {
        if (performance.now() - started > cellLimitMs) return;
        const number = turn * cell.writers + writer;
        const edit = { id: `bench-${number}`, tag: `t${number}`, ...placeOf(number) };
        const began = performance.now();
        const outcome = await writeOne(edit);
        cell.retries += outcome.retries;
        if (outcome.isLanded) asked.push(edit);
        else cell.gaveUp += 1;
        if (outcome.isLanded) cell.latencies.push(performance.now() - began);
      }
    }),
  );
  cell.ms += performance.now() - started;
  cell.pushes += place.remote.pushes() - pushesBefore;
  const wrong = await countWrong(place.repository, asked);
  cell.lost += wrong;
  cell.landed += asked.length - wrong;
}

const methods = {
  script:
    ({ remote, name, folder }) =>
    async (edit) => {
      const file = `${edit.folder}/kustomization.yaml`;
      const args = [
        path.join(here, 'script-writer.sh'),
        remote.scriptUrl(name),
        path.join(folder, edit.id),
        file,
        edit.tag,
        edit.id,
      ];
      const { code, stdout } = await runProcess('bash', args);
      return { isLanded: code === 0, retries: Number(stdout) || 0 };
    },
  queue: ({ repository }) => {
    const branch = localBranch(repository, 'main', async () => undefined);
    const settings = {
      committer: person,
      now: () => new Date().toISOString(),
      maxAttempts: 40,
      checkpoint: async () => undefined,
    };
    const writer = new BranchWriter(branch, settings);
    return async (edit) => {
      const apply = (tree) => pinInFolders(tree, [edit.folder], [pinOf(edit)]);
      await writer.submit({ id: edit.id, author: person, subject: `Set ${edit.application}`, trailers: [], apply });
      return { isLanded: true, retries: 0 };
    };
  },
  processes:
    ({ remote, name, folder }) =>
    async (edit) => {
      const task = {
        mirrorDir: path.join(folder, 'mirrors'),
        remote: remote.remote(name),
        branch: 'main',
        folders: [edit.folder],
        pins: [pinOf(edit)],
        author: person,
        committer: person,
        id: edit.id,
      };
      const { code } = await runProcess(process.execPath, [path.join(here, 'writer-client.mjs'), JSON.stringify(task)]);
      return { isLanded: code === 0, retries: code === 0 ? 0 : 1 };
    },
};

function pinOf({ application, tag }) {
  return { name: application, newTag: tag, digest: `sha256:${tag.slice(1).padStart(64, '0')}` };
}

function runProcess(program, args) {
  const who = {
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
  };
  const env = {
    PATH: process.env.PATH,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...who,
  };
  const child = spawn(program, args, {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: processLimitMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout })));
}

/** Edits that the branch does not hold exactly once, or whose file does not say what its last commit set. */
async function countWrong(repository, asked) {
  const tip = await repository.readRef('refs/heads/main');
  const times = new Map();
  const newest = new Map();
  const byId = new Map(asked.map((edit) => [edit.id, edit]));
  for (const { trailers } of await repository.log(tip, { limit: 1_000_000 })) {
    for (const [key, id] of trailers) {
      const edit = key === 'Slipway-Change' ? byId.get(id) : undefined;
      if (edit === undefined) continue;
      times.set(id, (times.get(id) ?? 0) + 1);
      if (!newest.has(edit.folder)) newest.set(edit.folder, edit);
    }
  }
  const missing = asked.filter(({ id }) => times.get(id) !== 1).length;
  let stale = 0;
  for (const [folder, edit] of newest) {
    const bytes = await repository.readFile(tip, `${folder}/kustomization.yaml`);
    if (!Buffer.from(bytes).toString().includes(`newTag: "${edit.tag}"`)) stale += 1;
  }
  return missing + stale;
}

function rowOf(cell, cells) {
  const rate = (of) => of.landed / (of.ms / 1000);
  const script = cells.find((other) => other.method === 'script' && other.writers === cell.writers);
  const seconds = (part) => `${(quantile(cell.latencies, part) / 1000).toFixed(3)} s`;
  const ratio = script === undefined ? '' : (rate(cell) / rate(script)).toFixed(cell.method === 'script' ? 0 : 1);
  const pushes = cell.method === 'queue' ? 'none' : cell.pushes;
  return [
    cell.writers,
    cell.method,
    cell.landed,
    rate(cell).toFixed(1),
    seconds(0.5),
    seconds(0.95),
    cell.retries,
    cell.gaveUp,
    pushes,
    cell.lost,
    ratio,
  ];
}
