import { contentDigest, type KubeObject } from '@slipway/domain';
import { isRecord } from './kustomization-references.ts';

/** Fields of a Secret that hold no secret. Anything else, known or not, is masked. */
const openFields: readonly string[] = ['apiVersion', 'kind', 'type', 'immutable'];
const openMetadata: readonly string[] = ['name', 'namespace', 'labels'];

/**
 * Two versions of an object for people's eyes: values of Secrets are masked so that one still sees which of them differ.
 *
 * Objects of other kinds come back as they are. See delivery.md A9.
 */
export function maskSecrets(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
): readonly [before: unknown, after: unknown] {
  const isSecret = before?.kind === 'Secret' || after?.kind === 'Secret';
  if (!isSecret) return [before, after];
  return [maskSecret(before, { other: after, mark: 'before' }), maskSecret(after, { other: before, mark: 'after' })];
}

interface Comparison {
  readonly other: unknown;
  /** Names this side where the two differ. */
  readonly mark: string;
}

function maskSecret(secret: KubeObject | undefined, comparison: Comparison): unknown {
  if (secret === undefined) return undefined;
  return mapFields(secret, comparison, (field, value, inner) => {
    if (openFields.includes(field)) return value;
    if (field !== 'metadata') return maskValue(value, inner);
    return mapFields(value, inner, (name, part, deeper) =>
      openMetadata.includes(name) ? part : maskValue(part, deeper),
    );
  });
}

/** A mapping keeps its keys; every other value becomes a mask. */
function maskValue(value: unknown, comparison: Comparison): unknown {
  if (isRecord(value)) return mapFields(value, comparison, (_key, part, inner) => maskValue(part, inner));
  const isSame = contentDigest({ value }) === contentDigest({ value: comparison.other });
  return isSame || comparison.other === undefined ? '(masked)' : `(masked, ${comparison.mark})`;
}

function mapFields(
  value: unknown,
  { other, mark }: Comparison,
  map: (field: string, value: unknown, comparison: Comparison) => unknown,
): unknown {
  if (!isRecord(value)) return maskValue(value, { other, mark });
  const others = isRecord(other) ? other : {};
  return Object.fromEntries(
    Object.entries(value).map(([field, part]) => [field, map(field, part, { other: others[field], mark })]),
  );
}
