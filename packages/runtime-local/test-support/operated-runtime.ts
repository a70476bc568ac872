import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DeploymentStrategy, parseBranch, parseName } from '@slipway/domain';
import { createSigningKey, createStatementSigner } from '@slipway/evidence';
import { createGitHost } from '@slipway/git';
import { renderEnvironment, treeAt } from '@slipway/manifests';
import { type DeploymentReport, type EnvironmentPolicy, type OperatorServices, runOperator } from '@slipway/operator';
import { plainRenderer } from '@slipway/testkit';
import { connectRuntime, runtimeMetrics } from '../src/index.ts';

const folder = 'overlays/test';
const person = { name: 'Ada', email: 'ada@example.test' };

/** An operator over a real runtime, with a server that only listens. */
export interface OperatedRuntime {
  readonly reports: readonly DeploymentReport[];
  /** Authorises what a stream of objects says. */
  readonly authorise: (text: string, strategy: DeploymentStrategy) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function operateRuntime(stateDir: string): Promise<OperatedRuntime> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'slipway-operated-'));
  const repository = await createGitHost().create(path.join(root, 'config.git'));
  const key = createSigningKey();
  const signer = createStatementSigner({ privateKey: key.privateKey, keyId: 'server' });
  const reports: DeploymentReport[] = [];
  const ended = new AbortController();
  let policies: readonly EnvironmentPolicy[] = [];
  const runtime = connectRuntime({ stateDir });
  const services: OperatorServices = {
    server: {
      async *watch(signal) {
        let seen: unknown;
        while (!signal.aborted) {
          if (seen !== policies) {
            seen = policies;
            yield policies;
          }
          await sleep(50);
        }
      },
      report: (report) => {
        reports.push(report);
        return Promise.resolve();
      },
    },
    serverKey: key.publicKey,
    renderer: plainRenderer,
    target: runtime,
    metrics: runtimeMetrics(runtime),
    mirror: () => Promise.resolve(repository),
    now: () => new Date().toISOString(),
    checkpoint: () => Promise.resolve(),
  };
  const running = runOperator(services, { concurrency: 1, onPass: () => undefined, signal: ended.signal });
  const authorise = async (text: string, strategy: DeploymentStrategy): Promise<void> => {
    const ref = 'refs/heads/main';
    const head = await repository.readRef(ref);
    const changes = [
      { path: `${folder}/kustomization.yaml`, content: Buffer.from('resources: [app.yaml]\n') },
      { path: `${folder}/app.yaml`, content: Buffer.from(text) },
    ];
    const plan = { changes, author: person, committer: person, message: 'Change\n', at: services.now() };
    const [commit] = await repository.commitChain(head, [plan]);
    if (commit === undefined) throw new Error('no commit');
    await repository.updateRef(ref, commit, head);
    const { renderDigest } = await renderEnvironment(plainRenderer, treeAt(repository, commit), { path: folder });
    const names = { application: parseName('guestbook'), environment: parseName('test') };
    const statement = {
      id: `authorisation/${commit}`,
      kind: 'authorisation',
      subjects: [{ name: 'render', digest: { sha256: renderDigest.slice(7) } }],
      predicate: { ...names, revision: commit, renderDigest, strategy },
      links: [],
    } as const;
    policies = [
      {
        ...names,
        cloneUrl: 'http://127.0.0.1:1/git/config.git',
        branch: parseBranch('main'),
        path: folder,
        namespace: parseName('test'),
        rolloutDeadlineMs: 60_000,
        authorisation: signer.sign(statement, [], services.now()).envelope,
      },
    ];
  };
  return {
    reports,
    authorise,
    close: async () => {
      ended.abort();
      await running;
      await rm(root, { recursive: true, force: true });
    },
  };
}
