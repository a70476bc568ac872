import fc from 'fast-check';
import { type CommitId, type Digest, type Hold, parseCommitId, parseDigest, type Promotion } from '@slipway/domain';
import { describe, expect, it } from 'vitest';
import { decideDesired, type DesiredFacts } from './decide-desired.ts';

const digests = ['a', 'b', 'c'].map((digit) => parseDigest(`sha256:${digit.repeat(64)}`));
const anyDigest: fc.Arbitrary<Digest> = fc.constantFrom(...digests);
const head: CommitId = parseCommitId('1'.repeat(40));
const anyPromotion = fc.record({ release: anyDigest, kind: fc.constantFrom('promotion', 'rollback') });
const anyHold = fc.constantFrom({ placedBy: 'policy', reason: 'errors.' } as Hold);

/** Anything that the branch, the records and people could come to, in any order of events. */
const anyFacts: fc.Arbitrary<DesiredFacts> = fc
  .record({
    isEntry: fc.boolean(),
    renderDigest: anyDigest,
    release: anyDigest,
    refusedImages: fc.subarray(['web:latest']),
    authorised: fc.option(anyDigest, { nil: undefined }),
    promotion: fc.option(anyPromotion, { nil: undefined }),
    isNamedInFolder: fc.boolean(),
    holds: fc.array(anyHold, { maxLength: 2 }),
    abortedBecause: fc.option(fc.constant('Its canary was aborted.'), { nil: undefined }),
  })
  .map(({ authorised, promotion, abortedBecause, ...rest }) => ({
    ...rest,
    head,
    now: '2026-01-01T00:00:00Z',
    ...(authorised === undefined ? {} : { previous: { authorised: { renderDigest: authorised } } as never }),
    ...(promotion === undefined ? {} : { promotion: promotion as Promotion }),
    ...(abortedBecause === undefined ? {} : { abortedBecause }),
  }));

describe('decideDesired', () => {
  it('lets nothing into an environment with an upstream but the release of a promotion that names it', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        fc.pre(!facts.isEntry);
        if (decideDesired(facts).kind !== 'authorise') return;
        expect(facts.promotion?.release).toBe(facts.release);
        expect(facts.isNamedInFolder).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never lets an image in that is not pinned from a listed registry', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        if (decideDesired(facts).kind === 'authorise') expect(facts.refusedImages).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('breaks a hold for nothing but a rollback, in any environment', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        fc.pre(facts.holds.length > 0);
        if (decideDesired(facts).kind === 'authorise') expect(facts.promotion?.kind).toBe('rollback');
      }),
      { numRuns: 2_000 },
    );
  });

  it('says the same again once it is authorised: a later look changes nothing', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        if (decideDesired(facts).kind !== 'authorise') return;
        const previous = { authorised: { renderDigest: facts.renderDigest } } as never;
        expect(decideDesired({ ...facts, previous }).kind).toBe('unchanged');
      }),
      { numRuns: 1_000 },
    );
  });
});
