import { parseBranch, parseName } from '@slipway/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServerWorld, type ServerWorld } from '../test-support/server-world.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const pin = { name: 'web', newName: 'registry.test/web', newTag: 't1', digest };
const edit = {
  id: 'build-1',
  branch: 'main',
  folders: ['overlays/qa'],
  files: [],
  pins: [pin],
  author: { name: 'Ada', email: 'ada@example.test' },
};
const opening = { title: 'T', source: 'feature' };

describe('hostile input over HTTP', () => {
  let world: ServerWorld;
  let token: string;

  beforeAll(async () => {
    world = await openServerWorld();
    await world.account('ada', ['developer', 'promoter', 'approver']);
    token = await world.token('ada');
    await world.store.transact((tx) =>
      tx.put('repository', 'web', {
        id: parseName('web'),
        role: 'config',
        defaultBranch: parseBranch('main'),
        protection: { requiresPullRequest: true, requiredApprovals: 1, requiredChecks: [] },
        createdAt: world.clock.now,
      }),
    );
  });
  afterAll(() => world.close());

  const repositories = '/api/v1/repositories';
  it.each<[string, string, unknown, string]>([
    [
      'a branch that reads as an option',
      `${repositories}/web/set-image`,
      { ...edit, branch: '--exec=id' },
      'REF_NAME_INVALID',
    ],
    [
      'an image that reads as an option',
      `${repositories}/web/set-image`,
      { ...edit, pins: [{ ...pin, name: '-web' }] },
      'IMAGE_REFERENCE_INVALID',
    ],
    [
      'an image of two lines',
      `${repositories}/web/set-image`,
      { ...edit, pins: [{ ...pin, name: 'web\nnewTag: x' }] },
      'IMAGE_REFERENCE_INVALID',
    ],
    [
      'a new place that reads as an option',
      `${repositories}/web/set-image`,
      { ...edit, pins: [{ ...pin, newName: '-r/web' }] },
      'IMAGE_REFERENCE_INVALID',
    ],
    [
      'a tag that reads as an option',
      `${repositories}/web/set-image`,
      { ...edit, pins: [{ ...pin, newTag: '-t' }] },
      'IMAGE_REFERENCE_INVALID',
    ],
    [
      'a tag that is a digest of something else',
      `${repositories}/web/set-image`,
      { ...edit, pins: [{ ...pin, newTag: `t@${digest}` }] },
      'IMAGE_REFERENCE_INVALID',
    ],
    [
      'a digest that is none',
      `${repositories}/web/set-image`,
      { ...edit, pins: [{ ...pin, digest: 'sha256:-' }] },
      'DIGEST_INVALID',
    ],
    ['a repository that reads as an option', `${repositories}/-web/set-image`, edit, 'NAME_INVALID'],
    [
      'a source that reads as an option',
      `${repositories}/web/pull-requests`,
      { ...opening, source: '-f' },
      'REF_NAME_INVALID',
    ],
    [
      'a target that reads as an option',
      `${repositories}/web/pull-requests`,
      { ...opening, target: '--all' },
      'REF_NAME_INVALID',
    ],
    [
      'a source that is a whole ref',
      `${repositories}/web/pull-requests`,
      { ...opening, source: 'refs/../../x' },
      'REF_NAME_INVALID',
    ],
  ])('refuses %s, with its code and what to do', async (_name, where, body, code) => {
    const answer = await world.ask(where, { method: 'POST', token, body });

    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(await answer.json()).toMatchObject({ code, message: expect.stringMatching(/\. [A-Z]/) });
    expect(world.faults).toEqual([]);
  });

  it('takes a body that is no JSON, too large or of the wrong shape for the caller’s fault', async () => {
    const where = `${repositories}/web/pull-requests`;
    const large = await world.ask(where, { method: 'POST', token, body: { ...opening, body: 'x'.repeat(3_000_000) } });
    const surplus = await world.ask(where, { method: 'POST', token, body: { ...opening, surprise: 1 } });

    expect([large.status, surplus.status].every((status) => status >= 400 && status < 500)).toBe(true);
    expect(await surplus.json()).toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('surprise'),
    });
    expect(world.faults).toEqual([]);
  });
});
