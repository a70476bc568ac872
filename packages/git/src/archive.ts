import type { CommitId } from '@slipway/domain';
import type { Cancellable } from '@slipway/ports';
import { writeAtomically } from '@slipway/host';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, pipeline, Readable, Transform } from 'node:stream';
import type { GitProgram } from './git-program.ts';
import { checkHash, checkPath } from './inputs.ts';
import type { Recent } from './recent.ts';

/** Larger archives are made anew each time. */
const maxKeptBytes = 1_048_576;

/**
 * Written to `info/attributes`, which outranks every `.gitattributes` of a tree: without it a tree says which of its own
 * files are left out of its archive, and how their bytes are rewritten (git-archive(1), "ATTRIBUTES"; gitattributes(5)).
 */
const exactAttributes = '* -export-ignore -export-subst -text -crlf -eol -ident -filter -working-tree-encoding\n';

/**
 * Streams a tar of exactly the files of a tree.
 *
 * @param source - `archives`: small ones that were made last, since every stage of a run begins with the same one.
 */
export function archive(
  source: { readonly git: GitProgram; readonly archives: Recent<Buffer> },
  treeish: CommitId,
  options: Cancellable & { readonly path?: string } = {},
): Readable {
  const { git, archives } = source;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const args = ['archive', '--format=tar', '--end-of-options', checkHash(treeish)];
  const folder = checkPath(options.path ?? '');
  const key = `${treeish} ${folder}`;
  const kept = archives.get(key);
  if (kept !== undefined) return Readable.from([kept], { objectMode: false, ...signal });
  const output = new PassThrough();
  const start = async (): Promise<void> => {
    await neutraliseAttributes(git.gitDir);
    if (output.destroyed) return;
    const tar = git.stream(folder === '' ? args : [...args, folder], signal);
    const keeper = keepSmall((whole) => archives.keep(key, whole));
    pipeline(tar, keeper, output, () => undefined);
  };
  start().catch((error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))));
  return output;
}

/** Passes everything on; tells the whole when it came to its end and is small. */
function keepSmall(onWhole: (whole: Buffer) => void): Transform {
  let parts: Buffer[] = [];
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done): void {
      size += chunk.length;
      if (size > maxKeptBytes) parts = [];
      else parts.push(chunk);
      done(null, chunk);
    },
    flush(done): void {
      if (size <= maxKeptBytes) onWhole(Buffer.concat(parts));
      done();
    },
  });
}

async function neutraliseAttributes(gitDir: string): Promise<void> {
  const file = path.join(gitDir, 'info', 'attributes');
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found === exactAttributes) return;
  await mkdir(path.dirname(file), { recursive: true });
  await writeAtomically(file, exactAttributes, 0o644);
}
