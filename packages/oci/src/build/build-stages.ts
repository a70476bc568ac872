import { type FileTree, sizeOf } from '../layout/file-tree.ts';
import { diffIdsOf, type LayoutImage, platformOf, readLayout } from '../layout/image-layout.ts';
import type { TarLimits } from '../layout/read-tar.ts';
import { writeLayer as writeLayerBlob } from '../layout/write-layer.ts';
import { ImageError } from '../errors.ts';
import { asObject } from '../parse-json.ts';
import { applyCopy } from './apply-copy.ts';
import { applySettings } from './apply-settings.ts';
import { type BaseReading, listImageTree, readImageTree } from './base-image.ts';
import { type DockerfileStage, lineError, type ParsedDockerfile } from './dockerfile.ts';
import type { ResolveBase } from './image-builder.ts';
import { emptySettings, readSettings } from './image-config.ts';
import { epoch, type StageState, type StageTools } from './stage.ts';
import { splitWords, substitute, type Variables } from './words.ts';

/** What one build works with. */
export interface BuildSetting {
  readonly layoutDir: string;
  readonly workDir: string;
  readonly stateDir: string;
  readonly bases: ResolveBase;
  readonly context: FileTree;
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly platform: { readonly os: string; readonly architecture: string };
  readonly layerLimits: TarLimits;
  readonly maxWrittenBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** Builds the last stage and those it comes from, in the file's order; others are left out, as Docker does. */
export async function buildStages(file: ParsedDockerfile, setting: BuildSetting): Promise<StageState> {
  const globals = readGlobals(file, setting);
  const built = new Map<number, StageState>();
  const unpacked = new Map<string, Promise<FileTree>>();
  const writeLayer = layerWriter(setting);
  const needed = neededStages(file, globals);
  for (const [index, stage] of file.stages.entries()) {
    if (!needed.has(index)) continue;
    built.set(index, await buildStage({ file, stage, index, globals, built, setting, writeLayer, unpacked }));
  }
  const final = built.get(file.stages.length - 1);
  if (final === undefined) throw new ImageError('IMAGE_DOCKERFILE_INVALID', 'the Dockerfile has no FROM');
  return final;
}

interface StageWork {
  readonly file: ParsedDockerfile;
  readonly stage: DockerfileStage;
  readonly index: number;
  readonly globals: Variables;
  readonly built: ReadonlyMap<number, StageState>;
  readonly setting: BuildSetting;
  readonly writeLayer: StageTools['writeLayer'];
  /** Bases unpacked by this build, by digest. */
  readonly unpacked: Map<string, Promise<FileTree>>;
}

function readGlobals(file: ParsedDockerfile, setting: BuildSetting): Variables {
  const { os, architecture } = setting.platform;
  const globals = new Map([
    ['TARGETPLATFORM', `${os}/${architecture}`],
    ['TARGETOS', os],
    ['TARGETARCH', architecture],
  ]);
  for (const instruction of file.globals) {
    const words = splitWords(instruction.text, { escape: file.escape, variables: globals }) ?? [];
    for (const word of words) {
      const [name = '', ...rest] = word.split('=');
      const value = setting.buildArguments[name] ?? (rest.length > 0 ? rest.join('=') : undefined);
      if (value !== undefined) globals.set(name, value);
    }
  }
  return globals;
}

function baseOf(file: ParsedDockerfile, stage: DockerfileStage, globals: Variables): string {
  const base = substitute(stage.base, { escape: file.escape, variables: globals });
  if (base === undefined || base === '') throw lineError(stage.from, 'has an empty image name');
  return base;
}

/** Number of the stage that a name or number stands for, among those before `before`. */
function stageIndex(file: ParsedDockerfile, reference: string, before: number): number | undefined {
  const named = file.stages.slice(0, before).findLastIndex((stage) => stage.name === reference.toLowerCase());
  if (named >= 0) return named;
  return /^\d{1,4}$/.test(reference) && Number(reference) < before ? Number(reference) : undefined;
}

function neededStages(file: ParsedDockerfile, globals: Variables): ReadonlySet<number> {
  const needed = new Set<number>();
  const todo = [file.stages.length - 1];
  for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
    const stage = file.stages[index];
    if (stage === undefined || needed.has(index)) continue;
    needed.add(index);
    const flags = stage.instructions.flatMap((instruction) => instruction.flags).filter(({ name }) => name === 'from');
    const names = [baseOf(file, stage, globals), ...flags.map(({ value }) => value)];
    // A name with a variable may be any stage.
    if (names.some((name) => name.includes('$'))) todo.push(...Array.from({ length: index }, (_none, at) => at));
    for (const name of names) {
      const found = stageIndex(file, name, index);
      if (found !== undefined) todo.push(found);
    }
  }
  return needed;
}

