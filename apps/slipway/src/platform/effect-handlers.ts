import {
  carryPromotion,
  observeConfig,
  measureEffect,
  observeEffect,
  pinAppConfig,
  promoteEffect,
  promotionErrored,
  runVerification,
  finishVerification,
  settlePromotion,
  verifyEffect,
} from '@slipway/delivery';
import { type CommitId, type Name } from '@slipway/domain';
import type { EffectFailure, EffectHandler } from '@slipway/engine';
import {
  bakeAppConfig,
  bakeAppConfigEffect,
  executeStage,
  mergeRefreshedPromotion,
  refreshKind,
  refreshPullRequest,
  runEndedEffect,
  stageEffect,
  stageErrored,
} from '@slipway/pipeline';
import { appConfigMovedEffect, notify, notifyEffect, promotionMergedEffect } from '@slipway/ports';
import type { UseCases } from './use-cases.ts';
import { measureDeployment } from './measure-deployment.ts';
import { settleRunEnd } from './settle-run-end.ts';

/** Slots of one server: heavy work in places of its own, so that a short effect never waits behind a build. */
export const effectQueues = {
  stages: { concurrency: 3 },
  verifications: { concurrency: 2 },
  writes: { concurrency: 16 },
} as const;

type Payload = Readonly<Record<string, unknown>>;

/** What carries out each kind of effect. `useCases` is there once the server is composed; effects of an earlier life wait for it. */
export function makeEffectHandlers(useCases: Promise<UseCases>): Readonly<Record<string, EffectHandler>> {
  const onWrites = (
    run: (cases: UseCases, payload: Payload, signal: AbortSignal) => Promise<void>,
    failed: (
      cases: UseCases,
      payload: Payload,
      failure: EffectFailure & { readonly key: string },
    ) => Promise<void> = tellFailure,
  ): EffectHandler => ({
    queue: 'writes',
    run: async (payload, context) => run(await useCases, payload, context.signal),
    failed: async (payload, failure, { key }) => failed(await useCases, payload, { ...failure, key }),
  });
  return {
    [stageEffect]: {
      queue: 'stages',
      run: async (payload, { signal }) => executeStage((await useCases).pipeline, attemptOf(payload), signal),
      failed: async (payload, failure) =>
        stageErrored((await useCases).pipeline, attemptOf(payload), new Error(failure.message)),
    },
    [verifyEffect]: verifications(useCases),
    [runEndedEffect]: onWrites((cases, payload) => settleRunEnd(cases, String(payload['run']))),
    // What waits and until when stands in rows; the effect only says that there is something.
    [notifyEffect]: onWrites((cases, payload) => {
      cases.channels.wake(String(payload['channel']));
      return Promise.resolve();
    }),
    [measureEffect]: onWrites((cases, payload) => measureDeployment(cases, String(payload['deployment']))),
    [refreshKind]: onWrites(async (cases, payload) => {
      const id = String(payload['pullRequest']);
      await refreshPullRequest(cases.review, id);
      await mergeRefreshedPromotion(cases.review, id);
    }),
    [observeEffect]: onWrites((cases, payload) => observeConfig(cases.delivery, payload['repository'] as Name)),
    [appConfigMovedEffect]: onWrites((cases, payload) =>
      pinAppConfig(cases.delivery, {
        repository: payload['repository'] as Name,
        commit: payload['commit'] as CommitId,
      }),
    ),
    [bakeAppConfigEffect]: onWrites((cases, payload) => bakeAppConfig(cases.review, payload['repository'] as Name)),
    [promoteEffect]: onWrites(
      (cases, payload) => carryPromotion(cases.delivery, String(payload['promotion'])),
      (cases, payload, failure) =>
        promotionErrored(cases.delivery, String(payload['promotion']), new Error(failure.message)),
    ),
    [promotionMergedEffect]: onWrites(
      (cases, payload) =>
        settlePromotion(cases.delivery, String(payload['promotion']), {
          commit: payload['commit'] as CommitId,
          approvals: payload['approvals'] as readonly string[],
          reviews: payload['reviews'] as readonly string[],
        }),
      (cases, payload, failure) =>
        promotionErrored(cases.delivery, String(payload['promotion']), new Error(failure.message)),
    ),
  };
}

/** Runs somebody's checks; they have a queue of their own. */
function verifications(useCases: Promise<UseCases>): EffectHandler {
  return {
    queue: 'verifications',
    run: async (payload, { signal }) => runVerification((await useCases).delivery, verificationOf(payload), signal),
    failed: async (payload, failure) =>
      finishVerification((await useCases).delivery, verificationOf(payload), {
        phase: 'errored',
        message: failure.message,
      }),
  };
}

function attemptOf(payload: Payload): { readonly stage: string; readonly attempt: number } {
  return { stage: String(payload['stage']), attempt: Number(payload['attempt']) };
}

function verificationOf(payload: Payload): { readonly verification: string; readonly attempt: number } {
  return { verification: String(payload['verification']), attempt: Number(payload['attempt']) };
}

/** An effect that nobody waits for was given up: administrators hear of it. */
async function tellFailure(
  cases: UseCases,
  payload: Payload,
  failure: EffectFailure & { readonly key: string },
): Promise<void> {
  const { code, message, key } = failure;
  cases.log.error({ code, key, payload, reason: message }, 'effect given up');
  const { store, now } = cases.pipeline;
  await store.transact((tx) =>
    notify(tx, {
      id: `effect/${key}`,
      kind: 'failure',
      audience: { kind: 'role', role: 'admin' },
      subject: `Slipway gave up on ${key}`,
      body: `${code}: ${message}`,
      link: '/inbox',
      about: `effect/${key}`,
      createdAt: now(),
    }),
  );
}
