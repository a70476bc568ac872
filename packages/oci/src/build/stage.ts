import type { Digest } from '@slipway/domain';
import type { Descriptor } from '@slipway/ports';
import type { FileTree } from '../layout/file-tree.ts';
import type { LayoutImage } from '../layout/image-layout.ts';
import type { WrittenLayer } from '../layout/write-layer.ts';
import { type Instruction, lineError } from './dockerfile.ts';
import type { ImageSettings } from './image-config.ts';
import { splitWords, substitute, type Variables } from './words.ts';

/** A layer of an image being built and where its blob is. */
export interface StageLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  /** Layout that has the blob; absent for a layer of our own, which is in the output. */
  readonly layoutDir?: string;
}

/** A stage while its instructions are carried out; each step gives the next state. */
export interface StageState {
  readonly settings: ImageSettings;
  readonly platform: { readonly os: string; readonly architecture: string };
  readonly layers: readonly StageLayer[];
  readonly history: readonly Readonly<Record<string, unknown>>[];
  /** Every file, those of the base without their bytes. */
  readonly tree: FileTree;
  /** The image at the bottom; absent for scratch. */
  readonly base?: LayoutImage;
  /** What our own instructions added. */
  readonly own: FileTree;
  readonly args: Variables;
}

/** What instructions may ask for. */
export interface StageTools {
  readonly escape: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  /** ARGs before the first FROM, and those of the platform. */
  readonly globals: Variables;
  readonly context: FileTree;
  /** All files, with bytes, of an earlier stage by name or number, or of an image; absent when nothing has that name. */
  readonly filesOf: (reference: string) => Promise<FileTree | undefined>;
  readonly writeLayer: (tree: FileTree) => Promise<WrittenLayer>;
}

/** The time every image says it was made at: a real one would change the digest. */
export const epoch = '1970-01-01T00:00:00Z';

/** @throws ImageError `IMAGE_DOCKERFILE_INVALID`. */
export function wordsOf(state: StageState, tools: StageTools, instruction: Instruction): readonly string[] {
  const options = { escape: tools.escape, variables: variablesOf(state) };
  const words = splitWords(instruction.text, options);
  if (words === undefined) throw lineError(instruction, 'has a quote, brace or substitution that cannot be read');
  return words;
}

/** Arguments: the exec form's texts with variables put in, else words. */
export function argumentsOf(state: StageState, tools: StageTools, instruction: Instruction): readonly string[] {
  return instruction.list === undefined
    ? wordsOf(state, tools, instruction)
    : instruction.list.map((text) => expand(state, tools, { instruction, text }));
}

/** @throws ImageError `IMAGE_DOCKERFILE_INVALID`. */
export function expand(
  state: StageState,
  tools: StageTools,
  { instruction, text }: { readonly instruction: Instruction; readonly text: string },
): string {
  const value = substitute(text, { escape: tools.escape, variables: variablesOf(state) });
  if (value === undefined) throw lineError(instruction, 'has a quote, brace or substitution that cannot be read');
  return value;
}

function variablesOf(state: StageState): Variables {
  return new Map([...state.args, ...state.settings.env]);
}

/** Adds a layer with these files. */
export async function addLayer(
  state: StageState,
  tools: StageTools,
  change: { readonly instruction: Instruction; readonly added: FileTree },
): Promise<StageState> {
  const layer = await tools.writeLayer(change.added);
  return {
    ...state,
    layers: [...state.layers, layer],
    history: [...state.history, { created: epoch, created_by: describe(change.instruction) }],
    tree: new Map([...state.tree, ...change.added]),
    own: new Map([...state.own, ...change.added]),
  };
}

/** Changes settings; the history says so with an empty layer. */
export function withSettings(
  state: StageState,
  instruction: Instruction,
  settings: Partial<ImageSettings>,
): StageState {
  return {
    ...state,
    settings: { ...state.settings, ...settings },
    history: [...state.history, { created: epoch, created_by: describe(instruction), empty_layer: true }],
  };
}

function describe({ keyword, flags, text }: Instruction): string {
  return [keyword, ...flags.map(({ name, value }) => `--${name}=${value}`), text].join(' ');
}
