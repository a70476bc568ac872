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

/**
 * The parser knows a file by its `diff --git` line; what the server renders has none, and names its objects with spaces.
 *
 * Lines are counted by the hunks' own numbers: a removed line that reads `-- x` is no header.
 */
function withGitHeaders(text: string): string {
  if (text.startsWith('diff --git ')) return text;
  let left = 0;
  const lines = text.split('\n');
  return lines
    .map((line, index) => {
      if (left > 0) {
        left -= line.startsWith(' ') || line === '' ? 2 : line.startsWith('\\') ? 0 : 1;
        return line;
      }
      const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
      if (hunk !== null) left = Number(hunk[1] ?? 1) + Number(hunk[2] ?? 1);
      if (line.startsWith('--- ') && lines[index + 1]?.startsWith('+++ ') === true) {
        return `diff --git a/${index} b/${index}\n--- ${prefixed('a', line.slice(4))}`;
      }
      return line.startsWith('+++ ') ? `+++ ${prefixed('b', line.slice(4))}` : line;
    })
    .join('\n');
}

/** The parser takes two characters off every name but `/dev/null`. */
function prefixed(side: 'a' | 'b', name: string): string {
  return name === '/dev/null' || name.startsWith(`${side}/`) ? name : `${side}/${name}`;
}

function describeFile(file: FileData, index: number): DiffFile {
  const changes = file.hunks.flatMap((hunk) => hunk.changes);
  // Git ends a name that has a space with a tab.
  const path = (file.type === 'delete' ? file.oldPath : file.newPath).trimEnd();
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
