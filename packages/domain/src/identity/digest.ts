import { DomainError } from '../errors/domain-error.ts';

declare const digestBrand: unique symbol;
/** A content digest, `sha256:` and 64 lower-case hex digits. Made only by {@link parseDigest}. */
export type Digest = `sha256:${string}` & { readonly [digestBrand]: true };

const shape = /^sha256:[0-9a-f]{64}$/;

/** Tells whether a text is a digest, without an error. */
export function isDigest(text: string): text is Digest {
  return shape.test(text);
}

/**
 * @throws {@link DomainError} `DIGEST_INVALID`.
 * @see OCI image-spec, descriptor.md, "Digests".
 */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new DomainError('DIGEST_INVALID', `${JSON.stringify(text.slice(0, 100))} is not a digest`);
  return text;
}

/** The first twelve hex digits, for people. */
export function shortDigest(digest: Digest): string {
  return digest.slice(7, 19);
}
