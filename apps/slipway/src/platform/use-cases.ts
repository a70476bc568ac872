import { createHash } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import { BranchWriter, type DeliveryServices, localBranch, manifestUpdates } from '@slipway/delivery';
import { type Branch, type ImagePin, type Name, parseImageReference, type Signature } from '@slipway/domain';
import { createContentStore, createLogStore } from '@slipway/host';
import {
  openPullRequest,
  type PackageRegistrySettings,
  type PipelineServices,
  reconcileRefs,
  type ReviewServices,
} from '@slipway/pipeline';
import type { ArtifactRegistry, GitRepository, Renderer, StageExecutor, Target } from '@slipway/ports';
import type { ImageSide } from './image-side.ts';
import type { DataSide } from './start-data.ts';
import type { StateFolder } from './state-folder.ts';

/** The use cases of one server with all that they reach outside with. */
export interface UseCases {
  readonly pipeline: PipelineServices;
  readonly review: ReviewServices;
  readonly delivery: DeliveryServices;
  readonly log: Logger;
  /** Who sends notifications; set when sending runs, and each channel looks once then. */
  readonly channels: { wake: (channel: string) => void };
}

export interface UseCaseParts {
  readonly folder: StateFolder;
  readonly cacheDir: string;
  readonly data: DataSide;
  readonly images: ImageSide;
  readonly executor: StageExecutor;
  readonly renderer: Renderer;
  readonly target: Target;
  readonly openRepository: (name: Name) => Promise<GitRepository>;
  readonly packages: PackageRegistrySettings;
  readonly checkpoint: (name: string) => Promise<void>;
  readonly log: Logger;
}

/** The service account as Git metadata. */
export const serviceSignature: Signature = { name: 'Slipway', email: 'slipway@localhost' };

/** Puts the use cases together: adapters go in as arguments, no decision is made here. */
export function composeUseCases(parts: UseCaseParts): UseCases {
  const { data, checkpoint, openRepository, executor } = parts;
  const now = (): string => new Date().toISOString();
  const content = createContentStore(parts.folder.content);
  const logs = createLogStore(parts.folder.logs);
  const review: ReviewServices = {
    store: data.store,
    openRepository,
    now,
    checkpoint,
    committer: serviceSignature,
    cancelEffect: (key) => data.engine.cancel(key),
  };
  const writers = new Map<string, Promise<BranchWriter>>();
  const delivery: DeliveryServices = {
    store: data.store,
    renderer: parts.renderer,
    executor,
    content,
    logs,
    openRepository,
    writerOf: (repository, branch) => {
      const key = `${repository}/${branch}`;
      const known = writers.get(key) ?? openWriter(parts, review, { repository, branch });
      writers.set(key, known);
      // A repository that is made later is not missing for ever.
      known.catch(() => writers.delete(key));
      return known;
    },
    findService: (environment, service) =>
      parts.target.serviceAddress({ namespace: environment.namespace, ...service }),
    hasImage: (image) => hasImage(parts.images.registry, image),
    openPullRequest: (request) => openPullRequest(review, request),
    committer: serviceSignature,
    now,
    checkpoint,
  };
  const pipeline: PipelineServices = {
    store: data.store,
    metrics: data.metrics,
    content,
    logs,
    executor,
    builder: parts.images.builder,
    registry: parts.images.registry,
    publishImage: parts.images.publish,
    manifests: manifestUpdates(delivery),
    dependencies: dependencyCache(path.join(parts.cacheDir, 'dependencies')),
    packages: parts.packages,
    openRepository,
    now,
    builderId: `https://slipway.dev/builder/${executor.facts.isUidSeparate ? executor.facts.isolation : 'unsandboxed'}`,
    toolchain: `node/${process.versions.node}`,
    checkpoint,
  };
  return { pipeline, review, delivery, log: parts.log, channels: { wake: () => undefined } };
}

async function openWriter(
  parts: UseCaseParts,
  review: ReviewServices,
  target: { readonly repository: Name; readonly branch: Branch },
): Promise<BranchWriter> {
  const repository = await parts.openRepository(target.repository);
  const branch = localBranch(repository, target.branch, () => reconcileRefs(review, target.repository));
  return new BranchWriter(branch, {
    committer: serviceSignature,
    now: () => new Date().toISOString(),
    maxAttempts: 20,
    checkpoint: parts.checkpoint,
  });
}

/** An image of another registry is not asked for: nobody here could push it again either. */
async function hasImage(registry: ArtifactRegistry, image: ImagePin): Promise<boolean> {
  const { registry: host, name } = parseImageReference(image.newName ?? image.name);
  if (host !== registry.host) return true;
  return (await registry.getManifest(name, image.digest)) !== undefined;
}

/** Download caches as one tar a key; a new one takes the old one's place in one step. */
function dependencyCache(folder: string): PipelineServices['dependencies'] {
  const fileOf = (key: string): string =>
    path.join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 24)}.tar`);
  return {
    async find(key) {
      const { access } = await import('node:fs/promises');
      return access(fileOf(key)).then(
        () => fileOf(key),
        () => undefined,
      );
    },
    async keep(key, file) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const { copyFile, rm } = await import('node:fs/promises');
      const draft = `${fileOf(key)}.${process.pid}`;
      await copyFile(file, draft);
      await rename(draft, fileOf(key));
      await rm(file, { force: true });
    },
  };
}
