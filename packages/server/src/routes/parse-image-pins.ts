import { type ImagePin, parseDigest, parseImageReference, printImageReference } from '@slipway/domain';

interface SentPin {
  readonly name: string;
  readonly newName?: string | undefined;
  readonly newTag: string;
  readonly digest: string;
}

/**
 * Image pins as they came over HTTP: they are written into a branch that others render, so each part is held to the grammar first.
 *
 * @throws DomainError `IMAGE_REFERENCE_INVALID`, `DIGEST_INVALID`.
 */
export function parseImagePins(sent: readonly SentPin[]): readonly ImagePin[] {
  return sent.map(({ name, newName, newTag, digest }) => {
    const known = parseImageReference(name);
    const place = newName === undefined ? known : parseImageReference(newName);
    // The tag is held to its grammar where it will be read: between its place and its digest.
    parseImageReference(printImageReference({ ...place, tag: newTag, digest: parseDigest(digest) }));
    return {
      name: printImageReference(known),
      newTag,
      digest: parseDigest(digest),
      ...(newName === undefined ? {} : { newName: printImageReference(place) }),
    };
  });
}
