import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CommitId, type Digest, type EvidenceStatement, parseBranch, parseName } from '@slipway/domain';
import { createSigningKey, createStatementSigner, type SigningKey } from '@slipway/evidence';
import { createGitHost } from '@slipway/git';
import { renderEnvironment, treeAt } from '@slipway/manifests';
import type { GitRepository } from '@slipway/ports';
import { MemoryTarget, plainRenderer } from '@slipway/testkit';
import type { DeploymentReport, EnvironmentPolicy, PolicyServer } from '../src/policy.ts';
import type { OperatorServices } from '../src/reconcile-environment.ts';

const folder = 'overlays/qa';
const somebody = { name: 'Ada', email: 'ada@example.test' };

/** A policy server in memory: it tells policies as they are set and keeps every report. */
export class MemoryPolicyServer implements PolicyServer {
  readonly reports: DeploymentReport[] = [];
  #policies: readonly EnvironmentPolicy[] = [];
  #version = 0;
  #wake: () => void = () => undefined;

  set(policies: readonly EnvironmentPolicy[]): void {
    this.#policies = policies;
    this.#version += 1;
    this.#wake();
  }

  async *watch(signal: AbortSignal): AsyncIterable<readonly EnvironmentPolicy[]> {
    signal.addEventListener('abort', () => this.#wake());
    let seen = 0;
    while (!signal.aborted) {
      if (seen !== this.#version) {
        seen = this.#version;
        yield this.#policies;
      } else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** While it is away every report is lost. */
  isAway = false;

  report(report: DeploymentReport): Promise<void> {
    if (this.isAway) return Promise.reject(new Error('connection refused'));
    this.reports.push(report);
    return Promise.resolve();
  }
}

/** A config repository, a target and a server around the operator. */
export interface OperatorWorld {
  readonly services: OperatorServices;
  readonly server: MemoryPolicyServer;
  readonly target: MemoryTarget;
  readonly key: SigningKey;
  /** Commits what environment `qa` renders to. */
  commit(text: string): Promise<CommitId>;
  renderDigest(commit: CommitId): Promise<Digest>;
  /** The policy that lets a commit in; `change` is what is wrong with its authorisation. */
  policyFor(commit: CommitId, change?: AuthorisationChange): Promise<EnvironmentPolicy>;
  close(): Promise<void>;
}

export interface AuthorisationChange {
  readonly key?: SigningKey;
  readonly kind?: EvidenceStatement['kind'];
  readonly predicate?: Readonly<Record<string, unknown>>;
  readonly rolloutDeadlineMs?: number;
}

export async function openWorld(): Promise<OperatorWorld> {
  const root = await mkdtemp(path.join(tmpdir(), 'slipway-operator-'));
  const repository = await createGitHost().create(path.join(root, 'config.git'));
  const server = new MemoryPolicyServer();
  const target = new MemoryTarget();
  const key = createSigningKey();
  const renderDigest = async (commit: CommitId): Promise<Digest> =>
    (await renderEnvironment(plainRenderer, treeAt(repository, commit), { path: folder })).renderDigest;
  const services: OperatorServices = {
    server,
    serverKey: key.publicKey,
    renderer: plainRenderer,
    target,
    mirror: () => Promise.resolve(repository),
    now: () => '2026-01-02T03:04:05Z',
    checkpoint: () => Promise.resolve(),
  };
  return {
    services,
    server,
    target,
    key,
    commit: (text) => commitRender(repository, text),
    renderDigest,
    policyFor: async (commit, change = {}) => policyOf(commit, await renderDigest(commit), { key, ...change }),
    close: async () => {
      await target.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function commitRender(repository: GitRepository, text: string): Promise<CommitId> {
  const ref = 'refs/heads/main';
  const head = await repository.readRef(ref);
  const changes = [
    { path: `${folder}/kustomization.yaml`, content: Buffer.from('resources: [app.yaml]\n') },
    { path: `${folder}/app.yaml`, content: Buffer.from(text) },
  ];
  const at = '2026-01-02T03:04:05Z';
  const [commit] = await repository.commitChain(head, [
    { changes, author: somebody, committer: somebody, message: 'Change\n', at },
  ]);
  if (commit === undefined) throw new Error('no commit');
  await repository.updateRef(ref, commit, head);
  return commit;
}

function policyOf(
  commit: CommitId,
  renderDigest: Digest,
  change: AuthorisationChange & { readonly key: SigningKey },
): EnvironmentPolicy {
  const statement: EvidenceStatement = {
    id: `authorisation/${commit}`,
    kind: change.kind ?? 'authorisation',
    subjects: [{ name: 'render', digest: { sha256: renderDigest.slice(7) } }],
    predicate: { application: 'guestbook', environment: 'qa', revision: commit, renderDigest, ...change.predicate },
    links: [],
  };
  const signer = createStatementSigner({ privateKey: change.key.privateKey, keyId: 'server' });
  return {
    application: parseName('guestbook'),
    environment: parseName('qa'),
    cloneUrl: 'http://127.0.0.1:1/git/config.git',
    branch: parseBranch('main'),
    path: folder,
    namespace: parseName('guestbook-qa'),
    rolloutDeadlineMs: change.rolloutDeadlineMs ?? 5_000,
    authorisation: signer.sign(statement, [], '2026-01-02T03:04:05Z').envelope,
  };
}

/** A Deployment of the environment as YAML. */
export function deployment(name: string, image: string, namespace = 'guestbook-qa'): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  replicas: 1
  template: {spec: {containers: [{name: main, image: ${image}}]}}
`;
}

export function configMap(name: string, value: string, namespace = 'guestbook-qa'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}}\ndata: {value: "${value}"}\n`;
}

/** Several objects as one stream. */
export function stream(...objects: readonly string[]): string {
  return objects.join('---\n');
}
