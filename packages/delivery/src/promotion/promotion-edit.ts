import type { EnvironmentDefinition, Promotion, Release } from '@slipway/domain';
import { authorisedFile, printAuthorised, releaseIdOf, renderEnvironment } from '@slipway/manifests';
import type { Renderer } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import { environmentOf, readDelivery } from '../environments/read-delivery.ts';
import { type AppConfigSource, pinAppConfigInFolder, unpinAppConfigInFolder } from '../app-config/pin-in-folder.ts';
import { pinInFolders } from '../writer/image-edits.ts';
import type { EditableTree, EditOutcome } from '../writer/manifest-edit.ts';
import { OverlayTree } from '../writer/overlay-tree.ts';

/**
 * Pins a release in an environment, its app config with it, and names its render in `authorised.yaml`.
 *
 * On whatever head it is applied, the tree must render to exactly this release there.
 *
 * @throws {@link DeliveryError} `RELEASE_SUPERSEDED` when shared files have changed since.
 */
export async function applyPromotion(
  renderer: Renderer,
  tree: EditableTree,
  facts: {
    readonly promotion: Pick<Promotion, 'application' | 'environment'>;
    readonly release: Release;
    readonly appConfig?: AppConfigSource;
  },
): Promise<EditOutcome> {
  const { promotion, release, appConfig } = facts;
  const environment = environmentOf(await readDelivery(tree), promotion.environment);
  const outcomes = [
    await pinInFolders(tree, [environment.path], release.images),
    await (appConfig === undefined
      ? unpinAppConfigInFolder(tree, environment.path)
      : pinAppConfigInFolder(tree, environment.path, appConfig)),
  ];
  const changes = outcomes.flatMap((outcome) => (outcome.kind === 'changes' ? outcome.changes : []));
  const rendered = await renderEnvironment(renderer, new OverlayTree(tree, changes), environment);
  if (releaseIdOf(promotion.application, rendered) !== release.id) {
    throw new DeliveryError(
      'RELEASE_SUPERSEDED',
      `Environment ${environment.name} no longer renders to release ${release.id.slice(7, 19)}`,
    );
  }
  const text = printAuthorised({ release: release.id, renderDigest: rendered.renderDigest });
  const path = `${environment.path}/${authorisedFile}`;
  const known = await tree.readFile(path);
  if (known !== undefined && Buffer.from(known).toString() === text && changes.length === 0) return { kind: 'nothing' };
  return { kind: 'changes', changes: [...changes, { path, content: Buffer.from(text) }] };
}

/** Where a promotion of an environment is looked at, for people. */
export function promotionTitle(promotion: Promotion, environment: Pick<EnvironmentDefinition, 'name'>): string {
  const verb = promotion.kind === 'rollback' ? 'Roll back' : 'Promote';
  return `${verb} ${promotion.application} ${promotion.release.slice(7, 19)} to ${environment.name}`;
}
