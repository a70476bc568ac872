import type { KubeObject } from '@slipway/domain';

/** Fields of a pod's specification whose entries have an `image`. */
export const containerLists: readonly string[] = ['containers', 'initContainers', 'ephemeralContainers'];

/**
 * All images that objects run or mount, as written, each once, in order of first use.
 *
 * Looks for container lists and image volumes at any depth, as kustomize does, so pod templates of custom kinds count too.
 */
export function imagesOf(objects: readonly KubeObject[]): readonly string[] {
  const images = new Set<string>();
  const walk = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const [key, value] of Object.entries(part)) {
      if (containerLists.includes(key)) for (const item of listOf(value)) add(images, field(item, 'image'));
      if (key === 'volumes') {
        for (const item of listOf(value)) add(images, field(field(item, 'image'), 'reference'));
      }
      walk(value);
    }
  };
  for (const object of objects) walk(object);
  return [...images];
}

function add(images: Set<string>, image: unknown): void {
  if (typeof image === 'string' && image !== '') images.add(image);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
