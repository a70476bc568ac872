import { authorisedFile } from './authorised.ts';
import { type Closure, closureLimits, type ClosureReader } from './closure.ts';
import { ManifestError } from './manifest-error.ts';

/** A file of a closure with its bytes, as a renderer takes it. */
export interface ClosureContent {
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * Reads all files of a closure; of a whole tree every file, without links, submodules and what promotions write (`authorised.yaml`).
 *
 * @throws ManifestError `CLOSURE_TOO_LARGE`, `CLOSURE_FILE_MISSING` when the reader no longer has one.
 */
export async function readClosure(closure: Closure, reader: ClosureReader): Promise<readonly ClosureContent[]> {
  const paths = closure.kind === 'files' ? closure.files.map((file) => file.path) : await listTree(reader);
  const contents: ClosureContent[] = [];
  let bytes = 0;
  for (const path of paths) {
    const at = { file: path, line: 1, column: 1 };
    const content = await reader.readFile(path);
    if (content === undefined) throw new ManifestError('CLOSURE_FILE_MISSING', 'it is not there', at);
    bytes += content.byteLength;
    if (bytes > closureLimits.bytes) {
      throw new ManifestError('CLOSURE_TOO_LARGE', `more than ${closureLimits.bytes} bytes are needed`, at);
    }
    contents.push({ path, content });
  }
  return contents;
}

async function listTree(reader: ClosureReader): Promise<readonly string[]> {
  const files: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of (await reader.listFolder(folder)) ?? []) {
      // It names the render's digest, so no render may depend on it.
      if (name === authorisedFile) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      const mode = await reader.modeOf(path);
      if (mode === '040000') folders.push(path);
      if (mode === '100644' || mode === '100755') files.push(path);
      if (files.length + folders.length > closureLimits.files) {
        throw new ManifestError('CLOSURE_TOO_LARGE', `the tree has more than ${closureLimits.files} files`, {
          file: path,
          line: 1,
          column: 1,
        });
      }
    }
  }
  return files.toSorted();
}
