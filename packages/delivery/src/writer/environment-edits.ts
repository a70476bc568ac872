import type { DeliveryDefinition, ImagePin, Name } from '@slipway/domain';
import { DeliveryError } from '../delivery-error.ts';
import { environmentOf } from '../environments/read-delivery.ts';
import { pinInFolders } from './image-edits.ts';
import type { EditableTree, EditOutcome } from './manifest-edit.ts';

/** Pins images in environments that builds may write. */
export function pinInEnvironments(
  tree: EditableTree,
  delivery: DeliveryDefinition,
  request: { readonly environments: readonly Name[]; readonly pins: readonly ImagePin[] },
): Promise<EditOutcome> {
  const refused = request.environments.filter((name) => !delivery.updates.includes(name));
  if (refused.length > 0) {
    throw new DeliveryError(
      'PROMOTION_REFUSED',
      `Builds may write ${delivery.updates.join(', ')}, not ${refused.join(', ')}`,
    );
  }
  const folders = request.environments.map((name) => environmentOf(delivery, name).path);
  return pinInFolders(tree, folders, request.pins);
}
