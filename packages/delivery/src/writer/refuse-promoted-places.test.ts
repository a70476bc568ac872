import { describe, expect, it } from 'vitest';
import { DeliveryError } from '../delivery-error.ts';
import type { EditableTree } from './manifest-edit.ts';
import { refusePromotedPlaces } from './refuse-promoted-places.ts';

const delivery = `apiVersion: slipway.dev/v1alpha1
kind: Delivery
metadata: {name: shop}
spec:
  updates: [qa]
  registries: [localhost]
  environments:
    - {name: qa, path: overlays/qa, namespace: qa}
    - {name: prod, path: overlays/prod, namespace: prod}
`;

function treeOf(file: string | undefined): EditableTree {
  return {
    readFile: (path) => Promise.resolve(path === 'slipway.yaml' && file !== undefined ? Buffer.from(file) : undefined),
    list: () => Promise.resolve([]),
  };
}

describe('refusePromotedPlaces', () => {
  it.each([['overlays/prod'], ['overlays/prod/kustomization.yaml']])(
    'refuses %s, which only promotions write',
    async (place) => {
      await expect(refusePromotedPlaces(treeOf(delivery), [place])).rejects.toThrow(DeliveryError);
    },
  );

  it.each([['overlays/qa'], ['base'], ['overlays/production']])('lets %s through', async (place) => {
    await expect(refusePromotedPlaces(treeOf(delivery), [place])).resolves.toBeUndefined();
  });

  it('has no such places without a delivery file', async () => {
    await expect(refusePromotedPlaces(treeOf(undefined), ['overlays/prod'])).resolves.toBeUndefined();
  });
});
