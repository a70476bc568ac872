import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Account,
  type Branch,
  type CommitId,
  parseBranch,
  parseName,
  type PipelineRun,
  type PullRequest,
  type Repository,
  type Role,
  type StageRun,
} from '@slipway/domain';
import { createSigningKey, createStatementSigner, parseEnvelope } from '@slipway/evidence';
import { createGitHost } from '@slipway/git';
import { createContentStore, createLogStore } from '@slipway/host';
import type { GitRepository } from '@slipway/ports';
import { createStore, type OpenStore } from '@slipway/store';
import { EffectLog, startThrowawayDatabase, unreached } from '@slipway/testkit';
import {
  executeStage,
  openPullRequest,
  type PipelineServices,
  pushId,
  reconcileRefs,
  refreshKind,
  refreshPullRequest,
  type ReviewServices,
  stageEffect,
  stagesOf,
} from '../src/index.ts';
import { firstFiles, passedReport } from './pipeline-files.ts';
import { StagedExecutor } from './staged-executor.ts';

export const code = parseName('guestbook');
export const config = parseName('config');
/** App config; nothing is in it until a test pushes. */
export const settings = parseName('settings');
export const main = parseBranch('main');
const committer = { name: 'Slipway', email: 'slipway@example.test' };

/** People by name; each holds the one role that makes them interesting. */
const people: Readonly<Record<string, readonly Role[]>> = {
  dora: ['developer'],
  rita: ['reviewer'],
  ola: ['approver'],
  adam: ['admin'],
  pia: ['promoter'],
};

/** A commit somebody pushes. */
export interface Pushed {
  /** File texts; `undefined` removes. */
  readonly files: Readonly<Record<string, string | undefined>>;
  readonly branch?: Branch;
  readonly by?: string;
  readonly repository?: Repository['id'];
  readonly message?: string;
  /** Put in place of what the branch has, as a force-push does. */
  readonly onto?: CommitId;
}

/** Repositories, people and runs over a real store and real Git; stages are played, effects wait to be driven. */
export class PipelineWorld {
  readonly services: PipelineServices & ReviewServices;
  readonly store: OpenStore;
  readonly git: GitRepository;
  readonly configGit: GitRepository;
  readonly settingsGit: GitRepository;
  readonly effects: EffectLog;
  readonly executor = new StagedExecutor();
  /** Keys of effects that were told to end. */
  readonly cancelled: string[] = [];
  onCheckpoint: (name: string) => Promise<void> = () => Promise.resolve();
  now = Date.parse('2026-01-02T03:04:05.000Z');
  readonly #close: () => Promise<void>;

  constructor(parts: WorldParts) {
    this.store = parts.store;
    this.git = parts.git;
    this.configGit = parts.configGit;
    this.settingsGit = parts.settingsGit;
    this.effects = parts.effects;
    this.#close = parts.close;
    this.executor.plays.set('check', { files: { 'report-junit': passedReport } });
    this.services = {
      store: parts.store,
      metrics: unreached('metrics'),
      content: createContentStore(path.join(parts.folder, 'content')),
      logs: createLogStore(path.join(parts.folder, 'logs')),
      executor: this.executor,
      builder: unreached('the builder'),
      registry: unreached('the registry'),
      publishImage: unreached('publishing'),
      manifests: unreached('the writer'),
      dependencies: { find: () => Promise.resolve(undefined), keep: () => Promise.resolve() },
      packages: { host: 'packages.test:443', environment: {} },
      openRepository: (name) => Promise.resolve(this.gitOf(name)),
      now: () => this.at(),
      builderId: 'https://slipway.test/builder',
      toolchain: 'node-20',
      checkpoint: (name) => this.onCheckpoint(name),
      committer,
      cancelEffect: (key) => {
        this.cancelled.push(key);
        return Promise.resolve();
      },
    };
  }

  gitOf(repository: Repository['id']): GitRepository {
    if (repository === code) return this.git;
    return repository === settings ? this.settingsGit : this.configGit;
  }

  at(): string {
    return new Date(this.now).toISOString();
  }

  /** Lets time pass; each review and push of a test is at a time of its own. */
  pass(ms = 1_000): void {
    this.now += ms;
  }

  /** Pushes as the forge does: the push is written before the ref moves. Nobody has looked at it yet. */
  async push(pushed: Pushed): Promise<CommitId> {
    this.pass();
    const { branch = main, by = 'dora', repository = code } = pushed;
    const git = this.gitOf(repository);
    const ref = `refs/heads/${branch}`;
    const head = await git.readRef(ref);
    const parent = pushed.onto ?? head ?? (await git.readRef('refs/heads/main'));
    const changes = Object.entries(pushed.files).map(([file, text]) => ({
      path: file,
      content: text === undefined ? undefined : Buffer.from(text),
    }));
    const author = { name: by, email: `${by}@example.test` };
    const message = pushed.message ?? 'A change\n';
    const [commit] = await git.commitChain(parent, [{ changes, author, committer: author, message, at: this.at() }]);
    if (commit === undefined) throw new Error('no commit');
    const id = pushId(repository, ref, commit);
    await this.store.transact((tx) =>
      tx.put('push', id, { id, repository, ref, after: commit, account: by, at: this.at() }),
    );
    if (!(await git.updateRef(ref, commit, head))) throw new Error(`${branch} moved`);
    return commit;
  }

  async pushAndReconcile(pushed: Pushed): Promise<CommitId> {
    const commit = await this.push(pushed);
    await this.reconcile(pushed.repository);
    return commit;
  }

  reconcile(repository: Repository['id'] = code): Promise<void> {
    return reconcileRefs(this.services, repository);
  }

