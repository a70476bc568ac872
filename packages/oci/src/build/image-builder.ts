import type { BuiltImage, Cancellable, ImageBuilder, ImageBuildRequest } from '@slipway/ports';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { arch } from 'node:process';
import { ImageError } from '../errors.ts';
import { type FileTree, parentsOf, sizeOf, type TreeEntry, treePath } from '../layout/file-tree.ts';
import { beginLayout, finishLayout, readLayout, takeBlob } from '../layout/image-layout.ts';
import type { TarLimits } from '../layout/read-tar.ts';
import { readContent } from './base-image.ts';
import { buildStages } from './build-stages.ts';
import { parseDockerfile } from './dockerfile.ts';
import { writeSettings } from './image-config.ts';
import { parseIgnore } from './match-path.ts';
import { readContext } from './read-context.ts';
import { epoch, type StageState } from './stage.ts';

/** Finds the layout of a base image such as `slipway/node`; absent when there is none of that name. */
export type ResolveBase = (
  reference: string,
  options?: Cancellable,
) => Promise<{ readonly layoutDir: string } | undefined>;

export interface ImageBuilderOptions {
  readonly bases: ResolveBase;
  /** Keeps what is known of bases; may be lost. */
  readonly stateDir: string;
  /** For the context. @default 200000 entries, 1 GiB */
  readonly contextLimits?: TarLimits;
  /** For each layer of a base, unpacked. @default 500000 entries, 8 GiB */
  readonly layerLimits?: TarLimits;
  /** Of all layers one build writes: many COPY lines make much of little. @default 16 GiB */
  readonly maxWrittenBytes?: number;
  /** Of images from `scratch`; others have their base's. @default linux on this machine's processor */
  readonly platform?: { readonly os: string; readonly architecture: string };
}

/**
 * Builds images from Dockerfiles without RUN, without a daemon and without root.
 * Layers are gzip of stored blocks: larger than compressed ones, and the same bytes on every machine.
 */
export function createImageBuilder(options: ImageBuilderOptions): ImageBuilder {
  return {
    async build(request, cancellable) {
      await clearOutput(request.outputDir);
      const draft = `${request.outputDir}.partial`;
      await rm(draft, { recursive: true, force: true });
      try {
        const built = await buildInto(draft, request, { ...options, signal: cancellable?.signal });
        await rename(draft, request.outputDir);
        return { layoutDir: request.outputDir, ...built };
      } finally {
        await rm(draft, { recursive: true, force: true });
      }
    },
  };
}

/** An image that an interrupted caller built before may be built again; anything else is not ours to remove. */
async function clearOutput(outputDir: string): Promise<void> {
  if ((await stat(outputDir).catch(() => undefined)) === undefined) return;
  if ((await stat(path.join(outputDir, 'oci-layout')).catch(() => undefined)) === undefined) {
    throw new ImageError('IMAGE_OUTPUT_EXISTS', 'the folder to build into is there and holds no image');
  }
  await rm(outputDir, { recursive: true, force: true });
}

async function buildInto(
  draft: string,
  request: ImageBuildRequest,
  options: ImageBuilderOptions & { readonly signal: AbortSignal | undefined },
): Promise<Omit<BuiltImage, 'layoutDir'>> {
  const workDir = path.join(draft, '.work');
  await beginLayout(draft);
  await mkdir(workDir, { mode: 0o700 });
  const limits = options.contextLimits ?? { maxEntries: 200_000, maxBytes: 1024 ** 3 };
  const all = await readContext(request.context(), { spoolDir: workDir, limits, signal: options.signal });
  const dockerfile = parseDockerfile(await readDockerfile(all, request.dockerfile));
  const final = await buildStages(dockerfile, {
    layoutDir: draft,
    workDir,
    stateDir: options.stateDir,
    bases: options.bases,
    context: await withoutIgnored(all, request.dockerfile),
    buildArguments: request.buildArguments ?? {},
    platform: options.platform ?? { os: 'linux', architecture: arch === 'x64' ? 'amd64' : arch },
    layerLimits: options.layerLimits ?? { maxEntries: 500_000, maxBytes: 8 * 1024 ** 3 },
    maxWrittenBytes: options.maxWrittenBytes ?? 16 * 1024 ** 3,
    signal: options.signal,
  });
  for (const layer of final.layers) {
    if (layer.layoutDir !== undefined) await takeBlob(layer.layoutDir, draft, layer.descriptor.digest);
  }
  await rm(workDir, { recursive: true, force: true });
  const written = await finishLayout(draft, {
    config: configOf(final, request.labels ?? {}),
    layers: descriptors(final),
  });
  await readLayout(draft);
  return written;
}

function descriptors(final: StageState): readonly StageState['layers'][number]['descriptor'][] {
  return final.layers.map((layer) => layer.descriptor);
}

function configOf(final: StageState, labels: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const settings = { ...final.settings, labels: { ...final.settings.labels, ...labels } };
  return {
    created: epoch,
    architecture: final.platform.architecture,
    os: final.platform.os,
    config: writeSettings(settings),
    rootfs: { type: 'layers', diff_ids: final.layers.map((layer) => layer.diffId) },
    history: final.history,
  };
}

const maxDockerfileBytes = 128 * 1024;

async function readDockerfile(context: FileTree, name: string): Promise<string> {
  const text = await readText(context, name);
  if (text !== undefined) return text;
  throw new ImageError('IMAGE_SOURCE_MISSING', `the context has no file ${JSON.stringify(name.slice(0, 200))}`);
}

async function readText(context: FileTree, name: string): Promise<string | undefined> {
  const entry = context.get(treePath(name) ?? '');
  if (entry?.kind !== 'file') return undefined;
  const { content } = entry;
  if (sizeOf(content) > maxDockerfileBytes) {
    throw new ImageError('IMAGE_TOO_LARGE', `${name} has more than ${maxDockerfileBytes} bytes`);
  }
  return Buffer.from(await readContent(content)).toString('utf8');
}

/** The context as COPY sees it. `<dockerfile>.dockerignore` goes before `.dockerignore`. */
async function withoutIgnored(all: FileTree, dockerfile: string): Promise<FileTree> {
  const text = (await readText(all, `${dockerfile}.dockerignore`)) ?? (await readText(all, '.dockerignore'));
  if (text === undefined) return all;
  const isIgnored = parseIgnore(text);
  const shown = new Map<string, TreeEntry>();
  for (const [name, entry] of all) {
    if (isIgnored(name)) continue;
    for (const parent of parentsOf(name)) {
      const folder = all.get(parent);
      if (folder !== undefined) shown.set(parent, folder);
    }
    shown.set(name, entry);
  }
  return shown;
}
