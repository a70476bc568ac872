import { parseName } from '@slipway/domain';
import { printAuthorised } from '@slipway/manifests';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mainRef } from '../../test-support/config-repository.ts';
import {
  base,
  deliveryFile,
  type DeliveryWorld,
  type DeliveryWorlds,
  image,
  openDeliveryWorlds,
  overlay,
  promoter,
} from '../../test-support/delivery-world.ts';

describe('observeConfig', () => {
  let worlds: DeliveryWorlds;
  let world: DeliveryWorld;
  beforeAll(async () => {
    worlds = await openDeliveryWorlds();
  });
  afterAll(() => worlds.close());
  beforeEach(async () => {
    world = await worlds.open();
  });

  it('authorises the entry environment, and leaves those behind it to promotions', async () => {
    await world.observe();

    const [qa, stage, prod] = [await world.state('qa'), await world.state('stage'), await world.state('prod')];
    expect(qa.authorised).toMatchObject({ revision: await world.head(), renderDigest: qa.renderDigest });
    expect(qa.pending).toBeUndefined();
    for (const one of [stage, prod]) {
      expect(one.authorised).toBeUndefined();
      expect(one.pending?.reason).toBe(
        'The branch changed what this environment renders to; a promotion brings it in.',
      );
    }
    const [kept] = await world.store.statements({ ids: [qa.authorised?.statement ?? ''] });
    expect(kept?.kind).toBe('authorisation');
    expect((await world.store.get('release', qa.authorised?.release ?? ''))?.value.images).toMatchObject([
      { name: 'web', digest: image(1) },
    ]);
  });

  it.each([
    ['is not pinned', overlay('qa'), 'registry.test/web:t0'],
    ['comes from a registry nobody listed', overlay('qa', 2).replace('registry.test', 'evil.test'), 'evil.test/web@'],
    [
      'only begins like a listed one',
      overlay('qa', 2).replace('registry.test', 'registry.test.evil.test'),
      'evil.test',
    ],
  ])('authorises nothing where an image %s', async (_what, text, named) => {
    await world.observe();
    const before = (await world.state('qa')).authorised;

    await world.pushAndObserve({ 'overlays/qa/kustomization.yaml': text });

    const { authorised, pending } = await world.state('qa');
    expect(authorised).toEqual(before);
    expect(pending?.reason).toContain(named);
  });

  it('takes a direct push to an environment for pending, whoever pushed it', async () => {
    await world.observe();
    await world.pushAndObserve({ 'overlays/prod/kustomization.yaml': overlay('prod', 2) });

    const prod = await world.state('prod');
    expect(prod.authorised).toBeUndefined();
    expect(prod.pending).toMatchObject({ revision: await world.head(), renderDigest: prod.renderDigest });
  });

  it('takes an authorised.yaml that no promotion wrote for pending', async () => {
    await world.observe();
    const { release, renderDigest } = await world.state('prod');
    if (release === undefined || renderDigest === undefined) throw new Error('prod did not render');

    await world.pushAndObserve({ 'overlays/prod/authorised.yaml': printAuthorised({ release, renderDigest }) });

    const prod = await world.state('prod');
    expect(prod.authorised).toBeUndefined();
    expect(prod.pending?.reason).toBe('Its authorised.yaml was not written by a promotion.');
  });

  it('lets in what a promotion committed, and links to what proved it', async () => {
    await world.observe();
    await world.provenInQa(2);
    await world.drive();

    const stage = await world.state('stage');
    expect(stage.authorised).toMatchObject({
      revision: await world.head(),
      release: (await world.state('qa')).release,
    });
    expect(stage.pending).toBeUndefined();
    const [kept] = await world.store.statements({ ids: [stage.authorised?.statement ?? ''] });
    const { payload } = JSON.parse(kept?.envelope ?? '{}') as { readonly payload: string };
    const [promotion] = await world.promotions('stage');
    expect(JSON.parse(Buffer.from(payload, 'base64').toString())).toMatchObject({
      predicate: { rule: 'Promotion', promotion: promotion?.id, links: [{ id: `promotion/${promotion?.id ?? ''}` }] },
    });
  });

  it('keeps what runs under a broken delivery file, says what is wrong, and goes on once it is mended', async () => {
    await world.observe();
    const before = (await world.state('qa')).authorised;

    await world.pushAndObserve({
      'slipway.yaml': deliveryFile.replace('registries: [registry.test]', 'registries: 7'),
    });
    const broken = await world.state('qa');
    expect(broken.authorised).toEqual(before);
    expect(broken.fault).toContain('registries');

    await world.pushAndObserve({ 'slipway.yaml': deliveryFile });
    expect((await world.state('qa')).fault).toBeUndefined();
  });

  it('keeps what runs where an environment does not render, and the others go on', async () => {
    await world.observe();
    const before = (await world.state('qa')).authorised;

    await world.pushAndObserve({
      'overlays/qa/kustomization.yaml': 'resources: [../../base, missing.yaml]\n',
      'overlays/stage/kustomization.yaml': overlay('stage', 3),
    });

    expect(await world.state('qa')).toMatchObject({
      authorised: before,
      fault: expect.stringContaining('missing.yaml'),
    });
    expect((await world.state('stage')).pending?.revision).toBe(await world.head());
  });

  it('tells who pushed it, once, and once that it is mended', async () => {
    await world.observe();
    await world.store.transact((tx) => tx.put('account', promoter.id, promoter));
    const told = async () => (await world.store.list('notification')).map(({ value }) => value);
    const push = async (text: string): Promise<void> => {
      const after = await world.push({ 'overlays/qa/kustomization.yaml': text });
      const record = { repository: parseName('config'), ref: mainRef, after, account: promoter.id, at: world.now };
      await world.store.transact((tx) =>
        tx.put('push', `config/${mainRef}/${after}`, { id: `config/${mainRef}/${after}`, ...record }),
      );
    };

    await push('resources: [../../base, missing.yaml]\n');
    await world.observe();
    await world.observe();

    const subject = 'guestbook in environment qa cannot be read from its branch';
    expect(await told()).toMatchObject([{ kind: 'failure', subject, recipients: ['pia'] }]);
    expect((await told())[0]?.body).toContain('missing.yaml');

    await push(overlay('qa', 1));
    await world.observe();

    expect(await told()).toMatchObject([{ kind: 'failure' }, { kind: 'recovery', recipients: ['pia'] }]);
  });

  it('makes another release of the same image when a file that environments share has changed', async () => {
    await world.observe();
    const before = await world.state('qa');

    await world.pushAndObserve({ 'base/web.yaml': base['base/web.yaml'].replace('spec:\n', 'spec:\n  replicas: 2\n') });

    const after = await world.state('qa');
    expect(after.authorised?.release).not.toBe(before.authorised?.release);
    expect(after.authorised?.revision).toBe(await world.head());
    expect((await world.state('prod')).pending?.revision).toBe(await world.head());
  });

  it('costs nothing when a commit touches nothing that is rendered', async () => {
    await world.observe();
    const before = await world.state('qa');

    await world.pushAndObserve({ 'docs/notes.md': 'Nothing to see.\n' });
    await world.observe();

    const after = await world.state('qa');
    expect(after.authorised).toEqual(before.authorised);
    expect(after.head).toBe(await world.head());
  });

  it('never lets a look at an older head undo what a newer one settled', async () => {
    await world.observe();
    await world.push({ 'overlays/qa/kustomization.yaml': overlay('qa', 2) });
    let hasMoved = false;
    world.onRender = async () => {
      if (hasMoved) return;
      hasMoved = true;
      await world.pushAndObserve({ 'overlays/qa/kustomization.yaml': overlay('qa', 3) });
    };

    await world.observe();

    expect(hasMoved).toBe(true);
    const { authorised, head } = await world.state('qa');
    expect([head, authorised?.revision]).toEqual([await world.head(), await world.head()]);
    const release = (await world.store.get('release', authorised?.release ?? ''))?.value;
    expect(release?.images[0]?.digest).toBe(image(3));
  });

  it('gives the same end when it is repeated', async () => {
    await world.observe();
    const before = [await world.state('qa'), await world.state('prod'), await world.store.sequence()];
    await world.observe();

    expect([await world.state('qa'), await world.state('prod'), await world.store.sequence()]).toEqual(before);
  });
});
