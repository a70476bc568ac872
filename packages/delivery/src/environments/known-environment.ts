import type { DesiredState } from '@slipway/domain';
import type { RecordReader } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';

export interface Place {
  readonly application: string;
  readonly environment: string;
}

/** An environment by its name. @throws {@link DeliveryError} `PROMOTION_UNKNOWN`. */
export async function knownEnvironment(reader: RecordReader, place: Place): Promise<DesiredState> {
  return (await reader.get('desiredState', `${place.application}/${place.environment}`))?.value ?? refusePlace(place);
}

/** @throws {@link DeliveryError} `PROMOTION_UNKNOWN`. */
export function refusePlace({ application, environment }: Place): never {
  throw new DeliveryError('PROMOTION_UNKNOWN', `There is no environment ${environment} of ${application}`);
}
