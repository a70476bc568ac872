import { contentDigest, type Digest, type ObjectKey } from '@slipway/domain';
import { pruneOrder } from './kind-order.ts';
import { printKey } from './object-key.ts';

/** Facts of a prune. */
export interface PruneFacts {
  /** Inventory: what we own in the target. */
  readonly before: readonly ObjectKey[];
  readonly desired: readonly ObjectKey[];
  /** Objects that another application of the same commit declares: they are handed over, never deleted. */
  readonly declaredElsewhere?: readonly ObjectKey[];
  /** The `confirmation` of a plan that a person agreed to; any other plan asks again. */
  readonly confirmed?: Digest;
}

/** What to delete. `remove` is in the order to delete; the caller still checks owner labels on the live object. */
export type PrunePlan =
  | { readonly kind: 'prune'; readonly remove: readonly ObjectKey[]; readonly handOver: readonly ObjectKey[] }
  | {
      readonly kind: 'needs-confirmation';
      readonly remove: readonly ObjectKey[];
      readonly handOver: readonly ObjectKey[];
      readonly reasons: readonly string[];
      /** Names exactly this list. */
      readonly confirmation: Digest;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** Above this many, more than half of an inventory asks. */
const manyObjects = 5;
const precious: readonly string[] = ['Namespace', 'PersistentVolumeClaim', 'CustomResourceDefinition'];

/**
 * Plans to delete what left the desired set, in reverse kind order.
 *
 * Pure. An empty desired set is a fault, never an order to delete everything; Namespaces, PVCs, CRDs and large parts of an inventory ask first.
 */
export function planPrune({ before, desired, declaredElsewhere = [], confirmed }: PruneFacts): PrunePlan {
  if (desired.length === 0) return { kind: 'refused', reason: 'the render is empty' };
  const wanted = new Set(desired.map(printKey));
  const elsewhere = new Set(declaredElsewhere.map(printKey));
  const left = before.filter((key) => !wanted.has(printKey(key)));
  const handOver = left.filter((key) => elsewhere.has(printKey(key)));
  const remove = pruneOrder(left.filter((key) => !elsewhere.has(printKey(key))));
  const reasons = reasonsToAsk(remove, before.length);
  const confirmation = contentDigest({ of: 'prune', remove: remove.map(printKey) });
  if (reasons.length === 0 || confirmed === confirmation) return { kind: 'prune', remove, handOver };
  return { kind: 'needs-confirmation', remove, handOver, reasons, confirmation };
}

function reasonsToAsk(remove: readonly ObjectKey[], inventorySize: number): readonly string[] {
  const reasons = remove
    .filter(({ kind }) => precious.includes(kind))
    .map((key) => `${printKey(key)} would be deleted with what it holds`);
  const isMany = remove.length > manyObjects && remove.length > inventorySize / 2;
  return isMany ? [...reasons, `${remove.length} of ${inventorySize} objects would be deleted`] : reasons;
}
