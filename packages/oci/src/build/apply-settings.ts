import path from 'node:path';
import type { FileTree, TreeEntry } from '../layout/file-tree.ts';
import { parentsOf, resolveInTree } from '../layout/file-tree.ts';
import { type Instruction, lineError } from './dockerfile.ts';
import { addLayer, argumentsOf, expand, type StageState, type StageTools, withSettings, wordsOf } from './stage.ts';

/** @internal Carries out one instruction. */
export type Apply = (
  state: StageState,
  tools: StageTools,
  instruction: Instruction,
) => StageState | Promise<StageState>;

const arg: Apply = (state, tools, instruction) => {
  const args = new Map(state.args);
  for (const word of wordsOf(state, tools, instruction)) {
    const [, name, , fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) throw lineError(instruction, `has the bad name ${JSON.stringify(word)}`);
    const value = tools.buildArguments[name] ?? fallback ?? tools.globals.get(name);
    if (value !== undefined) args.set(name, value);
  }
  return { ...state, args };
};

function pairsOf(
  state: StageState,
  tools: StageTools,
  instruction: Instruction,
): readonly (readonly [string, string])[] {
  const words = wordsOf(state, tools, instruction);
  if (words[0]?.includes('=') === true) {
    return words.map((word) => {
      const mark = word.indexOf('=');
      if (mark <= 0) throw lineError(instruction, `has ${JSON.stringify(word)} where name=value is needed`);
      return [word.slice(0, mark), word.slice(mark + 1)];
    });
  }
  // The old form `ENV name the rest is the value`.
  const [, name, rest] = /^(\S+)\s+(.+)$/s.exec(instruction.text) ?? [];
  if (name === undefined || rest === undefined) throw lineError(instruction, 'needs name=value');
  return [[name, expand(state, tools, { instruction, text: rest })]];
}

const env: Apply = (state, tools, instruction) =>
  withSettings(state, instruction, { env: new Map([...state.settings.env, ...pairsOf(state, tools, instruction)]) });

const label: Apply = (state, tools, instruction) =>
  withSettings(state, instruction, {
    labels: { ...state.settings.labels, ...Object.fromEntries(pairsOf(state, tools, instruction)) },
  });

const workdir: Apply = async (state, tools, instruction) => {
  const wanted = expand(state, tools, { instruction, text: instruction.text });
  const workingDir = path.posix.resolve('/', state.settings.workingDir, wanted);
  const changed = withSettings(state, instruction, { workingDir });
  const target = resolveInTree(state.tree, workingDir, { followLast: true });
  if (target === undefined) throw lineError(instruction, 'is in a loop of links');
  const missing = missingFolders(state.tree, target, instruction);
  if (missing.size === 0) return changed;
  // A process is started in that folder, so it must be there.
  const made = await addLayer(state, tools, { instruction, added: missing });
  return { ...made, settings: changed.settings };
};

function missingFolders(tree: FileTree, target: string, instruction: Instruction): FileTree {
  const missing = new Map<string, TreeEntry>();
  for (const folder of [...parentsOf(target), target]) {
    const old = folder === '' ? undefined : tree.get(folder);
    if (old !== undefined && old.kind !== 'folder') throw lineError(instruction, `is the file /${folder}`);
    if (old === undefined && folder !== '') missing.set(folder, { kind: 'folder', mode: 0o755 });
  }
  return missing;
}

const user: Apply = (state, tools, instruction) => {
  const value = expand(state, tools, { instruction, text: instruction.text });
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(value)) {
    throw lineError(instruction, 'needs user or user:group');
  }
  return withSettings(state, instruction, { user: value });
};

const expose: Apply = (state, tools, instruction) => {
  const ports = wordsOf(state, tools, instruction).map((word) => {
    if (!/^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/.test(word)) throw lineError(instruction, `has the bad port ${word}`);
    return word.includes('/') ? word : `${word}/tcp`;
  });
  return withSettings(state, instruction, { ports: [...state.settings.ports, ...ports] });
};

const volume: Apply = (state, tools, instruction) =>
  withSettings(state, instruction, {
    volumes: [...state.settings.volumes, ...argumentsOf(state, tools, instruction)],
  });

/** Exec form as it is; shell form by the shell, its text untouched: the shell puts variables in when it runs. */
function commandOf(state: StageState, { list, text }: Pick<Instruction, 'list' | 'text'>): readonly string[] {
  return list ?? (text === '' ? [] : [...state.settings.shell, text]);
}

const cmd: Apply = (state, _tools, instruction) =>
  withSettings(state, instruction, { cmd: commandOf(state, instruction), isCmdOwn: true });

const entrypoint: Apply = (state, _tools, instruction) => {
  const { cmd: inherited, ...rest } = state.settings;
  const keepsCmd = state.settings.isCmdOwn && inherited !== undefined;
  const settings = { ...rest, ...(keepsCmd ? { cmd: inherited } : {}), entrypoint: commandOf(state, instruction) };
  return { ...withSettings(state, instruction, {}), settings };
};

const shell: Apply = (state, _tools, instruction) => {
  if (instruction.list === undefined || instruction.list.length === 0) {
    throw lineError(instruction, 'needs a JSON list of texts');
  }
  return withSettings(state, instruction, { shell: instruction.list });
};

const stopsignal: Apply = (state, tools, instruction) =>
  withSettings(state, instruction, { stopSignal: expand(state, tools, { instruction, text: instruction.text }) });

const durations: Readonly<Record<string, string>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};

const healthcheck: Apply = (state, _tools, instruction) => {
  if (instruction.text.toUpperCase() === 'NONE') {
    return withSettings(state, instruction, { healthcheck: { Test: ['NONE'] } });
  }
  const [, text] = /^CMD\s+(.+)$/is.exec(instruction.text) ?? [];
  if (text === undefined) throw lineError(instruction, 'needs NONE or CMD');
  const options = instruction.flags.map(({ name, value }): readonly [string, number] => {
    const field = durations[name];
    if (name === 'retries' && /^\d{1,6}$/.test(value)) return ['Retries', Number(value)];
    const nanoseconds = field === undefined ? undefined : parseDuration(value);
    if (field === undefined || nanoseconds === undefined) throw lineError(instruction, `has a bad --${name}`);
    return [field, nanoseconds];
  });
  const test = text.startsWith('[') ? parseList(text) : ['CMD-SHELL', text];
  if (test === undefined) throw lineError(instruction, 'has a CMD that is no JSON list');
  return withSettings(state, instruction, { healthcheck: { Test: test, ...Object.fromEntries(options) } });
};

function parseList(text: string): readonly string[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    const isTexts = Array.isArray(list) && list.every((item) => typeof item === 'string');
    return isTexts ? ['CMD', ...(list as readonly string[])] : undefined;
  } catch {
    return undefined;
  }
}

/** Nanoseconds of a duration as Go writes it (`1m30s`); absent when it is none. */
function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return undefined;
  const units: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  return Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0), 0));
}

/** Instructions that change only what the image says of itself. */
export const applySettings: Readonly<Record<string, Apply>> = {
  ARG: arg,
  CMD: cmd,
  ENTRYPOINT: entrypoint,
  ENV: env,
  EXPOSE: expose,
  HEALTHCHECK: healthcheck,
  LABEL: label,
  SHELL: shell,
  STOPSIGNAL: stopsignal,
  USER: user,
  VOLUME: volume,
  WORKDIR: workdir,
};
