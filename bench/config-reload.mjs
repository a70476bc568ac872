// From a commit of app config to the callback in the running app: `npm run bench -- config-reload [--write]`.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openConfig } from '@slipway/config-client';
import { BranchWriter, localBranch, observeConfig, pinAppConfig } from '@slipway/delivery';
import { createSigningKey, createStatementSigner } from '@slipway/evidence';
import { createGitHost } from '@slipway/git';
import { createKubectlRenderer } from '@slipway/renderer';
import { createServer, mintToken } from '@slipway/server';
import { createStore } from '@slipway/store';
import { EffectLog, startThrowawayDatabase } from '@slipway/testkit';
import { describeMachine, printTable, quantile, writeSection } from './results.mjs';

const rounds = 40;
const person = { name: 'Ada', email: 'ada@example.org' };
const now = () => new Date().toISOString();

const delivery = `apiVersion: slipway.dev/v1alpha1
kind: Delivery
metadata: {name: shop}
spec:
  updates: [qa]
  registries: [registry.test]
  appConfig: {repository: settings}
  environments:
    - {name: qa, path: overlays/qa, namespace: shop-qa}
`;

/** What the server and the use cases need, over a real database, real Git and the real renderer. */
async function openWorld(folder) {
  const database = await startThrowawayDatabase();
  const signer = createStatementSigner({ privateKey: createSigningKey().privateKey, keyId: 'bench' });
  const store = await createStore({ url: database.url, signer, effects: new EffectLog(), clock: now });
  const git = createGitHost();
  const repositories = {};
  for (const [name, role] of [
    ['config', 'config'],
    ['settings', 'app-config'],
  ]) {
    repositories[name] = await git.create(path.join(folder, `${name}.git`));
    const protection = { requiresPullRequest: false, requiredApprovals: 0, requiredChecks: [] };
    const record = { id: name, role, defaultBranch: 'main', protection, createdAt: now() };
    await store.transact((tx) => tx.put('repository', name, record));
  }
  const checkpoint = async () => undefined;
  const branch = localBranch(repositories.config, 'main', checkpoint);
  const writer = new BranchWriter(branch, { committer: person, now, maxAttempts: 5, checkpoint });
  const services = {
    ...{ store, now, checkpoint, committer: person },
    renderer: await createKubectlRenderer({ stateDir: folder }),
    openRepository: async (name) => repositories[name],
    writerOf: async () => writer,
  };
  const server = await createServer({
    ...{ pipeline: services, review: services, delivery: services, rawHandlers: [], version: 'bench' },
    onFault: (error) => process.stderr.write(`${error.stack}\n`),
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const close = async () => {
    await server.close();
    await store.close();
    await database.stop();
  };
  return { store, services, repositories, url, close };
}

async function commit(repository, files) {
  const head = await repository.readRef('refs/heads/main');
  const changes = Object.entries(files).map(([file, text]) => ({ path: file, content: Buffer.from(text) }));
  const plan = { changes, author: person, committer: person, message: 'x\n', at: now() };
  const [made] = await repository.commitChain(head, [plan]);
  await repository.updateRef('refs/heads/main', made, head);
  return made;
}

async function makeToken(store) {
  const account = { id: 'app', displayName: 'App', kind: 'service', roles: [], verifiedEmails: [], isDisabled: false };
  const asked = { account: 'app', purpose: 'application', label: 'bench', scopes: ['config:read:shop'], now: now() };
  const minted = mintToken(asked);
  await store.transact(async (tx) => {
    await tx.put('account', 'app', { ...account, createdAt: now() });
    await tx.put('token', minted.token.id, minted.token);
  });
  return minted.secret;
}

/** Times of one change in milliseconds after its commit: pinned, authorised (its transaction is committed), heard of. */
async function change(world, number, heard) {
  const started = performance.now();
  const made = await commit(world.repositories.settings, { 'shop/qa/settings.yaml': `number: ${number}\n` });
  await pinAppConfig(world.services, { repository: 'settings', commit: made });
  const pinned = performance.now();
  let authorised;
  const store = {
    get: (...asked) => world.store.get(...asked),
    list: (...asked) => world.store.list(...asked),
    transact: async (work) => {
      const result = await world.store.transact(work);
      authorised ??= performance.now();
      return result;
    },
  };
  await observeConfig({ ...world.services, store }, 'config');
  const at = await heard;
  return { pinned: pinned - started, authorised: authorised - started, heard: at - started, reload: at - authorised };
}

async function measure(folder, transport) {
  const world = await openWorld(folder);
  try {
    const kustomization = 'configMapGenerator:\n  - {name: s, files: [app-config/settings.yaml]}\n';
    const overlay = { 'kustomization.yaml': kustomization, 'app-config/settings.yaml': 'number: 0\n' };
    const files = Object.entries(overlay).map(([name, text]) => [`overlays/qa/${name}`, text]);
    await commit(world.repositories.config, { 'slipway.yaml': delivery, ...Object.fromEntries(files) });
    const first = await commit(world.repositories.settings, { 'shop/qa/settings.yaml': 'number: 0\n' });
    await pinAppConfig(world.services, { repository: 'settings', commit: first });
    await observeConfig(world.services, 'config');
    const token = await makeToken(world.store);
    const client = await openConfig({ url: world.url, application: 'shop', profile: 'qa', token, transport });
    const times = [];
    for (let number = 1; number <= rounds; number += 1) {
      const heard = new Promise((resolve) => {
        const stop = client.onChange(({ values }) => {
          if (values.number !== number) return;
          stop();
          resolve(performance.now());
        });
      });
      times.push(await change(world, number, heard));
    }
    await client.close();
    return times;
  } finally {
    await world.close();
  }
}

export async function run(args) {
  const rows = [];
  for (const transport of ['events', 'poll']) {
    const folder = await mkdtemp(path.join(tmpdir(), 'slipway-bench-'));
    await chmod(folder, 0o755);
    try {
      const times = await measure(folder, transport);
      for (const [name, field] of [
        ['authorisation → callback', 'reload'],
        ['commit → callback', 'heard'],
      ]) {
        const values = times.map((one) => one[field]);
        rows.push([transport, name, ...[0.5, 0.95, 1].map((part) => `${quantile(values, part).toFixed(1)} ms`)]);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const table = printTable(['client', 'from → to', 'p50', 'p95', 'max'], rows);
  process.stdout.write(table);
  if (!args.includes('--write')) return;
  const day = args.includes('--date') ? args[args.indexOf('--date') + 1] : now().slice(0, 10);
  await writeSection(
    'Config reload',
    `${day}; ${describeMachine()}. ${rounds} changes each, one after the other.

${table}
Commit → callback holds the pin (checked, committed to the config repository), the render and the authorisation, each run at once:
without the queue of effects, whose poll is another matter, and without the operator, which a live reload does not wait for. A negative
time would mean that the news was faster than the answer of the database to the server.`,
  );
}
