import {
  contentDigest,
  type Digest,
  type EnvironmentDefinition,
  type ImagePin,
  isDigest,
  type Name,
  parseImageReference,
} from '@slipway/domain';
import {
  closureKey,
  type ClosureReader,
  imagesOf,
  parseObjects,
  readClosure,
  renderDigest,
  resolveClosure,
  sharedInputsDigest,
} from '@slipway/manifests';
import type { ClosureFile, GitTreeEntry, Renderer } from '@slipway/ports';
import type { EditableTree } from '../writer/manifest-edit.ts';

/** What one environment of a tree renders to. */
export interface RenderedEnvironment {
  readonly closureKey: Digest;
  /** Digest over the files of the closure that other environments share. */
  readonly sharedInputs: Digest;
  readonly renderDigest: Digest;
  /** Files of the closure, sorted. */
  readonly paths: readonly string[];
  readonly text: string;
  /** Images of the render by their name in it; those without digest are listed apart. */
  readonly images: readonly ImagePin[];
  readonly unpinned: readonly string[];
}

/**
 * Renders an environment over exactly its closure.
 *
 * @throws ManifestError, RenderError: what a person must mend in the config repository.
 */
export async function renderEnvironment(
  renderer: Renderer,
  tree: EditableTree,
  environment: Pick<EnvironmentDefinition, 'path'>,
): Promise<RenderedEnvironment> {
  const closure = await readEnvironmentClosure(tree, environment.path);
  const text = await renderer.render(closure.files, environment.path);
  const references = imagesOf(parseObjects(text)).map((image) => ({ image, reference: parseImageReference(image) }));
  const images = new Map<string, ImagePin>();
  for (const { reference } of references) {
    if (reference.digest === undefined) continue;
    const newName = reference.registry === undefined ? reference.name : `${reference.registry}/${reference.name}`;
    images.set(reference.name, {
      name: reference.name,
      newName,
      newTag: reference.tag ?? '',
      digest: reference.digest,
    });
  }
  return {
    closureKey: closureKey(closure.entries, renderer.version),
    sharedInputs: sharedInputsDigest(closure.entries, environment.path),
    renderDigest: renderDigest(renderer.version, environment.path, text),
    paths: closure.entries.map((entry) => entry.path),
    text,
    images: [...images.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    unpinned: references.filter(({ reference }) => reference.digest === undefined).map(({ image }) => image),
  };
}

/** The files that an environment's render depends on, with their Git ids. */
export async function readEnvironmentClosure(
  tree: EditableTree,
  path: string,
): Promise<{ readonly files: readonly ClosureFile[]; readonly entries: readonly GitTreeEntry[] }> {
  const byPath = new Map((await tree.list('')).map((entry) => [entry.path, entry]));
  const reader: ClosureReader = {
    readFile: (file) => tree.readFile(file),
    modeOf: (file) => Promise.resolve(byPath.get(file)?.mode ?? (isFolder(byPath.keys(), file) ? '040000' : undefined)),
    listFolder: (folder) => Promise.resolve(namesBelow(byPath.keys(), folder)),
  };
  const files = await readClosure(await resolveClosure(path, reader), reader);
  return { files, entries: files.flatMap((file) => byPath.get(file.path) ?? []) };
}

function isFolder(paths: Iterable<string>, folder: string): boolean {
  return namesBelow(paths, folder) !== undefined;
}

/** Names directly inside a folder; absent when there is no such folder. */
function namesBelow(paths: Iterable<string>, folder: string): readonly string[] | undefined {
  const prefix = folder === '' ? '' : `${folder}/`;
  const names = new Set<string>();
  for (const path of paths) if (path.startsWith(prefix)) names.add(path.slice(prefix.length).split('/')[0] ?? '');
  return names.size === 0 ? undefined : [...names].sort();
}

/** The release that a render holds: named by its content, tags are not part of it. */
export function releaseIdOf(application: Name, rendered: Pick<RenderedEnvironment, 'images' | 'sharedInputs'>): Digest {
  const images = rendered.images
    .map((image) => [image.name, image.digest])
    .filter(([, digest]) => isDigest(String(digest)));
  return contentDigest({ application, images, sharedInputs: rendered.sharedInputs });
}
