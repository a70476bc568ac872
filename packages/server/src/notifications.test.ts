import { type CommitId, parseName } from '@slipway/domain';
import { refreshPullRequest } from '@slipway/pipeline';
import { notify } from '@slipway/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServerWorld, putRepository, type ServerWorld } from '../test-support/server-world.ts';

describe('notifications', () => {
  let world: ServerWorld;
  beforeAll(async () => {
    world = await openServerWorld();
    await world.account('ada', ['developer', 'reviewer']);
    await world.account('ben', ['reviewer']);
    await world.account('cat', ['reviewer']);
    await world.account('vic', ['viewer']);
    await world.account('root', ['admin']);
  });
  afterAll(() => world.close());

  const inboxOf = async (account: string): Promise<readonly string[]> => {
    const answer = await world.ask('/api/v1/inbox', { token: await world.token(account) });
    const { items } = (await answer.json()) as {
      readonly items: readonly { readonly kind: string; readonly subject: string }[];
    };
    return items.map(({ kind, subject }) => `${kind}: ${subject}`);
  };
  /** A commit on a branch by somebody, as a push leaves it. */
  const push = async (branch: string, email: string, parent?: CommitId): Promise<CommitId> => {
    const repository = await world.services.pipeline.openRepository(parseName('web'));
    const author = { name: 'x', email };
    const changes = [{ path: `${branch}-${parent ?? 'first'}.txt`, content: Buffer.from(branch) }];
    const [commit] = await repository.commitChain(parent, [
      { changes, author, committer: author, message: 'change\n', at: '2026-01-01T00:00:00.000Z' },
    ]);
    if (commit === undefined) throw new Error('no commit was made');
    const ref = `refs/heads/${branch}`;
    await repository.updateRef(ref, commit, await repository.readRef(ref));
    return commit;
  };

  it('tells whoever may review a new pull request, once, and nobody else', async () => {
    await putRepository(world, 'web');
    const main = await push('main', 'ada@example.test');
    // Cat wrote a commit in it, so her approval would not count.
    await push('feature', 'cat@example.test', main);
    for (let time = 0; time < 2; time += 1)
      await world.ask('/api/v1/repositories/web/pull-requests', {
        method: 'POST',
        token: await world.token('ada'),
        body: { source: 'feature', title: 'A feature', body: 'It does more.' },
      });

    expect(await inboxOf('ben')).toEqual(['waiting: Waiting for your review: A feature']);
    for (const other of ['ada', 'cat', 'vic', 'root']) expect(await inboxOf(other)).toEqual([]);
  });

  it('tells those who had approved that a push voided it', async () => {
    const { review, pipeline } = world.services;
    const head = await (await pipeline.openRepository(parseName('web'))).readRef('refs/heads/feature');
    await world.ask('/api/v1/repositories/web/pull-requests/1/reviews', {
      method: 'POST',
      token: await world.token('ben'),
      body: { verdict: 'approved', body: '', head },
    });
    await push('feature', 'ada@example.test', head);
    for (let time = 0; time < 2; time += 1) await refreshPullRequest(review, 'web#1');

    expect(await inboxOf('ben')).toEqual([
      'waiting: Waiting for you again: A feature',
      'waiting: Waiting for your review: A feature',
    ]);
    expect(await inboxOf('cat')).toEqual([]);
  });

  it('shows channels with how they do, and no address of a person', async () => {
    await world.store.transact(async (tx) => {
      await tx.put('notificationChannel', 'mail', {
        id: 'mail',
        target: 'mail.test:587',
        kinds: ['failure'],
        isEnabled: true,
        failures: 2,
        failingSince: world.clock.now,
        nextAttemptAt: '2026-01-02T03:05:00.000Z',
        lastError: 'mail.test:587 gave no answer.',
      });
    });
    await world.store.transact((tx) =>
      notify(tx, {
        id: 'run/1',
        kind: 'failure',
        audience: { kind: 'accounts', accounts: ['ada'] },
        subject: 'ci failed',
        body: '',
        link: '/runs/1',
        about: 'run/1',
        createdAt: world.clock.now,
      }),
    );

    const answer = await world.ask('/api/v1/notification-channels', { token: await world.token('vic') });
    const text = await answer.text();

    expect(JSON.parse(text)).toMatchObject({
      channels: [
        {
          id: 'mail',
          state: 'failing',
          failures: 2,
          waiting: 1,
          givenUp: 0,
          lastError: 'mail.test:587 gave no answer.',
        },
      ],
    });
    expect(text).not.toContain('@');
  });
});
