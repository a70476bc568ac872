import type { BoardView } from '@slipway/api';
import { type EnvironmentDeployment, parseBranch, parseCommitId, parseDigest, parseName } from '@slipway/domain';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openServerWorld, type ServerWorld } from '../test-support/server-world.ts';

const [one, two] = ['1', '2'].map((digit) => ({
  revision: parseCommitId(digit.repeat(40)),
  renderDigest: parseDigest(`sha256:${digit.repeat(64)}`),
  release: parseDigest(`sha256:${digit.repeat(64)}`),
  statement: digit,
})) as [Authorised, Authorised];
interface Authorised {
  readonly revision: ReturnType<typeof parseCommitId>;
  readonly renderDigest: ReturnType<typeof parseDigest>;
  readonly release: ReturnType<typeof parseDigest>;
  readonly statement: string;
}

let world: ServerWorld;
beforeEach(async () => {
  world = await openServerWorld();
  await world.account('ada', ['viewer']);
});
afterEach(() => world.close());

async function authorise(authorised: Authorised): Promise<void> {
  const id = 'guestbook/qa';
  await world.store.transact((tx) =>
    tx.put('desiredState', id, {
      ...{ id, application: parseName('guestbook'), environment: parseName('qa'), repository: parseName('config') },
      ...{ branch: parseBranch('main'), order: 0, isEntry: true, head: authorised.revision, authorised },
      definition: {
        ...{
          name: parseName('qa'),
          path: 'overlays/qa',
          namespace: parseName('guestbook-qa'),
          target: parseName('local'),
        },
        ...{ class: 'open', approvals: 0, soakMs: 0, rolloutDeadlineMs: 60_000 },
        ...{ windows: [], dependencies: [], verifications: [] },
      },
      updatedAt: world.clock.now,
    }),
  );
}

async function deployed({ revision, renderDigest, release }: Authorised): Promise<void> {
  const id = `guestbook/qa/${renderDigest.slice(7, 19)}/${revision.slice(0, 12)}`;
  const deployment: EnvironmentDeployment = {
    ...{ id, application: parseName('guestbook'), environment: parseName('qa'), revision, renderDigest, release },
    ...{ phase: 'succeeded', reason: 'Healthy', message: '', written: 1, startedAt: world.clock.now },
    inventory: ['Deployment.apps guestbook-qa/web', 'Service guestbook-qa/web'],
    finishedAt: world.clock.now,
  };
  await world.store.transact((tx) => tx.put('deployment', id, deployment));
}

it('says where people reach an environment also while what is new there has not begun', async () => {
  await authorise(one);
  await deployed(one);
  await authorise(two);

  const response = await world.ask('/api/v1/applications/guestbook/board', { token: await world.token('ada') });

  const [qa] = ((await response.json()) as BoardView).environments;
  expect(qa?.running?.phase).toBe('pending');
  expect(qa?.services).toEqual([{ name: 'web', url: 'http://127.0.0.1:20001' }]);
});
