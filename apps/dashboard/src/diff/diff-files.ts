import { type FileData, parseDiff } from 'react-diff-view';

/** A file of a unified diff, with what is needed to list it. */
export interface DiffFile {
  readonly key: string;
  readonly path: string;
  readonly from?: string;
  readonly kind: FileData['type'];
  readonly added: number;
  readonly removed: number;
  readonly isBinary: boolean;
  readonly hunks: FileData['hunks'];
}

/** What the server writes at the end of a diff that it cut. */
const cutMark = '\n\\ The diff is longer';

/** @returns `undefined` where the text is not a unified diff: it is shown as it is. */
export function parseDiffFiles(
  diff: string,
): { readonly files: readonly DiffFile[]; readonly isCut: boolean } | undefined {
  const isCut = diff.includes(cutMark);
  const text = isCut ? diff.slice(0, diff.lastIndexOf(cutMark) + 1) : diff;
  try {
    const parsed = parseDiff(withGitHeaders(text));
    // Of a text without file headers the parser makes files without names.
    const isDiff = parsed.length > 0 && parsed.every(({ oldPath, newPath }) => Boolean(oldPath) && Boolean(newPath));
    return isDiff ? { files: parsed.map(describeFile), isCut } : undefined;
  } catch {
    return undefined;
  }
}

/** The parser knows a file by its `diff --git` line; a plain unified diff has none. */
function withGitHeaders(text: string): string {
  if (/^diff --git /m.test(text)) return text;
  return text.replaceAll(/^--- (\S+).*\n\+\+\+ (\S+).*$/gm, (_, before: string, after: string) => {
    const [old, fresh] = [strip(before), strip(after)];
    const name = fresh === '/dev/null' ? old : fresh;
    return `diff --git a/${name} b/${name}\n--- ${old === '/dev/null' ? old : `a/${old}`}\n+++ ${fresh === '/dev/null' ? fresh : `b/${fresh}`}`;
  });
}

function strip(path: string): string {
  return path.replace(/^[ab]\//, '');
}

function describeFile(file: FileData, index: number): DiffFile {
  const changes = file.hunks.flatMap((hunk) => hunk.changes);
  const path = file.type === 'delete' ? file.oldPath : file.newPath;
  return {
    key: `${index} ${path}`,
    path,
    ...(file.type === 'rename' && file.oldPath !== file.newPath ? { from: file.oldPath } : {}),
    kind: file.type,
    added: changes.filter((change) => change.type === 'insert').length,
    removed: changes.filter((change) => change.type === 'delete').length,
    isBinary: file.isBinary === true,
    hunks: file.hunks,
  };
}
