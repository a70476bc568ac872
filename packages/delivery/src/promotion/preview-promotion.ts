import type { DesiredState, Digest, UnmetGate } from '@slipway/domain';
import { diffRenders, renderEnvironment, treeAt } from '@slipway/manifests';
import { appConfigOfRelease } from '../app-config/app-config-of-release.ts';
import { refusePlace } from '../environments/known-environment.ts';
import type { DeliveryServices } from '../services.ts';
import { OverlayTree } from '../writer/overlay-tree.ts';
import { explainApplication } from './explain.ts';
import { applyPromotion } from './promotion-edit.ts';

/** What a promotion would bring, before anybody asks for it. */
export interface PromotionPreview {
  readonly desired: DesiredState;
  readonly release?: Digest;
  /** Gates that it would not meet now; those that only wait included. */
  readonly unmet: readonly UnmetGate[];
  /** Unified, of what the environment renders to. */
  readonly renderedDiff: string;
}

/** @throws {@link DeliveryError} `PROMOTION_UNKNOWN`; `RELEASE_SUPERSEDED` when shared files have changed since. */
export async function previewPromotion(
  services: DeliveryServices,
  asked: { readonly application: string; readonly environment: string },
): Promise<PromotionPreview> {
  const explained = await explainApplication(services.store, asked.application, services.now());
  const index = explained.findIndex((one) => one.desired.environment === asked.environment);
  const own = explained[index];
  if (own === undefined) return refusePlace(asked);
  const { desired, unmet } = own;
  const id = explained[index - 1]?.desired.authorised?.release;
  const release = id === undefined ? undefined : (await services.store.get('release', id))?.value;
  const repository = await services.openRepository(desired.repository);
  const head = await repository.readRef(`refs/heads/${desired.branch}`);
  if (release === undefined || head === undefined) return { desired, unmet, renderedDiff: '' };
  const tree = treeAt(repository, head);
  const promotion = { application: desired.application, environment: desired.environment };
  const appConfig = await appConfigOfRelease(services, promotion, release);
  const outcome = await applyPromotion(services.renderer, tree, { promotion, release, ...appConfig });
  const after = outcome.kind === 'changes' ? new OverlayTree(tree, outcome.changes) : tree;
  const next = await renderEnvironment(services.renderer, after, desired.definition);
  const revision = desired.authorised?.revision;
  const before =
    revision === undefined
      ? undefined
      : await renderEnvironment(services.renderer, treeAt(repository, revision), desired.definition);
  return { desired, release: release.id, unmet, renderedDiff: diffRenders(before?.text ?? '', next.text) };
}
