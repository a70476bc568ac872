import type { Account, EvidenceStatement } from '@slipway/domain';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatementSigner, Store, StoreTransaction } from '../store.ts';

/** A store with nothing in it. */
export interface StoreUnderTest {
  /** Made with {@link plainSigner}. */
  readonly store: Store;
  /** Another replica's, on the same data. */
  readonly replica: Store;
  /** Keys of the effects that committed, each as often as it would run. */
  enqueued(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A signer whose envelope is readable, and no proof of anything. */
export const plainSigner: StatementSigner = {
  sign: (statement, links, at) => {
    const envelope = JSON.stringify({ id: statement.id, links, at });
    return { envelope, payloadDigest: `sha256:${createHash('sha256').update(envelope).digest('hex')}` };
  },
};

/** What every {@link Store} keeps to. Each test has ids of its own. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest;

    beforeAll(async () => {
      under = await make();
    });

    afterAll(async () => {
      await under.close();
    });

    recordsKeepTheirContent(() => under);
    transactionsAreWhole(() => under);
    racesLoseNothing(() => under);
    statementsFormOneLog(() => under);
    changesAreTold(() => under);
  });
}

type Under = () => StoreUnderTest;

function recordsKeepTheirContent(under: Under): void {
  it('keeps a record under any id, counts its writes, and forgets it when it is removed', async () => {
    const { store } = under();
    const id = 'it\'s "quoted" %_\\ ü 🚢 /#é';
    expect(await store.get('account', id)).toBeUndefined();

    await store.transact((tx) => tx.put('account', id, account(id, ['a@x'])));
    const first = await store.get('account', id);
    await store.transact((tx) => tx.put('account', id, account(id, ['b@x'])));
    const second = await store.get('account', id);
    await store.transact((tx) => tx.remove('account', id));

    expect(first).toMatchObject({ version: 1, value: account(id, ['a@x']) });
    expect(second).toMatchObject({ version: 2, value: account(id, ['b@x']) });
    expect(Date.parse(second?.updatedAt ?? '')).not.toBeNaN();
    expect(await store.get('account', id)).toBeUndefined();
    expect(await store.get('promotion', id)).toBeUndefined();
  });

  it('lists what contains the match, by creation whatever is written later', async () => {
    const { store } = under();
    const ids = ['list-c', 'list-a', 'list-b'];
    for (const id of ids) await store.transact((tx) => tx.put('account', id, account(id, ['team@list', `${id}@list`])));
    await store.transact((tx) => tx.put('account', 'list-c', account('list-c', ['team@list', 'later@list'])));
    const match = { verifiedEmails: ['team@list'] };

    const oldest = await store.list('account', { match });
    const newest = await store.list('account', { match, newestFirst: true, limit: 2 });
    const one = await store.list('account', { match: { id: 'list-a', verifiedEmails: ['list-a@list'] } });

    expect(oldest.map((found) => found.value.id)).toEqual(ids);
    expect(newest.map((found) => found.value.id)).toEqual(['list-b', 'list-a']);
    expect(one.map((found) => found.value.id)).toEqual(['list-a']);
    expect(await store.list('account', { match: { id: 'list-a', kind: 'service' } })).toEqual([]);
    expect(await store.list('account', { match: { id: "x' OR true --" } })).toEqual([]);
  });
}

function transactionsAreWhole(under: Under): void {
  it('leaves nothing of a transaction that throws: no record, statement, effect or notice', async () => {
    const { store } = under();
    const told: string[] = [];
    const unsubscribe = store.onChange((change) => told.push(change.id));
    const fault = new Error('the work says no');

    const failing = store.transact(async (tx) => {
      await tx.put('account', 'rolled-back', account('rolled-back', []));
      await tx.record(statement('rolled-back', []));
      await tx.effect({ kind: 'note', key: 'rolled-back', payload: {} });
      expect(await tx.get('account', 'rolled-back')).toMatchObject({ version: 1 });
      throw fault;
    });

    await expect(failing).rejects.toBe(fault);
    await sleep(30);
    unsubscribe();
    expect(await store.get('account', 'rolled-back')).toBeUndefined();
    expect(await store.statements({ ids: ['rolled-back'] })).toEqual([]);
    expect(await under().enqueued()).not.toContain('rolled-back');
    expect(told).toEqual([]);
  });

  it('commits a record, its statement and its effect together, and returns what the work returned', async () => {
    const { store, replica } = under();

    const returned = await store.transact(async (tx) => {
      await tx.put('account', 'whole', account('whole', []));
      await tx.record(statement('whole', []));
      await tx.effect({ kind: 'note', key: 'whole', payload: { a: 1 } });
      return 42;
    });

    expect(returned).toBe(42);
    expect(await replica.get('account', 'whole')).toMatchObject({ version: 1 });
    expect(await replica.statements({ ids: ['whole'] })).toMatchObject([{ id: 'whole', kind: 'change' }]);
    expect(await under().enqueued()).toContain('whole');
  });

  it('makes one effect of a key, however often it is enqueued', async () => {
    const enqueue = (): Promise<void> =>
      under().store.transact((tx) => tx.effect({ kind: 'note', key: 'same-key', payload: {} }));

    await enqueue();
    await Promise.all([enqueue(), enqueue()]);

    expect((await under().enqueued()).filter((key) => key === 'same-key')).toEqual(['same-key']);
  });

  it('lets calls of one transaction overlap, and refuses those after its end', async () => {
    const kept: StoreTransaction[] = [];
    const ids = Array.from({ length: 10 }, (_, index) => `overlap-${index}`);

    await under().store.transact(async (tx) => {
      kept.push(tx);
      await Promise.all(ids.map((id) => tx.put('account', id, account(id, ['overlap']))));
    });

    expect(await under().store.list('account', { match: { verifiedEmails: ['overlap'] } })).toHaveLength(10);
    await expect(kept[0]?.get('account', 'overlap-0')).rejects.toThrow();
  });
}

function racesLoseNothing(under: Under): void {
  it.each(['lock', 'get'] as const)('loses none of 200 concurrent transitions that read by %s', async (read) => {
    const { store, replica } = under();
    const id = `race-${read}`;
    await store.transact((tx) => tx.put('account', id, account(id, [])));
    const append = (tx: StoreTransaction, entry: string): Promise<void> =>
      tx[read]('account', id).then((found) =>
        tx.put('account', id, account(id, [...(found?.value.verifiedEmails ?? []), entry])),
      );

    const entries = Array.from({ length: 200 }, (_, index) => `entry-${index}`);
    await Promise.all(
      entries.map((entry, index) => (index % 2 === 0 ? store : replica).transact((tx) => append(tx, entry))),
    );

    const found = await store.get('account', id);
    expect([...(found?.value.verifiedEmails ?? [])].sort()).toEqual([...entries].sort());
    expect(found?.version).toBe(201);
  });

  it('loses nothing when many find a record absent and create it', async () => {
    const { store, replica } = under();
    const entries = Array.from({ length: 20 }, (_, index) => `creator-${index}`);

    await Promise.all(
      entries.map((entry, index) =>
        (index % 2 === 0 ? store : replica).transact(async (tx) => {
          const found = await tx.get('account', 'created');
          await tx.put('account', 'created', account('created', [...(found?.value.verifiedEmails ?? []), entry]));
        }),
      ),
    );

    const found = await store.get('account', 'created');
    expect([...(found?.value.verifiedEmails ?? [])].sort()).toEqual([...entries].sort());
  });

  it('lets a decision stand only on what is still true when it commits', async () => {
    const { store, replica } = under();
    const pair = ['on-call-a', 'on-call-b'] as const;
    await store.transact(async (tx) => {
      for (const id of pair) await tx.put('account', id, account(id, []));
    });
    // Each leaves only if the other stays; both read before either writes.
    const leave = (from: Store, id: string): Promise<void> =>
      from.transact(async (tx) => {
        const found = [await tx.get('account', pair[0]), await tx.get('account', pair[1])];
        await sleep(20);
        if (found.filter((each) => each?.value.isDisabled === false).length < 2) return;
        await tx.put('account', id, { ...account(id, []), isDisabled: true });
      });

    await Promise.all([leave(store, pair[0]), leave(replica, pair[1])]);

    const left = await Promise.all(pair.map((id) => store.get('account', id)));
    expect(left.filter((each) => each?.value.isDisabled === true)).toHaveLength(1);
  });

  it('ends a deadlock by repeating one side', async () => {
    const { store, replica } = under();
    const [a, b] = ['deadlock-a', 'deadlock-b'];
    await store.transact(async (tx) => {
      for (const id of [a, b]) await tx.put('account', id, account(id, []));
    });
    const lockBoth = (from: Store, first: string, second: string): Promise<void> =>
      from.transact(async (tx) => {
        await tx.lock('account', first);
        await sleep(50);
        const found = await tx.lock('account', second);
        await tx.put('account', second, account(second, [...(found?.value.verifiedEmails ?? []), first]));
      });

    await Promise.all([lockBoth(store, a, b), lockBoth(replica, b, a)]);

    expect((await store.get('account', a))?.value.verifiedEmails).toEqual([b]);
    expect((await store.get('account', b))?.value.verifiedEmails).toEqual([a]);
  });

  it('lets one at a time hold a name', async () => {
    let inside = 0;
    let most = 0;
    const enter = (store: Store): Promise<void> =>
      store.transact(async (tx) => {
        await tx.lockName('one-name');
        inside += 1;
        most = Math.max(most, inside);
        await sleep(5);
        inside -= 1;
      });

    await Promise.all(
      Array.from({ length: 10 }, (_, index) => enter(index % 2 === 0 ? under().store : under().replica)),
    );

    expect(most).toBe(1);
  });
}

function statementsFormOneLog(under: Under): void {
  it('keeps a statement once, with the digests of those it rests on', async () => {
    const { store, replica } = under();
    await store.transact((tx) => tx.record(statement('rests-on', [])));
    const record = (from: Store): Promise<void> => from.transact((tx) => tx.record(statement('upper', ['rests-on'])));

    await Promise.all([record(store), record(replica)]);
    const [lower] = await store.statements({ ids: ['rests-on'] });
    const [upper, ...more] = await store.statements({ ids: ['upper'] });
    await record(store);

    expect(more).toEqual([]);
    expect(JSON.parse(upper?.envelope ?? '')).toMatchObject({
      links: [{ id: 'rests-on', digest: lower?.payloadDigest }],
    });
    expect(await store.statements({ ids: ['upper'] })).toEqual([upper]);
  });

  it('refuses a statement that links to an unknown one, with all of its transaction', async () => {
    const refused = under().store.transact(async (tx) => {
      await tx.put('account', 'unlinked', account('unlinked', []));
      await tx.record(statement('unlinked', ['never-recorded']));
    });

    await expect(refused).rejects.toMatchObject({ name: 'InvariantError' });
    expect(await under().store.get('account', 'unlinked')).toBeUndefined();
  });

  it('gives indexes without a gap while statements are recorded on two replicas, and keeps them', async () => {
    const { store, replica } = under();
    const before = await store.sequence();
    const ids = Array.from({ length: 60 }, (_, index) => `logged-${index}`);

    await Promise.all(
      ids.map(async (id, index) => {
        const from = index % 2 === 0 ? store : replica;
        await from.transact((tx) => tx.record(statement(id, [])));
        await (index % 3 === 0 ? store : replica).sequence();
      }),
    );
    const size = await store.sequence();
    const log = await store.statements({ from: 0, limit: 10_000 });

    expect(size).toBe(before + ids.length);
    expect(log.map((kept) => kept.index)).toEqual(Array.from({ length: size }, (_, index) => index));
    expect(new Set(log.map((kept) => kept.id)).size).toBe(size);
    expect(await store.leafHashes(0, 10_000)).toEqual(log.map((kept) => leafOf(kept.envelope)));
    expect(await store.leafHashes(size - 2, 1)).toEqual([leafOf(log[size - 2]?.envelope ?? '')]);
    expect(await replica.sequence()).toBe(size);
  });

  it('indexes in order of recording, and shows no index before', async () => {
    const { store } = under();
    const before = await store.sequence();
    for (const id of ['in-order-b', 'in-order-a']) await store.transact((tx) => tx.record(statement(id, [])));
    expect((await store.statements({ ids: ['in-order-a'] }))[0]).not.toHaveProperty('index');

    await store.sequence();

    const log = await store.statements({ from: before, limit: 2 });
    expect(log.map((kept) => kept.id)).toEqual(['in-order-b', 'in-order-a']);
  });
}

function changesAreTold(under: Under): void {
  it('tells listeners here and on other replicas once it is committed, and not after they left', async () => {
    const { store, replica } = under();
    const here: string[] = [];
    const there: string[] = [];
    const leave = [
      store.onChange(({ noun, id }) => here.push(`${noun}:${id}`)),
      replica.onChange(({ noun, id }) => there.push(`${noun}:${id}`)),
    ];
    let toldInside = -1;

    await store.transact(async (tx) => {
      await tx.put('account', 'told:1', account('told:1', []));
      await tx.put('account', 'told:1', account('told:1', ['twice']));
      await tx.put('account', 'told "2"', account('told "2"', []));
      toldInside = here.length + there.length;
    });
    const toldHere = [...here];
    await until(() => there.length >= 2);
    for (const each of leave) each();
    await store.transact((tx) => tx.remove('account', 'told:1'));
    await sleep(50);

    expect(toldInside).toBe(0);
    expect(toldHere).toEqual(['account:told:1', 'account:told "2"']);
    expect(here).toEqual(toldHere);
    expect(there).toEqual(toldHere);
  });
}

function account(id: string, verifiedEmails: readonly string[]): Account {
  const createdAt = '2026-01-01T00:00:00.000Z';
  return { id, displayName: id, kind: 'person', roles: ['viewer'], verifiedEmails, isDisabled: false, createdAt };
}

function statement(id: string, links: readonly string[]): EvidenceStatement {
  return { id, kind: 'change', subjects: [{ name: id, digest: { sha256: 'ab' } }], predicate: { id }, links };
}

/** @see RFC 9162, section 2.1.1. */
function leafOf(envelope: string): string {
  return createHash('sha256').update(Uint8Array.of(0)).update(envelope).digest('hex');
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('it did not happen in time');
    await sleep(3);
  }
}
