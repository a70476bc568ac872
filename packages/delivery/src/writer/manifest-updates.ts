import type { ManifestUpdates } from '@slipway/ports';
import type { DeliveryServices } from '../services.ts';
import { readDelivery } from '../environments/read-delivery.ts';
import { pinInEnvironments } from './environment-edits.ts';

/** The writer as pipelines see it: pins in environments, one commit, exactly once by the request's id. */
export function manifestUpdates(services: Pick<DeliveryServices, 'writerOf'>): ManifestUpdates {
  return {
    async update(request) {
      const writer = await services.writerOf(request.repository, request.branch);
      const landed = await writer.submit({
        id: request.id,
        author: request.author,
        subject: request.subject,
        trailers: request.trailers,
        apply: async (tree) => pinInEnvironments(tree, await readDelivery(tree), request),
      });
      return { commit: landed.commit, isChange: landed.isChange, paths: landed.paths };
    },
  };
}
