import { describe, expect, it } from 'vitest';
import { decidePromotion, type Digest, type EnvironmentDefinition, type Hold, type PromotionFacts } from '../index.ts';

const release = `sha256:${'1'.repeat(64)}` as Digest;
const prod = { name: 'prod', approvals: 1, soakMs: 60_000 } as EnvironmentDefinition;
const fine: PromotionFacts = {
  environment: prod,
  release,
  upstream: {
    environment: 'stage',
    healthyRelease: release,
    verifications: [{ name: 'sanity', phase: 'succeeded' }],
    soakedForMs: 60_000,
  },
  unpinned: [],
  foreign: [],
  approvals: ['boss'],
  holds: [],
  window: { kind: 'open' },
};

describe('decidePromotion', () => {
  it('allows a release that is healthy and verified upstream, soaked and approved', () => {
    expect(decidePromotion(fine)).toEqual({ kind: 'allowed' });
  });

  it('names every unmet gate, in the order of the chain', () => {
    const decision = decidePromotion({
      ...fine,
      unpinned: ['web:latest'],
      upstream: { environment: 'stage', verifications: [{ name: 'sanity', phase: 'failed' }], soakedForMs: 0 },
      approvals: [],
    });

    expect(decision.kind === 'refused' && decision.unmet.map((one) => one.gate)).toEqual([
      'ImageUnpinned',
      'NotHealthyUpstream',
      'NotVerifiedUpstream',
      'Soaking',
      'WaitingForApproval',
    ]);
  });

  it('tells waiting from refusing', () => {
    expect(decidePromotion({ ...fine, approvals: [] })).toMatchObject({ kind: 'refused', isWaiting: true });
    expect(decidePromotion({ ...fine, foreign: ['evil.test/web'] })).toMatchObject({
      kind: 'refused',
      isWaiting: false,
    });
  });

  it('keeps out what is held or outside of its window, and says who acts and until when', () => {
    const hold = { id: 'h', cause: 'abort', reason: 'errors.', placedBy: 'policy', placedAt: '' } as unknown as Hold;
    const decision = decidePromotion({
      ...fine,
      holds: [hold],
      window: { kind: 'closed', reason: 'Frozen by root: year end', until: '2027-01-02T00:00:00.000Z' },
    });

    expect(decision).toMatchObject({ kind: 'refused', isWaiting: true });
    expect(decision.kind === 'refused' && decision.unmet.map((one) => one.message)).toEqual([
      'Environment prod is held by policy: errors. Somebody with the role promoter lifts it.',
      'Frozen by root: year end: environment prod is closed until 2027-01-02T00:00:00.000Z.',
    ]);
  });
});
