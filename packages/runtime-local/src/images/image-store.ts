import { parseDigest, printImageReference, type Digest } from '@slipway/domain';
import { writeAtomically } from '@slipway/host';
import type { ArtifactRegistry } from '@slipway/ports';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { isFields } from '../objects/field-reader.ts';
import type { PinnedImage } from '../objects/workload.ts';
import { RuntimeError } from '../runtime-error.ts';
import { parseImageConfig, type ImageConfig } from './image-config.ts';
import { unpackLayer } from './unpack-layer.ts';

/** An image on this machine: an unpacked root that nobody may write, and how it wants to run. */
export interface StoredImage {
  readonly rootDir: string;
  readonly config: ImageConfig;
}

const limits = {
  layers: 128,
  entries: 200_000,
  bytes: 4 * 1024 ** 3,
  configBytes: 4 * 1024 ** 2,
  pullMs: 600_000,
  /** Images kept beside those in use, each some hundred megabytes at most. */
  spareImages: 10,
} as const;
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Images by digest below one folder. A folder with an image's name is whole: it gets the name last. */
export class ImageStore {
  readonly #folder: string;
  readonly #registries: ReadonlyMap<string, ArtifactRegistry>;
  readonly #pulls = new Map<Digest, Promise<StoredImage>>();

  private constructor(folder: string, registries: readonly ArtifactRegistry[]) {
    this.#folder = folder;
    this.#registries = new Map(registries.map((registry) => [registry.host, registry]));
  }

