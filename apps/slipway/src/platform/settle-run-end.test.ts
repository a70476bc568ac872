import {
  type Conclusion,
  contentDigest,
  parseBranch,
  parseCommitId,
  parseName,
  type PipelineRun,
} from '@slipway/domain';
import { plainSigner } from '@slipway/ports/contract';
import { createStore, type OpenStore } from '@slipway/store';
import { EffectLog, startThrowawayDatabase, type ThrowawayDatabase, unreached } from '@slipway/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settleRunEnd } from './settle-run-end.ts';
import type { UseCases } from './use-cases.ts';

const commit = parseCommitId('a'.repeat(40));
const at = (minute: number): string => `2026-01-02T00:${String(minute).padStart(2, '0')}:00.000Z`;

describe('settleRunEnd', () => {
  let database: ThrowawayDatabase;
  let store: OpenStore;
  beforeAll(async () => {
    database = await startThrowawayDatabase();
    store = await createStore({ url: database.url, signer: plainSigner, effects: new EffectLog(), clock: () => at(0) });
    for (const id of ['ada', 'ben'])
      await store.transact((tx) =>
        tx.put('account', id, {
          id,
          displayName: id,
          kind: 'person',
          roles: ['developer'],
          verifiedEmails: [],
          isDisabled: false,
          createdAt: at(0),
        }),
      );
  });
  afterAll(async () => {
    await store.close();
    await database.stop();
  });

  /** Ends a run that was begun in that minute, twice, as a crash would. */
  async function end(minute: number, conclusion: Conclusion, pusher: string, branch = 'main'): Promise<void> {
    const id = `run-${branch}-${minute}`;
    const change = `web@${branch}-${minute}`;
    const author = { name: pusher, email: `${pusher}@example.test` };
    const place = { repository: parseName('web'), branch: parseBranch(branch) };
    const definition = { name: parseName('ci'), stages: [] };
    const run: PipelineRun = {
      id,
      repository: place.repository,
      pipeline: definition.name,
      commit,
      tree: commit,
      change,
      author,
      trigger: { kind: 'push', branch: place.branch },
      trust: 'trusted',
      definition,
      definitionDigest: contentDigest(definition),
      phase: 'finished',
      conclusion,
      createdAt: at(minute),
      finishedAt: at(minute + 10),
    };
    const about = { commit, tree: commit, subject: 'x', author, pusher, createdAt: at(minute) };
    await store.transact(async (tx) => {
      await tx.put('change', change, { id: change, ...place, ...about });
      await tx.put('pipelineRun', id, run);
    });
    const metrics = { write: () => Promise.resolve(), query: () => Promise.resolve([]) };
    const cases: UseCases = {
      ...{ review: unreached('review'), delivery: unreached('delivery'), log: unreached('log') },
      channels: { wake: () => undefined },
      pipeline: Object.assign(Object.create(null) as UseCases['pipeline'], { store, metrics }),
    };
    for (let time = 0; time < 2; time += 1) await settleRunEnd(cases, id);
  }

  const told = async (branch: string): Promise<readonly string[]> =>
    (await store.list('inboxItem'))
      .filter(({ value }) => value.link.startsWith(`/runs/run-${branch}-`))
      .map(({ value }) => `${value.account}: ${value.subject}`);

  it('tells of each failure and once of the recovery, of success and of what was cancelled nobody', async () => {
    await end(1, 'success', 'ada');
    await end(2, 'failure', 'ada');
    await end(3, 'cancelled', 'ada');
    await end(4, 'timed_out', 'ben');
    await end(5, 'success', 'ben');
    await end(6, 'success', 'ada');

    expect(await told('main')).toEqual(['ada: ci failed', 'ben: ci failed', 'ada: ci recovered', 'ben: ci recovered']);
  });

  it('lets the slow run of an older commit end no newer success', async () => {
    await end(2, 'success', 'ada', 'late');
    await end(1, 'failure', 'ada', 'late');
    await end(3, 'success', 'ada', 'late');

    expect(await told('late')).toEqual(['ada: ci failed']);
  });
});
