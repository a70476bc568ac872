import type { CommitId } from '@slipway/domain';
import type { Cancellable } from '@slipway/ports';
import { writeAtomically } from '@slipway/host';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import type { GitProgram } from './git-program.ts';
import { checkHash, checkPath } from './inputs.ts';

/**
 * Written to `info/attributes`, which outranks every `.gitattributes` of a tree: without it a tree says which of its own
 * files are left out of its archive, and how their bytes are rewritten (git-archive(1), "ATTRIBUTES"; gitattributes(5)).
 */
const exactAttributes = '* -export-ignore -export-subst -text -crlf -eol -ident -filter -working-tree-encoding\n';

/** Streams a tar of exactly the files of a tree. */
export function archive(
  git: GitProgram,
  treeish: CommitId,
  options: Cancellable & { readonly path?: string } = {},
): Readable {
  const args = ['archive', '--format=tar', '--end-of-options', checkHash(treeish)];
  const folder = checkPath(options.path ?? '');
  const output = new PassThrough();
  const start = async (): Promise<void> => {
    await neutraliseAttributes(git.gitDir);
    if (output.destroyed) return;
    const tar = git.stream(
      folder === '' ? args : [...args, folder],
      options.signal === undefined ? {} : { signal: options.signal },
    );
    pipeline(tar, output, () => undefined);
  };
  start().catch((error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))));
  return output;
}

async function neutraliseAttributes(gitDir: string): Promise<void> {
  const file = path.join(gitDir, 'info', 'attributes');
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found === exactAttributes) return;
  await mkdir(path.dirname(file), { recursive: true });
  await writeAtomically(file, exactAttributes, 0o644);
}
