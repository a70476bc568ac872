import { type AppConfigPin, type CommitId, parseBranch, parseCommitId, parseDigest, parseName } from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import { putRepository, type ServerWorld } from './server-world.ts';

const digest = parseDigest(`sha256:${'1'.repeat(64)}`);
const person = { name: 'Ada', email: 'ada@example.test' };

/** An application `shop` whose environments read app config, over a real config repository. */
export interface ConfigWorld {
  /** Commits files into an environment's `app-config` folder; nothing is authorised by it. */
  commit(environment: string, files: Readonly<Record<string, string>>): Promise<CommitId>;
  /** Authorises what stands at a revision, under the name of an app-config commit. */
  authorise(environment: string, revision: CommitId, commit: string): Promise<AppConfigPin>;
}

export async function openConfigWorld(world: ServerWorld): Promise<ConfigWorld> {
  await putRepository(world, 'shop-config');
  const repository = await world.services.delivery.openRepository(parseName('shop-config'));
  return {
    commit: (environment, files) => commitFiles(repository, `overlays/${environment}/app-config`, files),
    async authorise(environment, revision, commit) {
      const pin = {
        repository: parseName('shop-settings'),
        commit: parseCommitId(commit),
        tree: parseCommitId(commit),
      };
      await putDesired(world, { environment, revision, pin });
      return pin;
    },
  };
}

async function commitFiles(
  repository: GitRepository,
  folder: string,
  files: Readonly<Record<string, string>>,
): Promise<CommitId> {
  const ref = 'refs/heads/main';
  const head = await repository.readRef(ref);
  const changes = Object.entries(files).map(([name, text]) => ({
    path: `${folder}/${name}`,
    content: Buffer.from(text),
  }));
  const plan = { changes, author: person, committer: person, message: 'x\n', at: '2026-01-02T03:04:05Z' };
  const [commit] = await repository.commitChain(head, [plan]);
  if (commit === undefined) throw new Error('no commit');
  await repository.updateRef(ref, commit, head);
  return commit;
}

async function putDesired(
  world: ServerWorld,
  facts: { readonly environment: string; readonly revision: CommitId; readonly pin: AppConfigPin },
): Promise<void> {
  const { revision, pin } = facts;
  const [application, environment] = [parseName('shop'), parseName(facts.environment)];
  const id = `${application}/${environment}`;
  await world.store.transact((tx) =>
    tx.put('desiredState', id, {
      id,
      application,
      environment,
      repository: parseName('shop-config'),
      branch: parseBranch('main'),
      definition: {
        name: environment,
        path: `overlays/${environment}`,
        namespace: parseName(`shop-${environment}`),
        target: parseName('local'),
        class: 'open',
        approvals: 0,
        soakMs: 0,
        windows: [],
        rolloutDeadlineMs: 1_000,
        dependencies: [],
        verifications: [],
      },
      order: 0,
      isEntry: true,
      head: revision,
      authorised: { revision, renderDigest: digest, release: digest, statement: 'none', appConfig: pin },
      updatedAt: world.clock.now,
    }),
  );
  // As the operator's first report does: what was in force stays readable by its commit.
  await world.store.transact((tx) =>
    tx.put('deployment', `${id}/${revision}`, {
      id: `${id}/${revision}`,
      application,
      environment,
      revision,
      renderDigest: digest,
      release: digest,
      appConfig: pin,
      phase: 'succeeded',
      reason: 'Told',
      message: '',
      inventory: [],
      written: 0,
      startedAt: world.clock.now,
    }),
  );
}