async function buildStage(work: StageWork): Promise<StageState> {
  const tools = toolsOf(work);
  let state = await beginStage(work);
  for (const instruction of work.stage.instructions) {
    work.setting.signal?.throwIfAborted();
    const isCopy = instruction.keyword === 'COPY' || instruction.keyword === 'ADD';
    const apply = isCopy ? applyCopy : applySettings[instruction.keyword];
    if (apply === undefined) throw lineError(instruction, 'is not supported', 'IMAGE_INSTRUCTION_UNSUPPORTED');
    state = await apply(state, tools, instruction);
  }
  return state;
}

async function beginStage({ file, stage, index, globals, built, setting }: StageWork): Promise<StageState> {
  const reference = baseOf(file, stage, globals);
  const platform = stage.from.flags.find(({ name }) => name === 'platform')?.value;
  const earlier = built.get(stageIndex(file, reference, index) ?? -1);
  if (earlier !== undefined) return { ...earlier, settings: { ...earlier.settings, isCmdOwn: false }, args: new Map() };
  const blank = { history: [], layers: [], tree: new Map(), own: new Map(), args: new Map() };
  if (reference === 'scratch') return { ...blank, settings: emptySettings, platform: setting.platform };
  const image = await resolveImage(setting, reference);
  if (image === undefined) throw lineError(stage.from, `${reference}: no such base`, 'IMAGE_BASE_UNKNOWN');
  const own = platformOf(image.config);
  if (platform !== undefined && !platform.includes('$') && !`${own.os}/${own.architecture}`.startsWith(platform)) {
    throw lineError(stage.from, `${reference} is for ${own.os}/${own.architecture}`, 'IMAGE_BASE_UNKNOWN');
  }
  return {
    ...blank,
    settings: readSettings(image.config),
    platform: own,
    layers: layersOf(image),
    history: historyOf(image),
    tree: await listImageTree(image, readingOf(setting)),
    base: image,
  };
}

function layersOf(image: LayoutImage): StageState['layers'] {
  const diffIds = diffIdsOf(image.config);
  return image.layers.map((descriptor, at) => {
    const diffId = diffIds[at];
    if (diffId === undefined) throw new ImageError('IMAGE_LAYOUT_INVALID', 'the base’s config lists too few layers');
    return { descriptor, diffId, layoutDir: image.layoutDir };
  });
}

/** The base's history if it accounts for each layer, else one line for each. */
function historyOf(image: LayoutImage): StageState['history'] {
  const list: readonly unknown[] = Array.isArray(image.config['history']) ? image.config['history'] : [];
  const entries = list.map(asObject).filter((entry) => entry !== undefined);
  const layers = entries.filter((entry) => entry['empty_layer'] !== true);
  return layers.length === image.layers.length
    ? entries
    : image.layers.map(() => ({ created: epoch, created_by: 'base' }));
}

async function resolveImage(setting: BuildSetting, reference: string): Promise<LayoutImage | undefined> {
  const found = await setting.bases(reference, setting.signal === undefined ? {} : { signal: setting.signal });
  return found === undefined ? undefined : readLayout(found.layoutDir);
}

function readingOf(setting: BuildSetting): BaseReading {
  const { stateDir, workDir, layerLimits, signal } = setting;
  return { stateDir, workDir, limits: layerLimits, signal };
}

function toolsOf({ file, index, globals, built, setting, writeLayer, unpacked }: StageWork): StageTools {
  return {
    escape: file.escape,
    buildArguments: setting.buildArguments,
    globals,
    context: setting.context,
    async filesOf(reference) {
      const stage = built.get(stageIndex(file, reference, index) ?? -1);
      const base = stage === undefined ? await resolveImage(setting, reference) : stage.base;
      if (stage === undefined && base === undefined) return undefined;
      if (base === undefined) return stage?.own;
      const { digest } = base.manifest;
      const below = unpacked.get(digest) ?? readImageTree(base, readingOf(setting));
      unpacked.set(digest, below);
      return new Map([...(await below), ...(stage?.own ?? [])]);
    },
    writeLayer,
  };
}

/** Writes layers until the build has written its share. Layers beyond 127 no overlay file system can stack. */
function layerWriter(setting: BuildSetting): StageTools['writeLayer'] {
  let bytes = 0;
  let layers = 0;
  return async (tree) => {
    for (const entry of tree.values()) bytes += entry.kind === 'file' ? sizeOf(entry.content) : 0;
    layers += 1;
    if (bytes > setting.maxWrittenBytes || layers > 127) {
      throw new ImageError('IMAGE_TOO_LARGE', 'the image grows beyond 127 layers or the bytes allowed');
    }
    return writeLayerBlob(setting.layoutDir, tree, setting.signal);
  };
}
