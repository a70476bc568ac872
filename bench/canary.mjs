// What a canary costs its controller while it waits: `npm run bench -- canary [--seconds 65] [--write]`.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseCondition } from '@slipway/domain';
import { createSigningKey, createStatementSigner } from '@slipway/evidence';
import { createGitHost } from '@slipway/git';
import { renderEnvironment, treeAt } from '@slipway/manifests';
import { runOperator } from '@slipway/operator';
import { createKubectlRenderer } from '@slipway/renderer';
import { MemoryMetrics, MemoryTarget } from '@slipway/testkit';
import { commonOptions, describeMachine, report } from './results.mjs';

const folder = 'overlays/prod';
const namespace = 'shop-prod';
const person = { name: 'Ada', email: 'ada@example.org' };
const now = () => new Date().toISOString();
const hour = 3_600_000;

const errors = {
  ...{ name: 'errors', question: 'error-ratio', windowMs: 60_000, intervalMs: 10_000, count: 1_000 },
  ...{ initialDelayMs: 0, failureLimit: 0, inconclusiveLimit: 0, consecutiveErrorLimit: 4, consecutiveSuccessLimit: 0 },
  ...{ success: parseCondition('<= baseline + 0.02'), isDryRun: false },
};
const canary = (...steps) => ({ kind: 'canary', steps: [{ kind: 'weight', percent: 10 }, ...steps], analyses: [] });
const cases = [
  ['nothing to do, no canary', { kind: 'rolling' }],
  ['canary, in a pause', canary({ kind: 'pause', durationMs: hour })],
  ['canary, an analysis every 10 s', canary({ kind: 'analysis', metrics: [errors] })],
];

