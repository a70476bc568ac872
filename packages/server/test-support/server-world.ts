import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type AccessToken, type Account, parseBranch, parseName, type Role } from '@slipway/domain';
import { createSigningKey, createStatementSigner } from '@slipway/evidence';
import { createGitHost } from '@slipway/git';
import type { LogStore, StageExecutor } from '@slipway/ports';
import { createStore, type OpenStore } from '@slipway/store';
import { EffectLog, startThrowawayDatabase, unreached } from '@slipway/testkit';
import type { FastifyInstance } from 'fastify';
import { mintToken, type TokenRequest } from '../src/access/tokens.ts';
import { createServer } from '../src/create-server.ts';
import type { ServerServices } from '../src/server-services.ts';

/** A server on the loopback over a real store, with nothing real behind it that its tests do not need. */
export interface ServerWorld {
  readonly app: FastifyInstance;
  readonly services: ServerServices;
  readonly store: OpenStore;
  readonly url: string;
  /** Faults that were logged. */
  readonly faults: unknown[];
  /** Envelopes of reports that were kept, by digest. */
  readonly reports: Map<string, string>;
  /** Moves the clock. */
  readonly clock: { now: string };
  account(id: string, roles: readonly Role[]): Promise<Account>;
  /** A fresh token of an account; returns its secret. */
  token(account: string, change?: Partial<TokenRequest> & Partial<AccessToken>): Promise<string>;
  /** Asks as somebody; a body is sent as JSON. */
  ask(path: string, asking?: Asking): Promise<Response>;
  close(): Promise<void>;
}

export interface Asking {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const executor: StageExecutor = {
  facts: {
    isolation: 'namespaces',
    isNetworkIsolated: true,
    areFilesIsolated: false,
    isUidSeparate: true,
    because: 'a test',
  },
  execute: () => Promise.reject(new Error('no stage runs here')),
};

/** One log that is there, `web.ci/test/1`. */
const logs: LogStore = {
  start: () => Promise.reject(new Error('no log is written here')),
  read: async function* (id) {
    if (id === 'run/test/1') yield Buffer.from('a line\n');
  },
};

export async function openServerWorld(): Promise<ServerWorld> {
  const root = await mkdtemp(path.join(tmpdir(), 'slipway-server-'));
  const database = await startThrowawayDatabase();
  const clock = { now: '2026-01-02T03:04:05.000Z' };
  const key = createSigningKey();
  const store = await createStore({
    url: database.url,
    signer: createStatementSigner({ privateKey: key.privateKey, keyId: 'server' }),
    effects: new EffectLog(),
    clock: () => clock.now,
  });
  const faults: unknown[] = [];
  const reports = new Map<string, string>();
  let url = 'http://127.0.0.1';
  const services = await makeServices(root, store, { clock, faults, reports, url: () => url });
  const app = await createServer(services);
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    app,
    services,
    store,
    url,
    faults,
    reports,
    clock,
    account: (id, roles) => putAccount(store, id, roles),
    async token(account, change = {}) {
      const minted = mintToken({ account, purpose: 'person', label: 'test', now: clock.now, ...change });
      const { revokedAt } = change;
      const token = { ...minted.token, ...(revokedAt === undefined ? {} : { revokedAt }) };
      await store.transact((tx) => tx.put('token', token.id, token));
      return minted.secret;
    },
    ask: (where, asking = {}) => ask(`${url}${where}`, asking),
    async close() {
      await app.close();
      await store.close();
      await database.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function makeServices(
  root: string,
  store: OpenStore,
  parts: Pick<ServerWorld, 'clock' | 'faults' | 'reports'> & { readonly url: () => string },
): Promise<ServerServices> {
  const git = createGitHost();
  const folderOf = (name: string): string => path.join(root, 'git', `${name}.git`);
  const dashboardDir = path.join(root, 'dashboard');
  await mkdir(dashboardDir);
  await writeFile(path.join(dashboardDir, 'index.html'), '<!doctype html><title>Slipway</title>');
  await writeFile(path.join(dashboardDir, 'app.js'), 'export {};\n');
  const shared = {
    store,
    now: () => parts.clock.now,
    openRepository: (name: string) => git.open(folderOf(name)),
    checkpoint: () => Promise.resolve(),
    content: unreached('content'),
    committer: { name: 'Slipway', email: 'slipway@example.test' },
    executor,
    logs,
  };
  return {
    pipeline: {
      ...shared,
      metrics: { write: () => Promise.resolve(), query: () => Promise.resolve([]) },
      builder: unreached('builder'),
      registry: unreached('registry'),
      publishImage: unreached('publishImage'),
      manifests: unreached('manifests'),
      dependencies: unreached('dependencies'),
      packages: { host: 'registry.test:443', environment: {} },
      builderId: 'test',
      toolchain: 'test',
    },
    review: { ...shared, cancelEffect: () => Promise.resolve() },
    delivery: {
      ...shared,
      renderer: unreached('renderer'),
      writerOf: unreached('writerOf'),
      findService: () => Promise.resolve({ host: '127.0.0.1', port: 20_001 }),
      hasImage: () => Promise.resolve(true),
      openPullRequest: unreached('openPullRequest'),
    },
    rawHandlers: [],
    dashboardDir,
    version: '0.0.0-test',
    startedAt: parts.clock.now,
    publicUrl: parts.url,
    setImage: unreached('setImage'),
    createRepository: async (name) => {
      await git.create(folderOf(name));
    },
    serverKey: 'the public key of the server',
    keepReport: (envelope, digest) => {
      parts.reports.set(digest, envelope);
      return Promise.resolve();
    },
    envelopeOf: async (id) => (await store.statements({ ids: [id] }))[0]?.envelope,
    operatorSeen: { at: undefined },
    exportAudit: () => Promise.resolve({ 'manifest.json': '{}' }),
    onFault: (error) => void parts.faults.push(error),
  };
}

async function putAccount(store: OpenStore, id: string, roles: readonly Role[]): Promise<Account> {
  const account: Account = {
    id,
    displayName: id,
    kind: 'person',
    roles,
    verifiedEmails: [`${id}@example.test`],
    isDisabled: false,
    createdAt: '2026-01-01T00:00:00Z',
  };
  await store.transact((tx) => tx.put('account', id, account));
  return account;
}

async function ask(url: string, asking: Asking): Promise<Response> {
  return fetch(url, {
    method: asking.method ?? 'GET',
    redirect: 'manual',
    headers: {
      ...(asking.token === undefined ? {} : { authorization: `Bearer ${asking.token}` }),
      ...(asking.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...asking.headers,
    },
    ...(asking.body === undefined ? {} : { body: JSON.stringify(asking.body) }),
    ...(asking.signal === undefined ? {} : { signal: asking.signal }),
  });
}

/** A repository that is on record and on disk. */
export async function putRepository(world: ServerWorld, id: string): Promise<void> {
  const name = parseName(id);
  await world.services.createRepository(name);
  await world.store.transact((tx) =>
    tx.put('repository', id, {
      id: name,
      role: 'code',
      defaultBranch: parseBranch('main'),
      protection: { requiresPullRequest: true, requiredApprovals: 1, requiredChecks: [] },
      createdAt: world.clock.now,
    }),
  );
}
