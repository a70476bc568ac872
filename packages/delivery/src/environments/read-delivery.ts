import { parseDelivery } from '@slipway/config';
import type { DeliveryDefinition, EnvironmentDefinition, Name } from '@slipway/domain';
import { DomainError } from '@slipway/domain';
import { DeliveryError } from '../delivery-error.ts';
import type { EditableTree } from '../writer/manifest-edit.ts';

const file = 'slipway.yaml';

/**
 * The delivery file of a tree.
 *
 * @throws {@link DeliveryError} `DELIVERY_FILE_MISSING`; ConfigError with every fault of the file.
 */
export async function readDelivery(tree: EditableTree): Promise<DeliveryDefinition> {
  const bytes = await tree.readFile(file);
  if (bytes === undefined) throw new DeliveryError('DELIVERY_FILE_MISSING', `The config repository has no ${file}`);
  return parseDelivery(Buffer.from(bytes).toString(), file);
}

/** @throws {@link DomainError} `ENVIRONMENT_UNKNOWN`. */
export function environmentOf(delivery: DeliveryDefinition, name: Name): EnvironmentDefinition {
  const found = delivery.environments.find((environment) => environment.name === name);
  if (found === undefined) {
    const known = delivery.environments.map((environment) => environment.name).join(', ');
    throw new DomainError(
      'ENVIRONMENT_UNKNOWN',
      `${delivery.application} has no environment "${name}" (it has ${known})`,
    );
  }
  return found;
}
