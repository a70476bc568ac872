import { type DesiredState, shortDigest } from '@slipway/domain';
import { notify } from '@slipway/ports';
import type { DeliveryServices } from '../services.ts';
import { findTargets, previousTarget } from './find-targets.ts';

/** Releases looked at to find the one that a rollback would go back to. */
const mostReleases = 10;

/**
 * Tells, once, that a protected environment could not go back: the registry has lost an image of what ran there before. Said while
 * all is well, for whoever needs the rollback has no time to build it again. Safe to repeat.
 */
export async function tellGoneTargets(services: DeliveryServices): Promise<void> {
  for (const { value } of await services.store.list('desiredState')) {
    if (value.definition.class === 'protected') await tellOf(services, value);
  }
}

async function tellOf(services: DeliveryServices, desired: DesiredState): Promise<void> {
  const { application, environment } = desired;
  const target = previousTarget(await findTargets(services.store, services.hasImage, desired, mostReleases));
  if (target === undefined || target.missingImages.length === 0) return;
  const id = `rollback-target/${target.deployment}/${target.missingImages.join('+')}`;
  const release = shortDigest(target.release);
  await services.store.transact((tx) =>
    notify(tx, {
      id,
      kind: 'failure',
      audience: { kind: 'role', role: 'promoter' },
      subject: `Environment ${environment} of ${application} could not go back: an image is gone`,
      body: [
        `A rollback would go back to release ${release}, and the registry no longer has ${target.missingImages.join(', ')}.`,
        `Push that image again while there is time, or know another way back: slipway release list ${application} ${environment}`,
      ].join('\n'),
      link: `/environments/${application}/${environment}/rollback`,
      about: `environment/${application}/${environment}`,
      createdAt: services.now(),
    }),
  );
}