  /** Opens the folder and clears away what an interrupted pull left. */
  static async open(folder: string, registries: readonly ArtifactRegistry[]): Promise<ImageStore> {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o755);
    for (const name of await readdir(folder)) {
      if (name.startsWith('.')) await rm(path.join(folder, name), { recursive: true, force: true });
    }
    return new ImageStore(folder, registries);
  }

  /**
   * Pulls, verifies and unpacks unless that is done; two callers share one pull.
   *
   * @throws {@link RuntimeError} `RUNTIME_IMAGE_MISSING`, `RUNTIME_IMAGE_INVALID`, `RUNTIME_IMAGE_TOO_LARGE`; what the registry's client throws.
   */
  async image(image: PinnedImage, signal: AbortSignal): Promise<StoredImage> {
    const stored = await this.#read(image.digest);
    if (stored !== undefined) {
      const now = new Date();
      await utimes(this.#path(image.digest), now, now);
      return stored;
    }
    const running =
      this.#pulls.get(image.digest) ?? this.#pull(image, signal).finally(() => this.#pulls.delete(image.digest));
    this.#pulls.set(image.digest, running);
    return running;
  }

  /** Removes images that are not in use any more, but for those used last: a rollback needs what ran before at once. */
  async keepOnly(digests: ReadonlySet<string>, spare: number = limits.spareImages): Promise<void> {
    const unused: { readonly folder: string; readonly usedAt: number }[] = [];
    for (const name of await readdir(this.#folder)) {
      if (digests.has(`sha256:${name}`) || name.startsWith('.')) continue;
      const folder = path.join(this.#folder, name);
      unused.push({ folder, usedAt: (await stat(folder)).mtimeMs });
    }
    const gone = unused.sort((one, other) => other.usedAt - one.usedAt).slice(spare);
    for (const { folder } of gone) await rm(folder, { recursive: true, force: true });
  }

  #path(digest: Digest): string {
    return path.join(this.#folder, digest.slice('sha256:'.length));
  }

  async #read(digest: Digest): Promise<StoredImage | undefined> {
    const folder = this.#path(digest);
    const bytes = await readFile(path.join(folder, 'config.json')).catch(() => undefined);
    return bytes === undefined ? undefined : { rootDir: path.join(folder, 'root'), config: parseImageConfig(bytes) };
  }

  async #pull(image: PinnedImage, outer: AbortSignal): Promise<StoredImage> {
    const registry = this.#registries.get(image.registry);
    if (registry === undefined) {
      throw new RuntimeError(
        'RUNTIME_IMAGE_MISSING',
        `the runtime was not told of the registry ${image.registry} (${printImageReference(image)})`,
      );
    }
    const signal = AbortSignal.any([outer, AbortSignal.timeout(limits.pullMs)]);
    const draft = path.join(this.#folder, `.${randomBytes(8).toString('hex')}`);
    try {
      const rootDir = path.join(draft, 'root');
      await mkdir(rootDir, { recursive: true });
      await chmod(draft, 0o755);
      await chmod(rootDir, 0o755);
      const config = await pullInto({ registry, image, rootDir, signal });
      await writeAtomically(path.join(draft, 'config.json'), config, 0o644);
      await rename(draft, this.#path(image.digest));
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    const stored = await this.#read(image.digest);
    if (stored === undefined)
      throw new RuntimeError('RUNTIME_IMAGE_INVALID', `${printImageReference(image)} has no configuration`);
    return stored;
  }
}

interface PullRequest {
  readonly registry: ArtifactRegistry;
  readonly image: PinnedImage;
  readonly rootDir: string;
  readonly signal: AbortSignal;
}

interface ManifestParts {
  readonly config: { readonly digest: Digest; readonly size: number };
  readonly layers: readonly { readonly digest: Digest; readonly mediaType: string }[];
}

/** Fills the root and returns the configuration's bytes. */
async function pullInto(request: PullRequest): Promise<Uint8Array> {
  const manifest = await readManifest(request, request.image.digest, true);
  const { registry, image, signal } = request;
  if (manifest.config.size > limits.configBytes) refuse(image, 'its configuration is too large');
  const configBytes = await buffer(await registry.getBlob(image.name, manifest.config.digest, { signal }));
  verify(image, configBytes, manifest.config.digest);
  const config = parseImageConfig(configBytes);
  if (config.diffIds.length !== manifest.layers.length)
    refuse(image, 'its configuration names other layers than its manifest');
  const budget = { bytesLeft: limits.bytes, entriesLeft: limits.entries };
  for (const [index, layer] of manifest.layers.entries()) {
    const source = await registry.getBlob(image.name, layer.digest, { signal });
    const isGzip = layer.mediaType.endsWith('gzip');
    const diffId = await unpackLayer(source, { root: request.rootDir, isGzip, budget, signal });
    if (diffId !== config.diffIds[index])
      refuse(image, `layer ${index + 1} has other content than its configuration says`);
  }
  return configBytes;
}

async function readManifest(request: PullRequest, digest: Digest, mayBeIndex: boolean): Promise<ManifestParts> {
  const { registry, image, signal } = request;
  const stored = await registry.getManifest(image.name, digest, { signal });
  if (stored === undefined)
    throw new RuntimeError('RUNTIME_IMAGE_MISSING', `${printImageReference(image)} is not in its registry`);
  verify(image, stored.bytes, digest);
  const document: unknown = JSON.parse(Buffer.from(stored.bytes).toString());
  const fields = isFields(document) ? document : refuse(image, 'its manifest is no mapping');
  const variants: readonly unknown[] | undefined = Array.isArray(fields['manifests']) ? fields['manifests'] : undefined;
  if (variants === undefined) return parseManifest(image, fields);
  if (!mayBeIndex) refuse(image, 'its index names another index');
  const chosen = variants.find(isOfThisMachine);
  return readManifest(
    request,
    parseDigest(isFields(chosen) ? String(chosen['digest']) : refuse(image, 'it has no variant for this machine')),
    false,
  );
}

function isOfThisMachine(entry: unknown): boolean {
  const platform = isFields(entry) && isFields(entry['platform']) ? entry['platform'] : {};
  return platform['os'] === 'linux' && platform['architecture'] === architectures[process.arch];
}

function parseManifest(image: PinnedImage, fields: Readonly<Record<string, unknown>>): ManifestParts {
  const config = isFields(fields['config']) ? fields['config'] : refuse(image, 'its manifest has no configuration');
  const layers = Array.isArray(fields['layers']) ? fields['layers'] : refuse(image, 'its manifest has no layers');
  if (layers.length > limits.layers) refuse(image, `it has more than ${limits.layers} layers`);
  return {
    config: { digest: parseDigest(String(config['digest'])), size: Number(config['size']) },
    layers: layers.map((layer: unknown) => {
      const parts = isFields(layer) ? layer : refuse(image, 'a layer is no descriptor');
      const mediaType = String(parts['mediaType']);
      if (!/tar(\+gzip|\.gzip)?$/.test(mediaType)) refuse(image, `layers of type ${mediaType} are not supported`);
      return { digest: parseDigest(String(parts['digest'])), mediaType };
    }),
  };
}

function verify(image: PinnedImage, bytes: Uint8Array, digest: Digest): void {
  if (`sha256:${createHash('sha256').update(bytes).digest('hex')}` !== digest)
    refuse(image, `content differs from ${digest}`);
}

function refuse(image: PinnedImage, why: string): never {
  throw new RuntimeError('RUNTIME_IMAGE_INVALID', `${printImageReference(image)}: ${why}`);
}
