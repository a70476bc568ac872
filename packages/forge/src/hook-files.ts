import { writeAtomically } from '@slipway/host';
import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { ForgeError } from './forge-error.ts';
import { hookProgram, hookStarter } from './hook-script.ts';

/** The folder that `core.hooksPath` names, and a way to see that nobody touched it. */
export interface HookFiles {
  readonly folder: string;
  /** Git skips a missing or unreadable hook in silence, so look first. @throws {@link ForgeError} `FORGE_HOOK_BROKEN`. */
  check(): Promise<void>;
}

/** Writes the hook of this version and this Node; an older server beside it keeps its own folder. */
export async function writeHookFiles(stateDir: string): Promise<HookFiles> {
  const hash = createHash('sha256')
    .update(process.execPath)
    .update('\0')
    .update(hookProgram)
    .digest('hex')
    .slice(0, 16);
  const folder = path.join(path.resolve(stateDir), 'forge-hooks', hash);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const program = path.join(folder, 'ask-server.cjs');
  const expected = new Map([
    ['ask-server.cjs', { content: hookProgram, mode: 0o600 }],
    ['pre-receive', { content: hookStarter(process.execPath, program), mode: 0o700 }],
  ]);
  for (const [name, { content, mode }] of expected) await writeAtomically(path.join(folder, name), content, mode);
  const files: HookFiles = { folder, check: () => checkFolder(folder, expected) };
  await files.check();
  return files;
}

type Expected = ReadonlyMap<string, { readonly content: string; readonly mode: number }>;

async function checkFolder(folder: string, expected: Expected): Promise<void> {
  const me = process.getuid?.();
  const fault = (what: string, cause?: unknown): ForgeError =>
    new ForgeError('FORGE_HOOK_BROKEN', `${folder}: ${what}`, { cause });
  try {
    const found = await lstat(folder);
    if (!found.isDirectory() || found.uid !== me || (found.mode & 0o022) !== 0) throw fault('others can write here');
    for (const [name, { content, mode }] of expected) {
      const file = path.join(folder, name);
      const stat = await lstat(file);
      if (!stat.isFile() || stat.uid !== me || (stat.mode & 0o777) !== mode)
        throw fault(`${name} has changed owner or mode`);
      if ((await readFile(file, 'utf8')) !== content) throw fault(`${name} has other content`);
    }
    // Another hook beside ours would run too.
    const strange = (await readdir(folder)).filter((name) => !expected.has(name) && !name.startsWith('.'));
    if (strange.length > 0) throw fault(`${strange.join(', ')} does not belong here`);
  } catch (error) {
    if (error instanceof ForgeError) throw error;
    throw fault('the hook cannot be read', error);
  }
}