  /** A pull request of a branch with a change, refreshed. */
  async request(
    files: Pushed['files'],
    more: Partial<Pushed> & { readonly title?: string } = {},
  ): Promise<PullRequest> {
    const branch = more.branch ?? parseBranch('feature');
    await this.pushAndReconcile({ ...more, files, branch });
    const opened = await openPullRequest(this.services, {
      repository: more.repository ?? code,
      source: branch,
      title: more.title ?? 'A change',
      body: '',
      author: more.by ?? 'dora',
    });
    await this.refresh();
    return this.pullRequest(opened.id);
  }

  /** Carries out every refresh that waits. */
  async refresh(): Promise<void> {
    for (const effect of this.effects.take(refreshKind))
      await refreshPullRequest(this.services, String(effect.payload['pullRequest']));
  }

  /** Carries out refreshes and stages until none waits. */
  async drive(): Promise<void> {
    for (let round = 0; round < 50; round++) {
      await this.refresh();
      const waiting = this.effects.take(stageEffect);
      if (waiting.length === 0) return;
      for (const effect of waiting) await this.execute(effect.payload);
    }
    throw new Error('the effects never ended');
  }

  execute(payload: Readonly<Record<string, unknown>>, signal = new AbortController().signal): Promise<void> {
    const attempt = { stage: String(payload['stage']), attempt: Number(payload['attempt']) };
    return executeStage(this.services, attempt, signal);
  }

  async pullRequest(id: string): Promise<PullRequest> {
    const found = (await this.store.get('pullRequest', id))?.value;
    if (found === undefined) throw new Error(`there is no pull request ${id}`);
    return found;
  }

  async account(id: string): Promise<Account> {
    const found = (await this.store.get('account', id))?.value;
    if (found === undefined) throw new Error(`there is no account ${id}`);
    return found;
  }

  async runs(): Promise<readonly PipelineRun[]> {
    return (await this.store.list('pipelineRun')).map(({ value }) => value);
  }

  /** The newest run. */
  async run(): Promise<PipelineRun> {
    const run = (await this.runs()).at(-1);
    if (run === undefined) throw new Error('there is no run');
    return run;
  }

  /** Stages of a run by name. */
  async stages(run: string): Promise<Readonly<Record<string, StageRun>>> {
    return Object.fromEntries((await stagesOf(this.store, run)).map((stage) => [stage.name, stage]));
  }

  /** What was signed, oldest first: kind, id and predicate. */
  async evidence(
    kind: string,
  ): Promise<readonly { readonly id: string; readonly predicate: Record<string, unknown> }[]> {
    await this.store.sequence();
    const kept = await this.store.statements({ from: 0, limit: 10_000 });
    return kept
      .filter((one) => one.kind === kind)
      .map((one) => {
        const payload = JSON.parse(Buffer.from(parseEnvelope(one.envelope).payload).toString()) as {
          readonly predicate: Record<string, unknown>;
        };
        return { id: one.id, predicate: payload.predicate };
      });
  }

  close(): Promise<void> {
    return this.#close();
  }
}

interface WorldParts {
  readonly folder: string;
  readonly store: OpenStore;
  readonly git: GitRepository;
  readonly configGit: GitRepository;
  readonly settingsGit: GitRepository;
  readonly effects: EffectLog;
  readonly close: () => Promise<void>;
}

/** Opens worlds one after the other, that share one database server. */
export class PipelineWorlds {
  #open: PipelineWorld | undefined;

  /** A world whose code repository holds {@link firstFiles}, looked at; nothing has run. The one before it ends. */
  async open(): Promise<PipelineWorld> {
    // Opened before the other ends: the server ends with its last database.
    const world = await openPipelineWorld();
    await this.close();
    this.#open = world;
    return world;
  }

  async close(): Promise<void> {
    await this.#open?.close();
    this.#open = undefined;
  }
}

async function openPipelineWorld(): Promise<PipelineWorld> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-pipeline-'));
  const database = await startThrowawayDatabase();
  const effects = new EffectLog();
  const signer = createStatementSigner({ privateKey: createSigningKey().privateKey, keyId: 'server' });
  const store: OpenStore = await createStore({ url: database.url, signer, effects, clock: () => world.at() });
  const host = createGitHost();
  const world = new PipelineWorld({
    folder,
    store,
    effects,
    git: await host.create(path.join(folder, 'guestbook.git')),
    configGit: await host.create(path.join(folder, 'config.git')),
    settingsGit: await host.create(path.join(folder, 'settings.git')),
    close: async () => {
      await store.close();
      await database.stop();
      await rm(folder, { recursive: true, force: true });
    },
  });
  await store.transact(async (tx) => {
    for (const [id, roles] of Object.entries(people)) {
      const verifiedEmails = [`${id}@example.test`];
      const createdAt = world.at();
      await tx.put('account', id, {
        id,
        displayName: id,
        kind: 'person',
        roles,
        verifiedEmails,
        isDisabled: false,
        createdAt,
      });
    }
    for (const [id, role, requiredChecks] of [
      [code, 'code', ['web']],
      [config, 'config', []],
      [settings, 'app-config', []],
    ] as const) {
      const protection = { requiresPullRequest: true, requiredApprovals: 1, requiredChecks };
      await tx.put('repository', id, { id, role, defaultBranch: main, protection, createdAt: world.at() });
    }
  });
  await world.pushAndReconcile({ files: firstFiles, by: 'adam' });
  await world.pushAndReconcile({ files: { 'slipway.yaml': 'kind: Delivery\n' }, by: 'adam', repository: config });
  return world;
}
