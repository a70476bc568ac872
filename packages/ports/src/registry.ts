import type { Digest } from '@slipway/domain';
import type { Readable } from 'node:stream';
import type { Cancellable } from './git.ts';

/** OCI descriptor (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** A client of one OCI registry (distribution-spec 1.1). `name` is the repository's path, such as `guestbook/web`. */
export interface ArtifactRegistry {
  /** Host and port as they stand in image references. */
  readonly host: string;
  /** Absent when the registry knows no such tag or digest. Bytes are verified against the digest. */
  getManifest(name: string, reference: string, options?: Cancellable): Promise<StoredManifest | undefined>;
  hasBlob(name: string, digest: Digest, options?: Cancellable): Promise<boolean>;
  /** A stream that ends in an error (`REGISTRY_CONTENT_MISMATCH`) when the bytes are not those of the digest. */
  getBlob(name: string, digest: Digest, options?: Cancellable): Promise<Readable>;
  /** No-op when the blob is there. */
  putBlob(name: string, descriptor: Descriptor, open: () => Readable, options?: Cancellable): Promise<void>;
  /** `reference` is a tag or the digest. @throws RegistryError `REGISTRY_TAG_EXISTS` when the tag stands for another digest and the registry holds tags immutable. */
  putManifest(name: string, reference: string, manifest: StoredManifest, options?: Cancellable): Promise<void>;
  listTags(name: string, options?: Cancellable): Promise<readonly string[]>;
}

/** What a build leaves: an OCI image layout folder (image-layout.md), complete and verified. */
export interface BuiltImage {
  readonly layoutDir: string;
  readonly manifest: Descriptor;
  readonly platform: { readonly os: string; readonly architecture: string };
}

export interface ImageBuildRequest {
  /** Tar of the build context. Entries that leave the root (`..`, absolute, links out) are refused. */
  readonly context: () => Readable;
  /** Path of the Dockerfile inside the context. */
  readonly dockerfile: string;
  readonly buildArguments?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** A new folder that the builder fills; on an error it is gone. */
  readonly outputDir: string;
}

/** Builds the same bytes from the same request, on any machine, at any time. */
export interface ImageBuilder {
  /** @throws ImageError with the Dockerfile's line where one instruction is refused. */
  build(request: ImageBuildRequest, options?: Cancellable): Promise<BuiltImage>;
}
