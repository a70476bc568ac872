import { parseDigest, type Digest } from '@slipway/domain';
import type { ArtifactRegistry, Descriptor, StoredManifest } from '@slipway/ports';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

/** A registry in a folder, so that a runtime in another process reads what a test pushes. One name space, no tags. */
export class FolderRegistry implements ArtifactRegistry {
  readonly host: string;
  readonly #folder: string;

  constructor(folder: string, host = 'registry.test:5000') {
    this.host = host;
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  getManifest(_name: string, reference: string): Promise<StoredManifest | undefined> {
    const digest = parseDigest(reference);
    const bytes = this.#read(digest);
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    return Promise.resolve(bytes === undefined ? undefined : { mediaType, digest, bytes });
  }

  hasBlob(_name: string, digest: Digest): Promise<boolean> {
    return Promise.resolve(existsSync(this.#file(digest)));
  }

  getBlob(_name: string, digest: Digest): Promise<Readable> {
    const bytes = this.#read(digest);
    return bytes === undefined
      ? Promise.reject(new Error(`no blob ${digest}`))
      : Promise.resolve(Readable.from([bytes]));
  }

  async putBlob(_name: string, descriptor: Descriptor, open: () => Readable): Promise<void> {
    writeFileSync(this.#file(descriptor.digest), await buffer(open()));
  }

  putManifest(_name: string, _reference: string, manifest: StoredManifest): Promise<void> {
    writeFileSync(this.#file(manifest.digest), manifest.bytes);
    return Promise.resolve();
  }

  listTags(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** Stores bytes whatever their digest should be; `as` lies about it. */
  store(bytes: Uint8Array, as?: Digest): Digest {
    const digest = as ?? digestOf(bytes);
    writeFileSync(this.#file(digest), bytes);
    return digest;
  }

  #file(digest: Digest): string {
    return path.join(this.#folder, digest.replace(':', '-'));
  }

  #read(digest: Digest): Buffer | undefined {
    const file = this.#file(digest);
    return existsSync(file) ? readFileSync(file) : undefined;
  }
}

export function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}
