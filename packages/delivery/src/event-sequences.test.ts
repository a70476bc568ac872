import { type Account, type DesiredState, type Digest, parseName, type Promotion } from '@slipway/domain';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ada, mainRef } from '../test-support/config-repository.ts';
import {
  base,
  type DeliveryWorld,
  type DeliveryWorlds,
  openDeliveryWorlds,
  overlay,
  promoter,
} from '../test-support/delivery-world.ts';
import { DeliveryError } from './delivery-error.ts';
import { addHold, liftHold } from './holds/holds.ts';
import { advancePromotions } from './promotion/advance-promotions.ts';
import { settlePromotion } from './promotion/carry-promotion.ts';
import { requestPromotion } from './promotion/request-promotion.ts';
import { requestRollback } from './rollback/request-rollback.ts';

type Place = 'qa' | 'stage' | 'prod';
const places: readonly Place[] = ['qa', 'stage', 'prod'];
const application = parseName('guestbook');
const boss: Account = { ...promoter, id: 'boss', roles: ['approver'] };

/** What people, builds, the operator and strangers do, in any order. */
type Event =
  | { readonly kind: 'build'; readonly digit: number }
  | { readonly kind: 'push'; readonly place: 'stage' | 'prod'; readonly digit: number }
  | { readonly kind: 'base'; readonly replicas: number }
  | { readonly kind: 'report'; readonly place: Place; readonly phase: 'succeeded' | 'failed' | 'aborted' }
  | { readonly kind: 'verify'; readonly phase: 'succeeded' | 'failed' }
  | { readonly kind: 'promote' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'approve' }
  /** Somebody brings what an open request holds to the branch past it. */
  | { readonly kind: 'smuggle' }
  | { readonly kind: 'hold'; readonly place: 'stage' | 'prod' }
  | { readonly kind: 'lift' }
  | { readonly kind: 'upkeep' };

const digit = fc.integer({ min: 2, max: 5 });
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('build' as const), digit }) },
  fc.record({ kind: fc.constant('push' as const), place: fc.constantFrom('stage' as const, 'prod' as const), digit }),
  fc.record({ kind: fc.constant('base' as const), replicas: fc.integer({ min: 2, max: 4 }) }),
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      place: fc.constantFrom(...places),
      phase: fc.constantFrom('succeeded' as const, 'succeeded' as const, 'succeeded' as const, 'failed' as const),
    }),
  },
  fc.constant({ kind: 'report' as const, place: 'prod' as const, phase: 'aborted' as const }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('verify' as const),
      phase: fc.constantFrom('succeeded' as const, 'succeeded' as const, 'succeeded' as const, 'failed' as const),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'promote' as const }) },
  fc.constant({ kind: 'rollback' as const }),
  { weight: 4, arbitrary: fc.constant({ kind: 'approve' as const }) },
  fc.constant({ kind: 'smuggle' as const }),
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('hold' as const),
      place: fc.constantFrom('stage' as const, 'prod' as const),
    }),
  },
  fc.constant({ kind: 'lift' as const }),
  { weight: 2, arbitrary: fc.constant({ kind: 'upkeep' as const }) },
);

/** A release that goes all the way, so that what follows finds something to break. */
const journey = (number: number): readonly Event[] => [
  { kind: 'build', digit: number },
  { kind: 'report', place: 'qa', phase: 'succeeded' },
  { kind: 'verify', phase: 'succeeded' },
  { kind: 'report', place: 'stage', phase: 'succeeded' },
  { kind: 'promote' },
  { kind: 'approve' },
  { kind: 'report', place: 'prod', phase: 'succeeded' },
];

/** A journey with other events between its own, some of which do not happen, or happen past the product. */
function disturbed(events: readonly Event[]): fc.Arbitrary<readonly Event[]> {
  const step = (one: Event): fc.Arbitrary<readonly Event[]> => {
    const own = one.kind === 'approve' ? fc.constantFrom<Event>(one, one, { kind: 'smuggle' }) : fc.constant(one);
    const happens = fc.option(own, { nil: undefined, freq: 12 });
    return fc
      .tuple(fc.array(event, { maxLength: 2, size: 'xsmall' }), happens)
      .map(([before, after]) => (after === undefined ? before : [...before, after]));
  };
  return fc.tuple(...events.map(step)).map((parts) => parts.flat());
}

