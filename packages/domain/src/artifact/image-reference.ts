import { DomainError } from '../errors/domain-error.ts';
import { type Digest, isDigest } from '../identity/digest.ts';

/** `registry/name:tag@digest` taken apart. `registry` is absent where the text names none. */
export interface ImageReference {
  readonly registry?: string;
  /** Path below the registry, such as `guestbook/web`. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

// OCI distribution-spec 1.1, "Pulling manifests": name and reference grammars.
const namePattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const registryPattern = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?$/;

/**
 * @throws {@link DomainError} `IMAGE_REFERENCE_INVALID`.
 * @see OCI distribution-spec 1.1, "Pulling manifests".
 */
export function parseImageReference(text: string): ImageReference {
  const refuse = (why: string): never => {
    throw new DomainError(
      'IMAGE_REFERENCE_INVALID',
      `${JSON.stringify(text.slice(0, 200))} is not an image reference: ${why}`,
    );
  };
  if (text.startsWith('-')) refuse('it begins with a dash');
  const [rest = '', digest, ...more] = text.split('@');
  if (more.length > 0) refuse('it has two digests');
  if (digest !== undefined && !isDigest(digest)) refuse('its digest is not sha256');
  const slash = rest.indexOf('/');
  const head = slash < 0 ? '' : rest.slice(0, slash);
  const hasRegistry = head !== '' && (/[.:]/.test(head) || head === 'localhost' || head.startsWith('['));
  if (hasRegistry && !registryPattern.test(head)) refuse('its registry is not host[:port]');
  const path = hasRegistry ? rest.slice(slash + 1) : rest;
  const colon = path.lastIndexOf(':');
  const name = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? undefined : path.slice(colon + 1);
  if (!namePattern.test(name) || name.length > 255) refuse('its name is not a lower-case path');
  if (tag !== undefined && !tagPattern.test(tag)) refuse('its tag has a forbidden sign');
  return {
    ...(hasRegistry ? { registry: head } : {}),
    name,
    ...(tag === undefined ? {} : { tag }),
    ...(digest !== undefined && isDigest(digest) ? { digest } : {}),
  };
}

/** The inverse of {@link parseImageReference}. */
export function printImageReference(reference: ImageReference): string {
  const registry = reference.registry === undefined ? '' : `${reference.registry}/`;
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  const digest = reference.digest === undefined ? '' : `@${reference.digest}`;
  return `${registry}${reference.name}${tag}${digest}`;
}
