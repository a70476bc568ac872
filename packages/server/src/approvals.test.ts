import type { ApprovalsView, FreezeView } from '@slipway/api';
import {
  parseBranch,
  parseCommitId,
  parseDigest,
  parseName,
  type Promotion,
  type Role,
  statementIds,
} from '@slipway/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServerWorld, putRepository, type ServerWorld } from '../test-support/server-world.ts';

const release = parseDigest(`sha256:${'ab'.repeat(32)}`);
const asked = '2026-01-02T01:00:00.000Z';

function promotionOf(id: string, fields: Partial<Promotion>): Promotion {
  return {
    id,
    kind: 'promotion',
    application: parseName('guestbook'),
    environment: parseName('prod'),
    release,
    phase: 'running',
    requestedBy: 'mara',
    message: '',
    approvals: [],
    requestedAt: asked,
    ...fields,
  };
}

/** A pull request of two real commits that carries a promotion. */
async function putCarrier(world: ServerWorld, promotion: string): Promise<void> {
  await putRepository(world, 'config');
  const repository = await world.services.review.openRepository(parseName('config'));
  const person = { name: 'Dev', email: 'dev@example.test' };
  const plan = (text: string) => ({
    changes: [{ path: 'prod.yaml', content: Buffer.from(text) }],
    ...{ author: person, committer: person, message: `${text}\n`, at: asked },
  });
  const [base, head] = await repository.commitChain(undefined, [plan('one'), plan('two')]);
  if (base === undefined || head === undefined) throw new Error('no commits were made');
  await repository.updateRef('refs/heads/main', base, undefined);
  await world.store.transact((tx) =>
    tx.put('pullRequest', 'config#1', {
      ...{ id: 'config#1', repository: parseName('config'), number: 1, title: 'Promote to prod', body: '' },
      ...{ author: 'mara', source: parseBranch('promote'), target: parseBranch('main'), head, base, mergeCommit: head },
      ...{ conflicts: [], state: 'open', pushers: [], promotion, createdAt: asked, updatedAt: asked },
    }),
  );
}

