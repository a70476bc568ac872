import { describe, expect, it } from 'vitest';
import { parseCommitId } from '../identity/commit-id.ts';
import { parseDigest } from '../identity/digest.ts';
import { decideRollback, type RollbackFacts, type RollbackTarget } from './decide-rollback.ts';

const target: RollbackTarget = {
  deployment: 'guestbook/prod/a/1',
  revision: parseCommitId('a'.repeat(40)),
  release: parseDigest(`sha256:${'a'.repeat(64)}`),
  ranHealthy: true,
  failedVerifications: [],
  missingImages: [],
};
const current = { ...target, deployment: 'guestbook/prod/b/2' };
const gates = (facts: Partial<RollbackFacts>): readonly string[] => {
  const decision = decideRollback({ environment: 'prod', current, target, ...facts });
  return decision.kind === 'allowed' ? [] : decision.unmet.map(({ gate }) => gate);
};

describe('decideRollback', () => {
  it('allows what ran healthy there, also when nothing runs now', () => {
    expect(gates({})).toEqual([]);
    expect(decideRollback({ environment: 'prod', target })).toEqual({ kind: 'allowed' });
  });

  it.each<[string, Partial<RollbackFacts>, string]>([
    ['what runs there', { target: { ...target, deployment: current.deployment } }, 'AlreadyHere'],
    ['what was never healthy', { target: { ...target, ranHealthy: false } }, 'NeverHealthy'],
    ['what failed a verification', { target: { ...target, failedVerifications: ['sanity'] } }, 'NotVerified'],
    ['what has lost an image', { target: { ...target, missingImages: ['guestbook/web@sha256:aa'] } }, 'ImageGone'],
    ['a second rollback at once', { open: { id: 'p', requestedBy: 'carol', pullRequest: 7 } }, 'RollbackOpen'],
  ])('refuses %s', (_name, facts, gate) => {
    expect(gates(facts)).toEqual([gate]);
  });

  it('names every reason, and that there is no target', () => {
    expect(gates({ target: { ...target, ranHealthy: false, missingImages: ['x'] } })).toEqual([
      'NeverHealthy',
      'ImageGone',
    ]);
    expect(decideRollback({ environment: 'prod' })).toMatchObject({ kind: 'refused', unmet: [{ gate: 'NoTarget' }] });
  });
});
