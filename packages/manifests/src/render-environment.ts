import path from 'node:path/posix';
import {
  type AppConfigPin,
  contentDigest,
  type Digest,
  type EnvironmentDefinition,
  type ImagePin,
  isDigest,
  type Name,
  parseImageReference,
} from '@slipway/domain';
import { appConfigPinPath, parseAppConfigPin } from './app-config-pin.ts';
import { closureKey, type ClosureReader, type EntryMode, renderDigest, sharedInputsDigest } from './closure.ts';
import { imagesOf } from './images-of.ts';
import { parseObjects } from './parse-objects.ts';
import { readClosure } from './read-closure.ts';
import { resolveClosure } from './resolve-closure.ts';

/** A file of a tree with its Git id. */
export interface TreeFile {
  readonly path: string;
  readonly mode: EntryMode;
  readonly id: string;
}

/** A tree to render from; the same shape as what the config-repo writer edits. */
export interface SourceTree {
  /** Absent when there is no such file. */
  readFile(path: string): Promise<Uint8Array | undefined>;
  /** Every file below `path`, links and submodules included. */
  list(path: string): Promise<readonly TreeFile[]>;
}

/** What renders; the same shape as the port of that name, which this package may not import. */
export interface ClosureRenderer {
  readonly version: string;
  render(files: readonly { readonly path: string; readonly content: Uint8Array }[], path: string): Promise<string>;
}

/** The tree of a commit; `repository` is anything that reads Git objects. */
export function treeAt<Commit>(
  repository: {
    readFile(commit: Commit, path: string): Promise<Uint8Array | undefined>;
    readTree(commit: Commit): Promise<readonly TreeFile[]>;
  },
  commit: Commit,
): SourceTree {
  let entries: Promise<readonly TreeFile[]> | undefined;
  return {
    readFile: (path) => repository.readFile(commit, path),
    async list(path) {
      entries ??= repository.readTree(commit);
      const prefix = path === '' ? '' : `${path}/`;
      return (await entries).filter((entry) => entry.path.startsWith(prefix));
    },
  };
}

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
  /** What the folder's `app-config/pin.yaml` says; absent without that file. */
  readonly appConfig?: AppConfigPin;
}

/**
 * Renders an environment over exactly its closure.
 *
 * The pin of its app config counts as a file of the closure: it is part of the release, though no kustomization names it.
 *
 * @throws ManifestError, RenderError: what a person must mend in the config repository.
 */
export async function renderEnvironment(
  renderer: ClosureRenderer,
  tree: SourceTree,
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
  const pin = await readPin(tree, environment.path);
  const entries = pin === undefined ? closure.entries : withPin(closure.entries, pin.entry);
  return {
    closureKey: closureKey(entries, renderer.version),
    sharedInputs: sharedInputsDigest(entries, environment.path),
    renderDigest: renderDigest(renderer.version, environment.path, text),
    paths: entries.map((entry) => entry.path),
    text,
    images: [...images.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    unpinned: references.filter(({ reference }) => reference.digest === undefined).map(({ image }) => image),
    ...(pin === undefined ? {} : { appConfig: pin.value }),
  };
}

async function readPin(
  tree: SourceTree,
  folder: string,
): Promise<{ readonly value: AppConfigPin; readonly entry: TreeFile } | undefined> {
  const file = appConfigPinPath(folder);
  const bytes = await tree.readFile(file);
  const entry = (await tree.list(path.dirname(file))).find((one) => one.path === file);
  if (bytes === undefined || entry === undefined) return undefined;
  return { value: parseAppConfigPin(new TextDecoder().decode(bytes), file), entry };
}

function withPin(entries: readonly TreeFile[], pin: TreeFile): readonly TreeFile[] {
  const others = entries.filter(({ path }) => path !== pin.path);
  return [...others, pin].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The files that an environment's render depends on, with their Git ids. */
export async function readEnvironmentClosure(
  tree: SourceTree,
  path: string,
): Promise<{
  readonly files: readonly { readonly path: string; readonly content: Uint8Array }[];
  readonly entries: readonly TreeFile[];
}> {
  const byPath = new Map((await tree.list('')).map((entry) => [entry.path, entry]));
  const folders = indexFolders(byPath.keys());
  const reader: ClosureReader = {
    readFile: (file) => tree.readFile(file),
    modeOf: (file) => Promise.resolve(byPath.get(file)?.mode ?? (folders.has(file) ? '040000' : undefined)),
    listFolder: (folder) => Promise.resolve(folders.get(folder)),
  };
  const files = await readClosure(await resolveClosure(path, reader), reader);
  return { files, entries: files.flatMap((file) => byPath.get(file.path) ?? []) };
}

/** Names directly inside each folder of a tree. */
function indexFolders(paths: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, Set<string>>();
  for (const path of paths) {
    const parts = path.split('/');
    parts.forEach((name, depth) => {
      const folder = parts.slice(0, depth).join('/');
      const names = folders.get(folder) ?? new Set();
      folders.set(folder, names.add(name));
    });
  }
  return new Map([...folders].map(([folder, names]) => [folder, [...names].sort()]));
}

/**
 * The release that a render holds: named by its content, tags are not part of it.
 *
 * App config counts by its tree, not by its commit (ADR 0013); without any, the id is what it was before there was app config.
 */
export function releaseIdOf(
  application: Name,
  rendered: Pick<RenderedEnvironment, 'images' | 'sharedInputs' | 'appConfig'>,
): Digest {
  const images = rendered.images
    .map((image) => [image.name, image.digest])
    .filter(([, digest]) => isDigest(String(digest)));
  const { appConfig, sharedInputs } = rendered;
  const pinned =
    appConfig === undefined ? {} : { appConfig: { repository: appConfig.repository, tree: appConfig.tree } };
  return contentDigest({ application, images, sharedInputs, ...pinned });
}
