import type { Logger } from 'pino';
import { advanceDelivery, advancePromotions, tellGoneTargets } from '@slipway/delivery';
import { parseBranch, type Repository } from '@slipway/domain';
import { evidenceBranch, signCheckpoint } from '@slipway/evidence';
import { ReconcileHost, type ReconcileResult } from '@slipway/operator';
import { mergeApprovedPromotions, reconcileRefs } from '@slipway/pipeline';
import type { GitRepository } from '@slipway/ports';
import { readLogTree } from './log-tree.ts';
import type { DataSide } from './start-data.ts';
import { serviceSignature, type UseCases } from './use-cases.ts';

/** Origin line of this installation's log. */
export const logOrigin = 'slipway.dev/log';

/** What the server does without being asked: finds pushes, moves on what waited for time, seals the log. */
export interface Upkeep {
  /** A repository may have changed. */
  readonly wakeRepository: (name: string) => void;
  stop(): Promise<void>;
}

const refsEveryMs = 5_000;
const soakEveryMs = 2_000;
const sealEveryMs = 3_000;
const runtimeEveryMs = 2_000;
/** An image is missed long before anybody goes back to it, or a minute later. */
const targetsEveryMs = 60_000;

export interface UpkeepParts {
  readonly cases: UseCases;
  readonly data: DataSide;
  /** Starts the local runtime again when it died; does nothing while it answers. */
  readonly keepRuntime: () => Promise<void>;
  readonly log: Logger;
}

/** Starts the loops; each is level-triggered, so a wake-up that is lost costs only its interval. */
export async function startUpkeep({ cases, data, keepRuntime, log }: UpkeepParts): Promise<Upkeep> {
  const passes: Readonly<Record<string, (name: string) => Promise<ReconcileResult>>> = {
    refs: async (name) => {
      await reconcileRefs(cases.review, name as Repository['id']);
      await mergeApprovedPromotions(cases.review, name as Repository['id']);
      return { kind: 'settled', nextCheckMs: refsEveryMs };
    },
    soak: async () => {
      await advanceAll(cases);
      await advancePromotions(cases.delivery);
      return { kind: 'settled', nextCheckMs: soakEveryMs };
    },
    seal: async () => {
      await sealLog(cases, data);
      return { kind: 'settled', nextCheckMs: sealEveryMs };
    },
    targets: async () => {
      await tellGoneTargets(cases.delivery);
      return { kind: 'settled', nextCheckMs: targetsEveryMs };
    },
    // Never ended half-way: a runtime that is just starting could not be found and stopped.
    runtime: async () => {
      await keepRuntime();
      return { kind: 'settled', nextCheckMs: runtimeEveryMs };
    },
  };
  const host = new ReconcileHost(
    async (key) => {
      const [kind = '', name = ''] = key.split(':');
      const pass = passes[kind];
      return pass === undefined ? { kind: 'settled', nextCheckMs: 60_000 } : pass(name);
    },
    {
      concurrency: 4,
      onPass: ({ key, outcome, error }) =>
        outcome === 'errored' ? log.warn({ key, err: error }, 'upkeep failed') : undefined,
    },
  );
  for (const { value } of await data.store.list('repository')) host.wake(`refs:${value.id}`);
  const unsubscribe = data.store.onChange(({ noun, id }) =>
    noun === 'repository' ? host.wake(`refs:${id}`) : undefined,
  );
  host.wake('soak:all');
  host.wake('seal:all');
  host.wake('targets:all');
  host.wake('runtime:local');
  return {
    wakeRepository: (name) => host.wake(`refs:${name}`),
    async stop() {
      unsubscribe();
      await host.stop();
    },
  };
}

/** Promotions that waited for time (soak) move on when it has passed. */
async function advanceAll(cases: UseCases): Promise<void> {
  const { store, now } = cases.delivery;
  const states = await store.list('desiredState');
  const isWaiting = states.filter(
    ({ value }) =>
      value.authorised !== undefined &&
      states.some(
        (other) =>
          other.value.application === value.application &&
          other.value.order === value.order + 1 &&
          other.value.authorised?.release !== value.authorised?.release,
      ),
  );
  for (const { value } of isWaiting) {
    await store.transact(async (tx) => {
      const state = (await tx.lock('desiredState', value.id))?.value;
      if (state !== undefined) await advanceDelivery(tx, state, now());
    });
  }
}

/**
 * Gives new statements their places in the log, and publishes a signed checkpoint on the evidence branch of every config
 * repository: whoever rewrites the database afterwards is found out by any clone.
 */
export async function sealLog(cases: UseCases, data: DataSide): Promise<void> {
  const size = await data.store.sequence();
  if (size === 0) return;
  const repositories = await data.store.list('repository', { match: { role: 'config' } });
  for (const { value } of repositories) {
    const repository = await cases.delivery.openRepository(value.id);
    const ref = `refs/heads/${parseBranch(evidenceBranch)}`;
    const head = await repository.readRef(ref);
    const known = head === undefined ? undefined : await repository.readFile(head, 'checkpoint');
    const knownSize = known === undefined ? 0 : Number(Buffer.from(known).toString().split('\n')[1]);
    if (knownSize >= size) continue;
    const tree = await readLogTree(data.store, size);
    const note = signCheckpoint({ origin: logOrigin, size, root: tree.rootAt(size) }, data.key.signing.privateKey);
    await publishCheckpoint(repository, { ref, head, note, size, at: cases.delivery.now() });
  }
}

async function publishCheckpoint(
  repository: GitRepository,
  facts: {
    readonly ref: string;
    readonly head: Awaited<ReturnType<GitRepository['readRef']>>;
    readonly note: string;
    readonly size: number;
    readonly at: string;
  },
): Promise<void> {
  const changes = [{ path: 'checkpoint', content: Buffer.from(facts.note) }];
  const message = `evidence: checkpoint of ${facts.size} statements\n`;
  const [commit] = await repository.commitChain(facts.head, [
    { changes, author: serviceSignature, committer: serviceSignature, message, at: facts.at },
  ]);
  if (commit !== undefined) await repository.updateRef(facts.ref, commit, facts.head);
}
