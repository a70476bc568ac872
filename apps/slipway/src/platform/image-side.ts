import path from 'node:path';
import {
  buildNodeBase,
  createImageBuilder,
  createRegistryClient,
  createRegistryHandler,
  pullImage,
  pushImage,
} from '@slipway/oci';
import { parseImageReference } from '@slipway/domain';
import type { ArtifactRegistry, ImageBuilder } from '@slipway/ports';
import type { PublishImage } from '@slipway/pipeline';
import { findPrincipal, holdsRight, holdsScope, type RawHandler } from '@slipway/server';
import type { OpenStore } from '@slipway/store';
import type { StateFolder } from './state-folder.ts';

/** Registry and image builder of one server. */
export interface ImageSide {
  readonly handler: RawHandler;
  readonly registry: ArtifactRegistry;
  readonly builder: ImageBuilder;
  readonly publish: PublishImage;
}

export interface ImageOptions {
  readonly folder: StateFolder;
  readonly store: OpenStore;
  /** Host and port of the server, as in image references. */
  readonly host: string;
  /** Secret of the service account's own token. */
  readonly secret: string;
  readonly onError: (error: unknown) => void;
}

/** Opens the built-in registry and the builder over it. */
export function openImageSide(options: ImageOptions): ImageSide {
  const { folder, store, host } = options;
  const handle = createRegistryHandler({
    rootDir: folder.registry,
    onError: options.onError,
    async authorise({ credentials, action, repository }) {
      const principal =
        credentials === undefined
          ? undefined
          : await findPrincipal(store, credentials.password, new Date().toISOString());
      if (principal === undefined) return 'unauthenticated';
      // The operator's target pulls what the operator applies.
      const isAllowed =
        holdsScope(principal, `registry:${action}:${repository}`, action === 'pull' ? 'viewer' : 'developer') ||
        (action === 'pull' && holdsRight(principal, 'operator'));
      return isAllowed ? 'allowed' : 'denied';
    },
  });
  const registry = createRegistryClient({
    url: `http://${host}`,
    host,
    credential: { username: 'slipway', password: options.secret },
  });
  const nodeBase = path.join(folder.images, 'slipway-node');
  // Builds that start together share one: two in the same folder would take it from each other.
  let making: ReturnType<typeof buildNodeBase> | undefined;
  const openNodeBase = async (): ReturnType<typeof buildNodeBase> => {
    making ??= buildNodeBase({ outputDir: nodeBase, nodePath: process.execPath }).finally(() => (making = undefined));
    return making;
  };
  return {
    async handler(request, response) {
      if (request.url !== '/v2' && request.url?.startsWith('/v2/') !== true) return false;
      await handle(request, response);
      return true;
    },
    registry,
    builder: createImageBuilder({
      stateDir: folder.images,
      bases: async (reference) => {
        if (reference === 'slipway/node') return openNodeBase();
        const { name, digest, registry: from } = parseImageReference(reference);
        if (digest === undefined || (from !== undefined && from !== host)) return undefined;
        return pullImage({
          registry,
          name,
          digest,
          outputDir: path.join(folder.images, `base-${digest.slice(7, 31)}`),
        });
      },
    }),
    publish: ({ layoutDir, name, tags }) => pushImage({ layoutDir, registry, name, tags }),
  };
}