describe('any sequence of events', () => {
  let worlds: DeliveryWorlds;
  beforeAll(async () => {
    worlds = await openDeliveryWorlds();
  });
  afterAll(() => worlds.close());

  it('puts nothing unverified or unapproved into prod, and breaks no hold', { timeout: 600_000 }, async () => {
    const sequences = fc
      .tuple(fc.boolean(), disturbed(journey(3)), fc.array(event, { maxLength: 4 }))
      .map(([hasHistory, events, rest]) => [...(hasHistory ? journey(2) : []), ...events, ...rest]);
    const passed = { prod: 0 };
    await fc.assert(
      fc.asyncProperty(sequences, async (events) => {
        const story = await begin(await worlds.open());
        for (const one of events) await story.play(one);
        passed.prod += story.letIn.get('prod') ?? 0;
      }),
      { numRuns: Number(process.env['SLIPWAY_SEQUENCES'] ?? 6), examples: [[[...journey(2), ...journey(3)]]] },
    );
    // Rules that nothing ever passes would hold as well.
    expect(passed.prod).toBeGreaterThanOrEqual(2);
  });

  it('of releases, gone back and forward again, leaves the same bytes', { timeout: 600_000 }, async () => {
    const pairs = fc.tuple(digit, fc.integer({ min: 6, max: 8 }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(pairs, async ([one, other, isEdited]) => {
        const world = await worlds.open();
        const story = await begin(world);
        for (const each of journey(one)) await story.play(each);
        if (isEdited) await world.pushAndObserve({ 'README.md': `${one}\n` });
        for (const each of journey(other)) await story.play(each);
        const forward = await world.repository.readTree(await world.head(), { path: 'overlays/prod' });
        for (const kind of ['rollback', 'approve'] as const) await story.play({ kind });
        const back = await world.repository.readTree(await world.head(), { path: 'overlays/prod' });
        await story.play({ kind: 'report', place: 'prod', phase: 'succeeded' });
        for (const kind of ['lift', 'promote', 'approve'] as const) await story.play({ kind });

        expect(back).not.toEqual(forward);
        expect(await world.repository.readTree(await world.head(), { path: 'overlays/prod' })).toEqual(forward);
      }),
      { numRuns: 2 },
    );
  });
});

async function begin(world: DeliveryWorld): Promise<Story> {
  await world.observe();
  return new Story(world);
}

/** Plays events in a world, and holds what was let in against what it knows to have happened. */
class Story {
  readonly letIn = new Map<Place, number>();
  readonly #world: DeliveryWorld;
  /** Releases that ran healthy in a place with every check passed, and those that ran healthy there at all. */
  readonly #proven = new Map<Place, Set<Digest>>(places.map((place) => [place, new Set()]));
  readonly #healthy = new Map<Place, Set<Digest>>(places.map((place) => [place, new Set()]));

  constructor(world: DeliveryWorld) {
    this.#world = world;
  }

  async play(one: Event): Promise<void> {
    this.#world.now = new Date(Date.parse(this.#world.now) + 60_000).toISOString();
    const before = await this.#look();
    try {
      await this.#do(one);
      await this.#world.drive();
      await this.#world.observe();
    } catch (error) {
      // A refusal is an answer; what was done before it is judged all the same.
      if (!(error instanceof DeliveryError)) throw error;
    }
    await this.#learn();
    const after = await this.#look();
    for (const place of ['stage', 'prod'] as const) await this.#judge(place, before, after);
  }

  async #do(one: Event): Promise<void> {
    const world = this.#world;
    switch (one.kind) {
      case 'build':
        await world.push({ 'overlays/qa/kustomization.yaml': overlay('qa', one.digit) });
        return;
      case 'push':
        await world.push({ [`overlays/${one.place}/kustomization.yaml`]: overlay(one.place, one.digit) });
        return;
      case 'base':
        await world.push({
          'base/web.yaml': base['base/web.yaml'].replace('spec:\n', `spec:\n  replicas: ${one.replicas}\n`),
        });
        return;
      case 'report':
        if ((await world.state(one.place)).authorised !== undefined) await world.report(one.place, one.phase);
        return;
      case 'verify':
        await world.verify('qa', one.phase);
        return;
      case 'promote':
        await requestPromotion(world.services, promoter, { application, environment: parseName('prod') });
        return;
      case 'rollback':
        await requestRollback(world.services, promoter, {
          ...{ application, environment: parseName('prod') },
          reason: 'it is wrong',
        });
        return;
      case 'approve':
        await this.#merge({ isApproved: true });
        return;
      case 'smuggle':
        await this.#merge({ isApproved: false });
        return;
      case 'hold':
        await addHold(world.services, boss, { application, environment: parseName(one.place), reason: 'wait' });
        return;
      case 'lift': {
        const standing = (await world.store.list('hold')).find(({ value }) => value.liftedAt === undefined);
        if (standing !== undefined) await liftHold(world.services, boss, standing.value.id);
        return;
      }
      case 'upkeep':
        await advancePromotions(world.services);
    }
  }

  /** Merges the newest open request, if it merges: by the forge after an approval, or by somebody past it. */
  async #merge({ isApproved }: { readonly isApproved: boolean }): Promise<void> {
    const { repository, requests, services } = this.#world;
    const open = (await this.#world.promotions('prod')).filter(({ phase, commit }) => phase === 'running' && !commit);
    const request = requests.findLast(({ promotion }) => open.some(({ id }) => id === promotion));
    const branch = request && (await repository.readRef(`refs/heads/${request.source}`));
    if (branch === undefined || request?.promotion === undefined) return;
    const head = await this.#world.head();
    const merged = await repository.merge(head, branch);
    if (merged.kind === 'conflict') return;
    const facts = { author: ada, committer: ada, message: 'Merge\n', at: this.#world.now };
    const commit = await repository.commitTree({ tree: merged.tree, parents: [head, branch], ...facts });
    await repository.updateRef(mainRef, commit, head);
    if (isApproved) await settlePromotion(services, request.promotion, { commit, approvals: ['boss'], reviews: [] });
  }

  async #learn(): Promise<void> {
    for (const place of places) {
      const { authorised } = await this.#world.state(place);
      const deployments = await this.#world.store.list('deployment', { match: { environment: place } });
      const isHealthy = deployments.some(
        ({ value }) =>
          value.phase === 'succeeded' &&
          value.release === authorised?.release &&
          value.renderDigest === authorised.renderDigest,
      );
      if (authorised === undefined || !isHealthy) continue;
      this.#healthy.get(place)?.add(authorised.release);
      const checks = (await this.#world.verifications(place)).filter(({ release }) => release === authorised.release);
      const isVerified = place !== 'qa' || checks.some(({ phase }) => phase === 'succeeded');
      if (isVerified) this.#proven.get(place)?.add(authorised.release);
    }
  }

  async #look(): Promise<Look> {
    const holds = (await this.#world.store.list('hold')).map(({ value }) => value);
    const states = new Map<Place, DesiredState['authorised']>();
    for (const place of places) {
      const found = await this.#world.store.get('desiredState', `guestbook/${place}`);
      states.set(place, found?.value.authorised);
    }
    const held = holds.filter(({ liftedAt }) => liftedAt === undefined).map(({ environment }) => String(environment));
    return { states, held: new Set(held) };
  }

  async #judge(place: 'stage' | 'prod', before: Look, after: Look): Promise<void> {
    const now = after.states.get(place);
    if (now === undefined || now.renderDigest === before.states.get(place)?.renderDigest) return;
    const promotion = await this.#promotionOf(place, now.renderDigest);
    expect(promotion, `${place} runs what no promotion brought`).toBeDefined();
    if (promotion === undefined) return;
    this.letIn.set(place, (this.letIn.get(place) ?? 0) + 1);
    if (place === 'prod') expect(promotion.approvals, 'nobody approved it').toEqual(['boss']);
    const upstream = place === 'prod' ? 'stage' : 'qa';
    const known = promotion.kind === 'rollback' ? this.#healthy.get(place) : this.#proven.get(upstream);
    expect(known?.has(now.release), `${place}: ${promotion.kind} of what was not proven`).toBe(true);
    if (before.held.has(place) && after.held.has(place)) expect(promotion.kind, 'a hold was broken').toBe('rollback');
  }

  async #promotionOf(place: Place, renderDigest: Digest): Promise<Promotion | undefined> {
    const all = await this.#world.promotions(place);
    return all
      .filter((one) => one.commit !== undefined && one.renderDigest === renderDigest)
      .sort((one, other) => (one.requestedAt < other.requestedAt ? 1 : -1))[0];
  }
}

interface Look {
  readonly states: ReadonlyMap<Place, DesiredState['authorised']>;
  readonly held: ReadonlySet<string>;
}
