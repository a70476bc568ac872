import { parseBranch, parseCommitId } from '@slipway/domain';
import { describe, expect, it } from 'vitest';
import { decideRefUpdates, type RefUpdateFact } from './decide-ref-updates.ts';

const before = parseCommitId('a'.repeat(40));
const after = parseCommitId('b'.repeat(40));
const good = { isFastForward: true, isCommit: true };

function decide(updates: readonly RefUpdateFact[], account = 'ada'): ReturnType<typeof decideRefUpdates> {
  const protectedBranches = [
    { branch: parseBranch('main'), requiresPullRequest: true },
    { branch: parseBranch('open'), requiresPullRequest: false },
  ];
  return decideRefUpdates({ account, updates, protectedBranches, serviceWriters: ['writer'] });
}

describe('decideRefUpdates', () => {
  it.each<readonly [string, RefUpdateFact, string]>([
    ['the first push of a protected branch', { ref: 'refs/heads/main', after, ...good }, 'ada'],
    ['a service writer on a protected branch', { ref: 'refs/heads/main', before, after, ...good }, 'writer'],
    [
      'a push to a protected branch that needs no pull request',
      { ref: 'refs/heads/open', before, after, ...good },
      'ada',
    ],
    ['a force-push elsewhere', { ref: 'refs/heads/x', before, after, isFastForward: false, isCommit: true }, 'ada'],
    ['a deletion elsewhere', { ref: 'refs/heads/x', before, isFastForward: false, isCommit: true }, 'ada'],
    ['a new tag', { ref: 'refs/tags/v1', after, ...good }, 'ada'],
  ])('accepts %s', (_, update, account) => {
    expect(decide([update], account)).toEqual({ kind: 'accepted' });
  });

  it.each<readonly [string, RefUpdateFact, RegExp]>([
    ['a direct push', { ref: 'refs/heads/main', before, after, ...good }, /pull request/],
    [
      'a force-push',
      { ref: 'refs/heads/open', before, after, isFastForward: false, isCommit: true },
      /never force-pushed/,
    ],
    ['a deletion', { ref: 'refs/heads/open', before, isFastForward: false, isCommit: true }, /never deleted/],
    ['a moved tag', { ref: 'refs/tags/v1', before, after, ...good }, /never moved/],
    ['a deleted tag', { ref: 'refs/tags/v1', before, isFastForward: false, isCommit: true }, /never deleted/],
    ['a ref of the server', { ref: 'refs/pull/1/head', after, ...good }, /only branches and tags/],
    ['HEAD', { ref: 'HEAD', before, after, ...good }, /only branches and tags/],
    ['a branch that reads as an option', { ref: 'refs/heads/-x', after, ...good }, /not a name for a branch/],
    ['a tag that reads as an option', { ref: 'refs/tags/-x', after, ...good }, /not a name for a tag/],
    ['what is no commit', { ref: 'refs/heads/x', after, isFastForward: true, isCommit: false }, /no commit/],
  ])('refuses %s', (_, update, reason) => {
    const decision = decide([update]);

    expect(decision).toMatchObject({
      kind: 'refused',
      refs: [{ ref: update.ref, reason: expect.stringMatching(reason) }],
    });
  });

  it('refuses force-push and deletion for a service writer too', () => {
    const force = { ref: 'refs/heads/main', before, after, isFastForward: false, isCommit: true };
    const deletion = { ref: 'refs/heads/main', before, isFastForward: false, isCommit: true };

    expect(decide([force], 'writer').kind).toBe('refused');
    expect(decide([deletion], 'writer').kind).toBe('refused');
  });

  it('names every ref that it refuses, in order', () => {
    const decision = decide([
      { ref: 'refs/pull/1/head', after, ...good },
      { ref: 'refs/heads/ok', after, ...good },
      { ref: 'refs/tags/v1', before, after, ...good },
    ]);

    expect(decision.kind === 'refused' && decision.refs.map(({ ref }) => ref)).toEqual([
      'refs/pull/1/head',
      'refs/tags/v1',
    ]);
  });
});
