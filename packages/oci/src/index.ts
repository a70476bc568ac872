export { ImageError, imageErrors, RegistryError, registryErrors } from './errors.ts';
export { createRegistryHandler, type RegistryAccess, type RegistryOptions } from './registry/handler.ts';
export { createRegistryClient, type RegistryClientOptions } from './client/registry-client.ts';
export type { RegistryCredential } from './client/registry-auth.ts';
export { createImageBuilder, type ImageBuilderOptions, type ResolveBase } from './build/image-builder.ts';
export { buildNodeBase } from './base/node-base.ts';
export { pullImage, pushImage } from './layout/copy-image.ts';
export { blobPath, readLayout, verifyLayers, type LayoutImage } from './layout/image-layout.ts';
export type { TarLimits } from './layout/read-tar.ts';
