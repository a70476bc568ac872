/** Media types this package writes. @see OCI image-spec 1.1, media-types.md. */
export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  plainLayer: 'application/vnd.oci.image.layer.v1.tar',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

/** Largest manifest taken or sent, in bytes (distribution-spec 1.1, "Pushing manifests", asks for at least this). */
export const maxManifestBytes = 4 * 1024 * 1024;

const namePart = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagShape = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** A repository path by the grammar of distribution-spec 1.1; so it has no `..`, no dot folder and no empty part. */
export function isRepositoryName(text: string): boolean {
  return text.length <= 255 && text.split('/').every((part) => namePart.test(part));
}

/** A tag by the grammar of distribution-spec 1.1. */
export function isTag(text: string): boolean {
  return tagShape.test(text);
}
