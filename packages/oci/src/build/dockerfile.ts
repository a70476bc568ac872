import { DockerfileParser, type Instruction as ParsedInstruction, ModifiableInstruction } from 'dockerfile-ast';
import { ImageError } from '../errors.ts';
import { asTextList } from '../parse-json.ts';

/** One instruction of a Dockerfile, continuation lines joined, comments inside it gone; nothing is substituted yet. */
export interface Instruction {
  readonly keyword: string;
  /** Line of its keyword, from 1. */
  readonly line: number;
  readonly flags: readonly { readonly name: string; readonly value: string }[];
  /** What follows keyword and flags. */
  readonly text: string;
  /** Set when the text is a JSON list of texts (exec form). */
  readonly list?: readonly string[];
}

/** A stage: its FROM and what follows. */
export interface DockerfileStage {
  readonly from: Instruction;
  /** Reference or name of an earlier stage, not substituted yet. */
  readonly base: string;
  readonly name?: string;
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile as stages. `globals` are the ARGs before the first FROM. */
export interface ParsedDockerfile {
  readonly escape: string;
  readonly globals: readonly Instruction[];
  readonly stages: readonly DockerfileStage[];
}

const known = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);

/** A file that is written by hand has tens; each costs work that grows with those before. */
const maxInstructions = 1000;

/** @returns the error for one line; `code` says which kind. */
export function lineError(
  instruction: Pick<Instruction, 'keyword' | 'line'>,
  why: string,
  code: ImageError['code'] = 'IMAGE_DOCKERFILE_INVALID',
): ImageError {
  const facts = { line: instruction.line, instruction: instruction.keyword };
  return new ImageError(code, `Dockerfile line ${instruction.line}: ${instruction.keyword} ${why}`, { facts });
}

/**
 * Reads a Dockerfile and refuses what the builder cannot do before any work is done.
 *
 * @throws ImageError `IMAGE_RUN_UNSUPPORTED`, `IMAGE_INSTRUCTION_UNSUPPORTED`, `IMAGE_DOCKERFILE_INVALID`, with the line.
 * @see Docker documentation, "Dockerfile reference".
 */
export function parseDockerfile(text: string): ParsedDockerfile {
  const file = DockerfileParser.parse(text);
  const escape = file.getEscapeCharacter();
  const instructions = file.getInstructions().map((parsed) => readInstruction(parsed, escape));
  const surplus = instructions[maxInstructions];
  if (surplus !== undefined) throw lineError(surplus, `is one instruction more than the ${maxInstructions} allowed`);
  instructions.forEach(refuseUnsupported);
  const firstFrom = instructions.findIndex(({ keyword }) => keyword === 'FROM');
  if (firstFrom < 0) throw new ImageError('IMAGE_DOCKERFILE_INVALID', 'the Dockerfile has no FROM');
  const globals = instructions.slice(0, firstFrom);
  const misplaced = globals.find(({ keyword }) => keyword !== 'ARG');
  if (misplaced !== undefined) throw lineError(misplaced, 'stands before the first FROM');
  const stages: { from: Instruction; instructions: Instruction[] }[] = [];
  for (const instruction of instructions.slice(firstFrom)) {
    if (instruction.keyword === 'FROM') stages.push({ from: instruction, instructions: [] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return { escape, globals, stages: stages.map(readStage) };
}

function readStage(stage: { from: Instruction; instructions: readonly Instruction[] }): DockerfileStage {
  const [base, as, name, ...more] = stage.from.text.split(/\s+/).filter((word) => word !== '');
  const isNamed = as?.toLowerCase() === 'as' && name !== undefined && /^[a-z][a-z0-9-_.]*$/i.test(name);
  if (base === undefined || more.length > 0 || (as !== undefined && !isNamed)) {
    throw lineError(stage.from, 'must be FROM image [AS name]');
  }
  return { ...stage, base, ...(name === undefined ? {} : { name: name.toLowerCase() }) };
}

function readInstruction(parsed: ParsedInstruction, escape: string): Instruction {
  const flags =
    parsed instanceof ModifiableInstruction
      ? parsed.getFlags().map((flag) => ({ name: flag.getName(), value: flag.getValue() ?? '' }))
      : [];
  const text = joinLines(parsed.getRawArgumentsContent() ?? '', escape);
  const list = readList(text);
  return {
    keyword: parsed.getKeyword(),
    line: parsed.getRange().start.line + 1,
    flags,
    text,
    ...(list === undefined ? {} : { list }),
  };
}

/** Joins continuation lines and drops comment and empty lines between them, as Docker's parser does. */
function joinLines(raw: string, escape: string): string {
  const lines = raw.split(/\r?\n/).filter((line, index) => index === 0 || !/^\s*(#|$)/.test(line));
  const ending = escape === '`' ? /`[ \t]*$/ : /\\[ \t]*$/;
  return lines
    .map((line, index) => (index < lines.length - 1 ? line.replace(ending, '') : line))
    .join('')
    .trim();
}

function readList(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    return asTextList(JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function refuseUnsupported(instruction: Instruction): void {
  const { keyword, text } = instruction;
  if (keyword === 'RUN') throw lineError(instruction, 'cannot run a command here', 'IMAGE_RUN_UNSUPPORTED');
  if (!known.has(keyword)) throw lineError(instruction, 'is not supported', 'IMAGE_INSTRUCTION_UNSUPPORTED');
  if ((keyword === 'COPY' || keyword === 'ADD') && /(^|\s)<<-?["']?\w/.test(text)) {
    throw lineError(instruction, 'takes no here-document here', 'IMAGE_INSTRUCTION_UNSUPPORTED');
  }
  if (text === '' && keyword !== 'CMD' && keyword !== 'ENTRYPOINT') throw lineError(instruction, 'needs an argument');
}