export async function run(args) {
  const { values } = parseArgs({ args, options: { ...commonOptions, seconds: { type: 'string', default: '65' } } });
  const machine = describeMachine();
  const rows = [];
  for (const [name, strategy] of cases) {
    process.stderr.write(`${name}\n`);
    const root = await mkdtemp(path.join(tmpdir(), 'slipway-bench-canary-'));
    try {
      rows.push([name, ...(await measure(root, strategy, Number(values.seconds)))]);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
  const head = [
    'state',
    'passes',
    'CPU, all',
    'CPU, operator alone',
    'requests to target',
    'of them writes',
    'measurements',
  ];
  await report('Canary controller', { machine, values, head, rows, method: methodOf(values.seconds) });
}

function methodOf(seconds) {
  return `${seconds} s each, taken to a minute: one environment of a Deployment and a Service, a real config repository and the pinned renderer,
a target and metrics in memory. The first row also carries what a young process compiles. CPU is \`/proc/self/stat\`: all counts the programs that were run too (Git and the renderer,
once a pass), which a canary shares with every pass. Requests to the target count calls that are answered at once; its watch is one that
stays open.
`;
}

/** Figures of a minute, once the environment is where it is to be. */
async function measure(root, strategy, seconds) {
  const world = await openWorld(root);
  const ended = new AbortController();
  const running = runOperator(world.services, {
    concurrency: 1,
    onPass: (pass) => void world.passes.push(pass),
    signal: ended.signal,
  });
  try {
    await world.authorise('v1', { kind: 'rolling' });
    await until(() => world.reports.some(({ phase }) => phase === 'succeeded'));
    if (strategy.kind === 'canary') {
      world.answer();
      await world.authorise('v2', strategy);
      await until(() => world.reports.some((one) => one.canary?.weight === 10 && one.canary.step === 1));
    }
    // What its own writes woke has passed by then.
    await sleep(2_000);
    const calls = { ...world.calls };
    const [passes, asked, before, started] = [
      world.passes.length,
      world.metrics.asked.length,
      await cpuMs(),
      Date.now(),
    ];
    while (Date.now() - started < seconds * 1_000) {
      await sleep(1_000);
      world.answer();
    }
    const after = await cpuMs();
    const parts = 60_000 / (Date.now() - started);
    const perMinute = (value) => (value * parts).toFixed(1);
    return [
      perMinute(world.passes.length - passes),
      `${Math.round((after.all - before.all) * parts)} ms`,
      `${Math.round((after.own - before.own) * parts)} ms`,
      perMinute(world.calls.all - calls.all),
      perMinute(world.calls.writes - calls.writes),
      perMinute(world.metrics.asked.length - asked),
    ];
  } finally {
    ended.abort();
    await running;
  }
}

async function until(isSo) {
  for (let count = 0; count < 600; count += 1) {
    if (isSo()) return;
    await sleep(100);
  }
  throw new Error('not within a minute');
}

/** CPU time of this process, and with the children that have ended; clock ticks are 10 ms. */
async function cpuMs() {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const [utime, stime, cutime, cstime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return { own: (utime + stime) * 10, all: (utime + stime + cutime + cstime) * 10 };
}

async function openWorld(root) {
  const repository = await createGitHost().create(path.join(root, 'config.git'));
  const renderer = await createKubectlRenderer({ stateDir: root });
  const key = createSigningKey();
  const signer = createStatementSigner({ privateKey: key.privateKey, keyId: 'bench' });
  const [reports, passes, calls] = [[], [], { all: 0, writes: 0 }];
  const target = counted(new MemoryTarget(), calls);
  const metrics = new MemoryMetrics();
  const heard = { policies: [], wake: () => undefined };
  const services = {
    ...{ renderer, target, metrics, now, serverKey: key.publicKey },
    server: { watch: (signal) => watch(heard, signal), report: async (one) => void reports.push(one) },
    mirror: async () => repository,
    checkpoint: async () => undefined,
  };
  const names = { application: 'shop', environment: 'prod' };
  const authorise = async (version, strategy) => {
    const revision = await commit(repository, version);
    const { renderDigest } = await renderEnvironment(renderer, treeAt(repository, revision), { path: folder });
    const subjects = [{ name: 'render', digest: { sha256: renderDigest.slice(7) } }];
    const predicate = { ...names, revision, renderDigest, strategy };
    const statement = { id: `authorisation/${revision}`, kind: 'authorisation', subjects, predicate, links: [] };
    const { envelope: authorisation } = signer.sign(statement, [], now());
    const place = { cloneUrl: 'http://127.0.0.1:1/config.git', branch: 'main', path: folder, namespace };
    heard.policies = [{ ...names, ...place, rolloutDeadlineMs: 60_000, authorisation }];
    heard.wake();
  };
  const answer = () => {
    for (const deployment of ['web', 'web-canary'])
      metrics.record({ namespace, service: 'web', deployment }, [{ status: 200, durationMs: 5 }]);
  };
  return { services, reports, passes, calls, metrics, authorise, answer };
}

async function* watch(heard, signal) {
  const stop = () => heard.wake();
  signal.addEventListener('abort', stop);
  while (!signal.aborted) {
    const next = new Promise((resolve) => (heard.wake = resolve));
    yield heard.policies;
    if (!signal.aborted) await next;
  }
}

/** The target, with its calls counted. */
function counted(target, calls) {
  const count = (isWrite) => {
    calls.all += 1;
    if (isWrite) calls.writes += 1;
  };
  return {
    name: target.name,
    sharing: target.sharing,
    get: (...asked) => (count(false), target.get(...asked)),
    list: (...asked) => (count(false), target.list(...asked)),
    remove: (...asked) => (count(true), target.remove(...asked)),
    watch: (...asked) => target.watch(...asked),
    apply: async (...asked) => {
      const outcome = await target.apply(...asked);
      count(outcome.action !== 'unchanged' && !asked[1].isDryRun);
      return outcome;
    },
  };
}

async function commit(repository, version) {
  const labels = { app: 'web' };
  const spec = { containers: [{ name: 'main', image: `registry.test/web:${version}` }] };
  const objects = [
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace } },
      spec: { replicas: 4, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace } },
      spec: { selector: labels, ports: [{ port: 80 }] },
    },
  ];
  const head = await repository.readRef('refs/heads/main');
  const changes = [
    { path: `${folder}/kustomization.yaml`, content: Buffer.from('resources: [app.yaml]\n') },
    { path: `${folder}/app.yaml`, content: Buffer.from(objects.map((one) => JSON.stringify(one)).join('\n---\n')) },
  ];
  const plan = { changes, author: person, committer: person, message: 'x\n', at: now() };
  const [made] = await repository.commitChain(head, [plan]);
  await repository.updateRef('refs/heads/main', made, head);
  return made;
}
