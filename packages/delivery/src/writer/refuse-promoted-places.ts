import { DeliveryError } from '../delivery-error.ts';
import { readDelivery } from '../environments/read-delivery.ts';
import type { EditableTree } from './manifest-edit.ts';

/**
 * Refuses an edit of folders or files that belong to an environment which only promotions write.
 *
 * A repository without a delivery file has no such places.
 *
 * @throws {@link DeliveryError} `PROMOTION_REFUSED` naming the place and the environment.
 */
export async function refusePromotedPlaces(tree: EditableTree, places: readonly string[]): Promise<void> {
  if ((await tree.readFile('slipway.yaml')) === undefined) return;
  const delivery = await readDelivery(tree);
  for (const place of places) {
    const owner = delivery.environments.find(({ path }) => place === path || place.startsWith(`${path}/`));
    if (owner === undefined || delivery.updates.includes(owner.name)) continue;
    throw new DeliveryError(
      'PROMOTION_REFUSED',
      `${place} belongs to environment ${owner.name}, which only promotions write`,
    );
  }
}
