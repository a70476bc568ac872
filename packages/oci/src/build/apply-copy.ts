import type { FileTree } from '../layout/file-tree.ts';
import { open } from 'node:fs/promises';
import type { Apply } from './apply-settings.ts';
import { readContent } from './base-image.ts';
import { type Instruction, lineError } from './dockerfile.ts';
import { planCopy } from './plan-copy.ts';
import { addLayer, argumentsOf, expand, type StageState, type StageTools } from './stage.ts';

/** COPY, and ADD of local files that are no archives: one layer each. */
export const applyCopy: Apply = async (state, tools, instruction) => {
  const flags = readFlags(state, tools, instruction);
  const words = argumentsOf(state, tools, instruction);
  const sources = words.slice(0, -1);
  const destination = words.at(-1);
  if (destination === undefined || sources.length === 0)
    throw lineError(instruction, 'needs a source and a destination');
  if (sources.length > 1 && !destination.endsWith('/')) {
    throw lineError(instruction, 'has several sources, so its destination must end in a slash');
  }
  const from = flags.from === undefined ? tools.context : await tools.filesOf(flags.from);
  if (from === undefined)
    throw lineError(instruction, `--from=${flags.from ?? ''} is no earlier stage and no known image`);
  if (instruction.keyword === 'ADD') refuseFetching(instruction, sources);
  const added = planCopy({
    instruction,
    from,
    sources,
    destination,
    into: state.tree,
    workingDir: state.settings.workingDir,
    owner: await ownerOf(state, instruction, flags.chown),
    ...(flags.mode === undefined ? {} : { mode: flags.mode }),
  });
  if (instruction.keyword === 'ADD') await refuseArchives(instruction, added);
  return addLayer(state, tools, { instruction, added });
};

function readFlags(
  state: StageState,
  tools: StageTools,
  instruction: Instruction,
): { readonly from?: string; readonly chown?: string; readonly mode?: number } {
  let flags: { from?: string; chown?: string; mode?: number } = {};
  for (const { name, value } of instruction.flags) {
    const text = expand(state, tools, { instruction, text: value });
    if (name === 'from' && instruction.keyword === 'COPY') flags = { ...flags, from: text };
    else if (name === 'chown') flags = { ...flags, chown: text };
    else if (name === 'chmod' && /^0?[0-7]{3,4}$/.test(text)) flags = { ...flags, mode: Number.parseInt(text, 8) };
    // A layer of its own is what every COPY has here.
    else if (name !== 'link')
      throw lineError(instruction, `has --${name}, not supported`, 'IMAGE_INSTRUCTION_UNSUPPORTED');
  }
  return flags;
}

async function ownerOf(
  state: StageState,
  instruction: Instruction,
  chown: string | undefined,
): Promise<{ readonly uid: number; readonly gid: number }> {
  if (chown === undefined) return { uid: 0, gid: 0 };
  const [user = '', group] = chown.split(':');
  const found = await lookUp(state.tree, 'etc/passwd', user);
  const uid = found?.id;
  const gid = group === undefined ? (found?.group ?? uid) : (await lookUp(state.tree, 'etc/group', group))?.id;
  if (uid === undefined || gid === undefined)
    throw lineError(instruction, `--chown=${chown}: the base has no such name`);
  return { uid, gid };
}

/** A number, or a name in passwd(5) or group(5) of the image. */
async function lookUp(
  tree: FileTree,
  file: string,
  name: string,
): Promise<{ readonly id: number; readonly group?: number } | undefined> {
  if (/^\d{1,9}$/.test(name)) return { id: Number(name) };
  if (name === 'root') return { id: 0, group: 0 };
  const entry = tree.get(file);
  if (entry?.kind !== 'file') return undefined;
  const lines = Buffer.from(await readContent(entry.content))
    .toString('utf8')
    .split('\n');
  const fields = lines.map((line) => line.split(':')).find(([first]) => first === name);
  if (fields === undefined || !/^\d+$/.test(fields[2] ?? '')) return undefined;
  const group = file === 'etc/passwd' ? Number(fields[3]) : undefined;
  return { id: Number(fields[2]), ...(group === undefined ? {} : { group }) };
}

function refuseFetching(instruction: Instruction, sources: readonly string[]): void {
  const remote = sources.find((source) => /^([a-z][a-z0-9+.-]*:\/\/|git@)/i.test(source));
  if (remote !== undefined) {
    throw lineError(
      instruction,
      'fetches nothing here; let a pipeline stage fetch it',
      'IMAGE_INSTRUCTION_UNSUPPORTED',
    );
  }
}

/** First bytes of gzip, bzip2, xz and zstd; a tar says `ustar` at 257. */
const magics = ['1f8b', '425a68', 'fd377a585a00', '28b52ffd'];

/** ADD would unpack an archive; we refuse rather than do something else than Docker. */
async function refuseArchives(instruction: Instruction, added: FileTree): Promise<void> {
  for (const [name, entry] of added) {
    if (entry.kind !== 'file') continue;
    const head = await readHead(entry.content);
    const isArchive =
      magics.some((magic) => head.toString('hex').startsWith(magic)) || head.toString('latin1', 257, 262) === 'ustar';
    if (isArchive) {
      throw lineError(
        instruction,
        `would unpack ${name}; use COPY, or unpack in a stage`,
        'IMAGE_INSTRUCTION_UNSUPPORTED',
      );
    }
  }
}

async function readHead(content: Parameters<typeof readContent>[0]): Promise<Buffer> {
  if (content.kind === 'bytes') return Buffer.from(content.bytes.subarray(0, 262));
  const handle = await open(content.file, 'r');
  try {
    const head = Buffer.alloc(Math.min(262, content.size));
    await handle.read(head, 0, head.length, content.offset);
    return head;
  } finally {
    await handle.close();
  }
}
