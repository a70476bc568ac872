import { type Account, type CommitId, parseDigest, parseName, type Promotion } from '@slipway/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mainRef, textOn } from '../../test-support/config-repository.ts';
import {
  type DeliveryWorld,
  type DeliveryWorlds,
  image,
  openDeliveryWorlds,
  promoter,
} from '../../test-support/delivery-world.ts';
import { addFreeze } from '../holds/freezes.ts';
import { addHold, liftHold } from '../holds/holds.ts';
import { advanceDelivery } from '../promotion/advance-delivery.ts';
import { advancePromotions } from '../promotion/advance-promotions.ts';
import { requestPromotion } from '../promotion/request-promotion.ts';
import { previewRollback } from './preview-rollback.ts';
import { tellGoneTargets } from './tell-gone-targets.ts';
import { reviewBreakGlass } from './review-break-glass.ts';
import { requestRollback, type RollbackOrder } from './request-rollback.ts';

const prod = { application: parseName('guestbook'), environment: parseName('prod') };
const boss: Account = { ...promoter, id: 'boss', roles: ['approver'], verifiedEmails: ['boss@example.test'] };
const overlayFile = 'overlays/prod/kustomization.yaml';
const authorisedFile = 'overlays/prod/authorised.yaml';

describe('rollback', () => {
  let worlds: DeliveryWorlds;
  let world: DeliveryWorld;
  beforeAll(async () => {
    worlds = await openDeliveryWorlds();
  });
  afterAll(() => worlds.close());
  beforeEach(async () => {
    world = await worlds.open();
    await world.observe();
  });

  const pass = (minutes = 1): void => {
    world.now = new Date(Date.parse(world.now) + minutes * 60_000).toISOString();
  };
  /** Brings an image through qa and stage into prod's pull request. */
  const asked = async (digit: number): Promise<Promotion> => {
    pass();
    await world.provenInQa(digit);
    await world.drive();
    await world.report('stage');
    return requestPromotion(world.services, promoter, prod);
  };
  const released = async (digit: number): Promise<Promotion> => {
    const promotion = await asked(digit);
    await world.drive();
    await world.merge(promotion);
    pass();
    await world.report('prod');
    return promotion;
  };
  const back = (order: Partial<RollbackOrder> = {}, account: Account = promoter): Promise<Promotion> =>
    requestRollback(world.services, account, { ...prod, reason: 'it is wrong', ...order });
  const inProd = (): Promise<string> => textOn(world.repository, overlayFile);
  const textAt = async (revision: CommitId | undefined, file: string): Promise<string> =>
    Buffer.from((await world.repository.readFile(revision ?? ('' as CommitId), file)) ?? []).toString();
  const tickets = async () => (await world.store.list('releaseTicket')).map(({ value }) => value);
  const holds = async () => (await world.store.list('hold')).map(({ value }) => value);
  const kinds = async () => (await world.store.statements({ from: 0, limit: 1000 })).map(({ kind }) => kind);

  it('goes back by a revert in a pull request, byte for byte, and forward again to the same bytes', async () => {
    await released(2);
    const before = { overlay: await inProd(), authorised: await textOn(world.repository, authorisedFile) };
    await released(3);
    const after = { overlay: await inProd(), authorised: await textOn(world.repository, authorisedFile) };

    const rollback = await back();
    await world.drive();
    expect(world.requests.at(-1)).toMatchObject({ author: 'pia', promotion: rollback.id, target: 'main' });
    expect(await inProd()).toBe(after.overlay);
    await world.merge(rollback);

    expect({ overlay: await inProd(), authorised: await textOn(world.repository, authorisedFile) }).toEqual(before);
    const { message } = await world.repository.readCommit(await world.head());
    expect(message).toMatch(
      /^Revert "Promote guestbook [0-9a-f]{12} to prod"\n\nit is wrong\n\nThis reverts commit [0-9a-f]{40}\.\n/,
    );
    expect((await world.state('prod')).authorised?.release).toBe(rollback.release);
    await world.report('prod');
    expect((await world.promotions('prod')).find(({ id }) => id === rollback.id)?.phase).toBe('succeeded');

    await liftHold(world.services, promoter, (await holds())[0]?.id ?? '');
    const forward = await requestPromotion(world.services, promoter, prod);
    await world.drive();
    await world.merge(forward);
    expect({ overlay: await inProd(), authorised: await textOn(world.repository, authorisedFile) }).toEqual(after);
  });

  it('shows what it would take back before anybody asks for it', async () => {
    const second = await released(2);
    await released(3);

    const preview = await previewRollback(world.services, prod);

    expect(preview).toMatchObject({
      decision: { kind: 'allowed' },
      target: { release: second.release, isCurrent: false },
      edit: { method: 'revert', release: second.release, paths: [overlayFile, authorisedFile] },
      isProven: true,
    });
    expect(preview.reverts).toMatchObject([{ subject: expect.stringMatching(/^Promote guestbook .* to prod$/) }]);
    expect(preview.renderedDiff).toContain(`+        - image: registry.test/web:t2@${image(2)}`);
    expect(await world.promotions('prod')).toHaveLength(2);
  });

  it('is warned of long before when the image that it needs is gone, once', async () => {
    await world.store.transact((tx) => tx.put('account', promoter.id, promoter));
    await released(2);
    await released(3);
    await tellGoneTargets(world.services);
    const told = async () =>
      (await world.store.list('notification'))
        .map(({ value }) => value)
        .filter(({ id }) => id.startsWith('rollback-target/'));
    expect(await told()).toEqual([]);

    world.goneImages.add(image(2));
    await tellGoneTargets(world.services);
    await tellGoneTargets(world.services);

    expect(await told()).toMatchObject([
      { kind: 'failure', body: expect.stringContaining(`no longer has web@${image(2)}`), recipients: ['pia'] },
    ]);
  });

  it('keeps everything else out until the hold is lifted, while qa goes on', async () => {
    await released(2);
    await released(3);
    const rollback = await back();
    await world.drive();
    await world.merge(rollback);
    await world.report('prod');
    pass();
    await world.provenInQa(4);
    await world.drive();
    await world.report('stage');

    await expect(requestPromotion(world.services, promoter, prod)).rejects.toMatchObject({
      code: 'PROMOTION_REFUSED',
      facts: { gate: 'Held' },
    });
    await liftHold(world.services, promoter, (await holds())[0]?.id ?? '');
    expect(await requestPromotion(world.services, promoter, prod)).toMatchObject({ phase: 'running' });
  });

  it('pins the images when somebody else has changed the same file since, and loses nothing of theirs', async () => {
    const second = await released(2);
    await released(3);
    const edited = (await inProd()).replace('resources:', '# by hand\nresources:');
    await world.pushAndObserve({ [overlayFile]: edited });

    const rollback = await back();
    await world.drive();
    await world.merge(rollback);

    expect(rollback).toMatchObject({ release: second.release, rollback: { method: 'pin' } });
    expect(await inProd()).toContain('# by hand');
    expect(await inProd()).toContain(image(2));
    expect((await world.state('prod')).authorised?.release).toBe(second.release);
  });

  it('leaves it to a person when the shared base has changed since, and names the file', async () => {
    await released(2);
    await world.push({ 'base/kustomization.yaml': 'resources: [web.yaml]\nlabels: [{pairs: {a: b}}]\n' });
    await world.observe();
    await released(3);

    await expect(back()).rejects.toMatchObject({
      code: 'ROLLBACK_CONFLICT',
      message: expect.stringContaining('base/kustomization.yaml'),
    });
    expect(await holds()).toEqual([]);
  });

  it('is refused with its reason: nothing before, no such release, an image that is gone, a second one at once', async () => {
    const refusal = (message: string) => ({ code: 'ROLLBACK_REFUSED', message: expect.stringContaining(message) });
    await released(2);
    await expect(back()).rejects.toMatchObject(refusal('nothing to go back to'));
    await released(3);
    await expect(back({ to: 'f'.repeat(12) })).rejects.toMatchObject(refusal('nothing to go back to'));

    world.goneImages.add(image(2));
    await expect(back()).rejects.toMatchObject(refusal(`web@${image(2)}`));
    world.goneImages.clear();
    const [one, other] = await Promise.allSettled([back(), back()]);
    const lost = one.status === 'rejected' ? one : other;
    expect([one.status, other.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect(lost).toMatchObject({ reason: refusal('has begun a rollback') });
  });

  it.each([false, true])('lets in what somebody has put back past it already (emergency: %s)', async (isEmergency) => {
    const second = await released(2);
    const before = { [overlayFile]: await inProd(), [authorisedFile]: await textOn(world.repository, authorisedFile) };
    await released(3);
    await world.pushAndObserve(before);
    expect((await world.state('prod')).pending?.reason).toContain('was not written by a promotion');

    const rollback = await back({ isEmergency });
    await world.drive();
    if (!isEmergency) await world.merge(rollback);

    expect((await world.state('prod')).authorised?.release).toBe(second.release);
    expect((await world.promotions('prod')).find(({ id }) => id === rollback.id)?.commit).toBeDefined();
  });

  it('asks nobody to look at what broke no glass', async () => {
    const second = await released(2);
    await released(3);
    const rollback = await back({ isEmergency: true });
    const target = (await world.store.get('deployment', rollback.rollback?.toDeployment ?? ''))?.value;
    // Somebody else has brought it back in the meantime, and the operator may apply it.
    const state = await world.state('prod');
    await world.push({
      [overlayFile]: await textAt(target?.revision, overlayFile),
      [authorisedFile]: await textAt(target?.revision, authorisedFile),
    });
    const { renderDigest = state.head as never, revision = state.head } = target ?? {};
    const authorised = { renderDigest, revision, release: second.release, statement: 'x' };
    await world.store.transact((tx) => tx.put('desiredState', state.id, { ...state, authorised }));

    await world.drive();

    const ended = (await world.promotions('prod')).find(({ id }) => id === rollback.id);
    expect(ended).toMatchObject({ phase: 'succeeded', message: 'The environment is back there already.' });
    expect(ended?.breakGlass).toBeUndefined();
  });

  it('goes straight in when the glass is broken, and says until when somebody has to look at it', async () => {
    const second = await released(2);
    await released(3);
    const requests = world.requests.length;
    await world.store.transact(async (tx) => {
      for (const account of [boss, { ...boss, id: 'root', roles: ['admin'] as const }])
        await tx.put('account', account.id, account);
    });

    const rollback = await back({ isEmergency: true });
    await world.drive();

    expect(world.requests).toHaveLength(requests);
    expect(rollback.breakGlass).toMatchObject({ by: 'pia', reviewUntil: expect.stringMatching(/^2026-/) });
    expect((await world.state('prod')).authorised?.release).toBe(second.release);
    const statement = (await world.store.statements({ ids: [`promotion/${rollback.id}`] }))[0];
    expect(statement?.kind).toBe('promotion');

    await expect(reviewBreakGlass(world.services, promoter, rollback.id)).rejects.toMatchObject({
      code: 'BREAK_GLASS_REFUSED',
    });
    pass(60 * 25);
    await advancePromotions(world.services);
    await advancePromotions(world.services);
    const inbox = (await world.store.list('inboxItem')).map(({ value }) => [value.account, value.kind]);
    expect(inbox).toEqual([
      ['boss', 'waiting'],
      ['root', 'failure'],
    ]);
    const reviewed = await reviewBreakGlass(world.services, boss, rollback.id);
    expect(reviewed).toMatchObject({ approvals: ['boss'], breakGlass: { reviewedBy: 'boss' } });
  });

  it('opens the revert after an aborted canary, holds, and lets what ran before go on', async () => {
    const second = await released(2);
    const third = await asked(3);
    await world.drive();
    await world.merge(third);
    expect((await world.state('prod')).authorised?.release).toBe(third.release);

    await world.report('prod', 'aborted', { reason: 'CanaryAborted', message: '3 of 20 requests failed' });
    await world.drive();

    const state = await world.state('prod');
    expect(state.authorised?.release).toBe(second.release);
    expect(state.pending?.reason).toContain('3 of 20 requests failed');
    expect(await holds()).toMatchObject([{ cause: 'abort', placedBy: 'policy' }]);
    const revert = (await world.promotions('prod')).find(({ kind }) => kind === 'rollback');
    expect(revert).toMatchObject({ phase: 'running', requestedBy: 'policy', release: second.release });
    expect(world.requests.at(-1)).toMatchObject({ promotion: revert?.id });
    expect(await inProd()).toContain(image(3));
    expect((await tickets()).find(({ id }) => id === third.id)).toMatchObject({ outcome: 'aborted' });
    await world.store.sequence();
    expect(await kinds()).toEqual(expect.arrayContaining(['revocation', 'hold', 'releaseTicket']));

    await world.observe();
    expect((await world.state('prod')).authorised?.release).toBe(second.release);
    await expect(requestPromotion(world.services, promoter, prod)).rejects.toMatchObject({ facts: { gate: 'Held' } });

    await world.merge({ id: revert?.id ?? '' });
    expect(await inProd()).toContain(image(2));
    expect(await world.state('prod')).not.toHaveProperty('pending');
    expect((await holds())[0]).toMatchObject({ liftedBy: 'boss' });
    expect((await world.promotions('prod')).find(({ id }) => id === revert?.id)?.phase).toBe('succeeded');
  });

  it('opens a ticket with what changed and how to go back, and closes it with the outcome', async () => {
    const second = await released(2);
    const third = await asked(3);
    await world.drive();

    expect((await tickets()).find(({ id }) => id === third.id)).toMatchObject({
      number: 2,
      title: expect.stringMatching(/^Promote guestbook/),
      fromRelease: second.release,
      openedBy: 'pia',
      rollbackTo: {
        release: second.release,
        command: expect.stringContaining('slipway rollback guestbook prod --to '),
      },
    });
    const { manifestDiff } = (await tickets())[1] ?? {};
    expect(await world.services.content.has(parseDigest(manifestDiff ?? ''))).toBe(true);
    await world.merge(third);
    await world.report('prod');
    expect((await tickets())[1]).toMatchObject({ outcome: 'succeeded', approvals: ['boss'], closedAt: world.now });
  });

  it('lets no automation past a hold or a freeze, and goes on by itself once it is over', async () => {
    const stage = { application: 'guestbook', environment: 'stage' };
    const hold = await addHold(world.services, promoter, { ...stage, reason: 'hands off' });
    await world.provenInQa(2);
    await world.drive();
    expect(await world.promotions('stage')).toEqual([]);

    const freeze = { ...stage, to: new Date(Date.parse(world.now) + 3_600_000).toISOString(), reason: 'year end' };
    await addFreeze(world.services, promoter, freeze);
    await liftHold(world.services, promoter, hold.id);
    const advance = () =>
      world.store.transact(async (tx) => advanceDelivery(tx, await world.state('qa'), world.services.now()));
    await advance();
    expect(await world.promotions('stage')).toEqual([]);

    pass(61);
    await advance();
    await world.drive();
    expect(await world.promotions('stage')).toMatchObject([{ phase: 'running', requestedBy: 'policy' }]);
  });

  it('stops a promotion that a hold overtook, and begins it again when the hold is lifted', async () => {
    await world.provenInQa(2);
    const hold = await addHold(world.services, promoter, {
      application: 'guestbook',
      environment: 'stage',
      reason: 'stop',
    });
    await world.drive();

    expect(await world.promotions('stage')).toMatchObject([{ phase: 'aborted' }]);
    expect((await world.state('stage')).authorised).toBeUndefined();
    await liftHold(world.services, promoter, hold.id);
    await world.store.transact(async (tx) => advanceDelivery(tx, await world.state('qa'), world.services.now()));
    await world.drive();
    expect((await world.promotions('stage')).map(({ phase }) => phase)).toEqual(['aborted', 'running']);
  });

  it('notices that the config repository was rewritten under it', async () => {
    await released(2);
    await released(3);
    await world.repository.updateRef(mainRef, undefined, await world.head());

    await expect(previewRollback(world.services, prod)).rejects.toMatchObject({
      code: 'ROLLBACK_CONFLICT',
      message: expect.stringContaining('rewritten from outside'),
    });
  });
});
