import { parseBranch, parseName, type PipelineDefinition } from '@slipway/domain';
import { openPullRequest, refreshPullRequest } from '@slipway/pipeline';
import type { PullRequestView } from '@slipway/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServerWorld, putRepository, type ServerWorld } from '../../test-support/server-world.ts';

const pipeline = (requirement: PipelineDefinition['stages'][number]['requirement']): string =>
  `apiVersion: slipway.dev/v1alpha1
kind: Pipeline
metadata: {name: web}
spec:
  stages:
    - {name: lint, kind: run, commands: [lint], requirement: ${requirement}}
`;

describe('the view of a pull request that changes a gate', () => {
  let world: ServerWorld;
  const path = '/api/v1/repositories/shop/pull-requests/1';

  beforeAll(async () => {
    world = await openServerWorld();
    for (const [id, role] of [
      ['dora', 'developer'],
      ['rita', 'reviewer'],
      ['ola', 'approver'],
    ] as const)
      await world.account(id, [role]);
    await putRepository(world, 'shop');
    const repository = await world.services.review.openRepository(parseName('shop'));
    const author = { name: 'Dora', email: 'dora@example.test' };
    const plan = (requirement: 'required' | 'off') => ({
      changes: [{ path: 'slipway.yaml', content: Buffer.from(pipeline(requirement)) }],
      author,
      committer: author,
      message: 'Change\n',
      at: world.clock.now,
    });
    const [first, second] = await repository.commitChain(undefined, [plan('required'), plan('off')]);
    await repository.updateRef('refs/heads/main', first, undefined);
    await repository.updateRef('refs/heads/feature', second, undefined);
    const facts = {
      repository: parseName('shop'),
      source: parseBranch('feature'),
      title: 'T',
      body: '',
      author: 'dora',
    };
    await openPullRequest(world.services.review, facts);
    await refreshPullRequest(world.services.review, 'shop#1');
  });
  afterAll(() => world.close());

  const view = async (account: string): Promise<PullRequestView> =>
    (await (await world.ask(path, { token: await world.token(account) })).json()) as PullRequestView;

  it('says what changes, what is missing, and lets an approver see that the approval is theirs', async () => {
    const before = await view('ola');

    expect(before.policyChanges).toEqual(['Policy change: Stage lint of pipeline web is off, no longer required.']);
    expect(before.canMerge.unmet.map((one) => one.gate)).toEqual(['WaitingForApproval', 'PolicyChangeNotApproved']);
    expect(before.canApprove).toEqual({ isAllowed: true });

    for (const account of ['ola', 'rita']) {
      world.clock.now = new Date(Date.parse(world.clock.now) + 1000).toISOString();
      const body = { verdict: 'approved', head: before.head };
      const token = await world.token(account);
      expect((await world.ask(`${path}/reviews`, { method: 'POST', token, body })).status).toBe(200);
    }

    const after = await view('dora');
    expect(after.canMerge).toEqual({ isAllowed: true, unmet: [] });
    expect(after.reviews.map(({ account, counts, approvesPolicy }) => [account, counts, approvesPolicy])).toEqual([
      ['ola', true, true],
      ['rita', true, undefined],
    ]);
    expect(after.canApprove.isAllowed).toBe(false);
  });
});