describe('approvals', () => {
  let world: ServerWorld;
  beforeAll(async () => {
    world = await openServerWorld();
    const people: readonly (readonly [string, readonly Role[]])[] = [
      ['mara', ['promoter', 'approver']],
      ['li', ['approver']],
      ['dev', ['developer', 'approver']],
      ['ada', ['viewer']],
    ];
    for (const [id, roles] of people) await world.account(id, roles);
  });
  afterAll(() => world.close());

  const approvals = async (account: string): Promise<ApprovalsView['items']> => {
    const response = await world.ask('/api/v1/approvals', { token: await world.token(account) });
    expect(response.status).toBe(200);
    return ((await response.json()) as ApprovalsView).items;
  };

  it('says that nothing waits', async () => {
    expect(await approvals('li')).toEqual([]);
  });

  it('lists an open promotion with what it waits for, and who may approve it and why not', async () => {
    await world.store.transact((tx) => tx.put('promotion', 'guestbook/prod/1', promotionOf('guestbook/prod/1', {})));
    await putCarrier(world, 'guestbook/prod/1');

    const [item] = await approvals('li');
    expect(item).toMatchObject({
      promotion: 'guestbook/prod/1',
      waitsFor: 'approval',
      title: 'Promote to prod',
      requestedBy: 'mara',
      pullRequest: { repository: 'config', number: 1 },
      approvals: [],
      canApprove: { isAllowed: true },
    });
    expect(item?.unmet.length).toBeGreaterThan(0);
    const reasons = async (account: string) => (await approvals(account)).map(({ canApprove }) => canApprove.reason);
    expect(await reasons('mara')).toEqual(['mara asked for this promotion; another person approves it.']);
    expect(await reasons('dev')).toEqual(['dev is an author of a commit in it; another person approves it.']);
    expect(await reasons('ada')).toEqual(['ada does not hold the role approver.']);
  });

  it('lists what went in past its approvals, overdue first, until it is reviewed', async () => {
    const commit = parseCommitId('c'.repeat(40));
    const glass = (reviewUntil: string, reviewedBy?: string) => ({
      ...{ kind: 'rollback' as const, phase: 'succeeded' as const, commit, reason: 'It loses orders.' },
      breakGlass: {
        ...{ by: 'mara', at: asked, reviewUntil },
        ...(reviewedBy === undefined ? {} : { reviewedBy, reviewedAt: asked }),
      },
    });
    const put = (id: string, fields: Partial<Promotion>) =>
      world.store.transact((tx) => tx.put('promotion', id, promotionOf(id, fields)));
    const { commit: _unwritten, ...unwritten } = glass('2026-01-03T00:00:00.000Z');
    await put('guestbook/prod/failed', { ...unwritten, phase: 'failed' });
    await put('guestbook/prod/done', glass('2026-01-03T00:00:00.000Z', 'li'));
    await put('guestbook/prod/late', glass('2026-01-02T02:00:00.000Z'));
    await put('guestbook/prod/due', glass('2026-01-03T00:00:00.000Z'));

    const items = await approvals('li');
    expect(items.map(({ promotion, isOverdue }) => [promotion, isOverdue])).toEqual([
      ['guestbook/prod/late', true],
      ['guestbook/prod/due', false],
      ['guestbook/prod/1', false],
    ]);
    expect(items[0]).toMatchObject({ waitsFor: 'review', reason: 'It loses orders.', canApprove: { isAllowed: true } });
    expect((await approvals('mara'))[0]?.canApprove.isAllowed).toBe(false);

    const path = `/api/v1/promotions/${encodeURIComponent('guestbook/prod/late')}/approve`;
    const subjects = [{ name: 'release:guestbook', digest: { sha256: 'ab'.repeat(32) } }];
    const id = statementIds.promotion('guestbook/prod/late');
    await world.store.transact((tx) => tx.record({ id, kind: 'promotion', subjects, predicate: {}, links: [] }));
    const reviewed = await world.ask(path, { method: 'POST', token: await world.token('li'), body: {} });
    expect(reviewed.status).toBe(200);
    expect((await approvals('li'))[0]?.promotion).toBe('guestbook/prod/due');
  });

  it('tells the pages of holds, freezes and release tickets as they change', async () => {
    const token = await world.token('mara');
    const leaving = new AbortController();
    const response = await world.ask('/api/v1/events', { token, signal: leaving.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let heard = '';
    const hear = async (noun: string): Promise<void> => {
      while (!heard.includes(`"noun":"${noun}"`)) {
        const chunk = await reader?.read();
        if (chunk?.value === undefined) throw new Error(`the stream ended before it told of ${noun}`);
        heard += chunk.value;
      }
    };
    const place = { application: parseName('guestbook'), environment: parseName('prod') };
    const held = { ...place, reason: 'Stocktaking.', placedBy: 'mara', placedAt: asked } as const;
    await world.store.transact(async (tx) => {
      await tx.put('hold', 'h', { ...held, id: 'h', cause: 'person', liftedBy: 'mara', liftedAt: asked });
      await tx.put('freeze', 'f', { ...held, id: 'f', from: asked, to: asked, endedBy: 'mara', endedAt: asked });
      await tx.put('releaseTicket', 't', {
        ...{ ...place, id: 't', number: 1, kind: 'promotion', title: 'Promote', release, openedBy: 'mara' },
        ...{ openedAt: asked, commits: [], approvals: [], message: '' },
      });
    });

    for (const noun of ['hold', 'freeze', 'releaseTicket']) await hear(noun);
    leaving.abort();
  });

  it('says beside each freeze whether the asking account may end it', async () => {
    const to = '2026-02-01T00:00:00.000Z';
    const frozen = await world.ask('/api/v1/freezes', {
      ...{ method: 'POST', token: await world.token('mara'), body: { to, reason: 'Stocktaking.' } },
    });
    expect(frozen.status).toBe(200);
    const list = async (account: string) => {
      const response = await world.ask('/api/v1/freezes', { token: await world.token(account) });
      return ((await response.json()) as FreezeView[]).map(({ canEnd }) => canEnd);
    };

    expect((await list('mara'))[0]).toEqual({ isAllowed: true });
    expect((await list('ada'))[0]).toEqual({ isAllowed: false, reason: 'You do not hold the role promoter.' });
  });
});
