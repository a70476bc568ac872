import type { ChangedLines } from '@slipway/ports';

/** More of a line is never needed: only headers are read, and a path is shorter. */
const maxLine = 65_536;

interface Changed {
  readonly path: string;
  readonly ranges: [number, number][];
}

/**
 * Reads `git diff -U0` in pieces and keeps only which lines of the new files are new.
 *
 * A hunk says how many lines belong to it, so content that looks like a header is counted, not read.
 */
export function createDiffLineReader(): { read(chunk: Buffer): void; end(): readonly ChangedLines[] } {
  const files: Changed[] = [];
  let current: Changed | undefined;
  let left = 0;
  let line = '';
  const takeLine = (): void => {
    const text = line;
    line = '';
    if (left > 0 && /^[-+]/.test(text)) {
      left -= 1;
      return;
    }
    if (text.startsWith('+++ ')) {
      const path = readPath(text.slice(4));
      current = path === undefined ? undefined : { path, ranges: [] };
      if (current !== undefined) files.push(current);
      return;
    }
    const hunk = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(text);
    if (hunk === null) return;
    const added = Number(hunk[3] ?? 1);
    const from = Number(hunk[2]);
    left = Number(hunk[1] ?? 1) + added;
    if (added > 0) current?.ranges.push([from, from + added - 1]);
  };
  return {
    read(chunk) {
      for (let at = 0; at < chunk.length; ) {
        const end = chunk.indexOf(0x0a, at);
        const stop = end === -1 ? chunk.length : end;
        if (line.length < maxLine) line += chunk.toString('latin1', at, Math.min(stop, at + maxLine));
        if (end !== -1) takeLine();
        at = stop + 1;
      }
    },
    end: () => files.filter(({ ranges }) => ranges.length > 0),
  };
}

/** `b/path`, C-quoted where it holds a quote, a backslash or a control character; a tab may end it. */
function readPath(text: string): string | undefined {
  if (text === '/dev/null') return undefined;
  const plain = text.startsWith('"') ? unquote(text.slice(1, text.lastIndexOf('"'))) : text.replace(/\t$/, '');
  return Buffer.from(plain, 'latin1').toString().slice('b/'.length);
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
};

function unquote(text: string): string {
  return text.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    /^[0-7]{3}$/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
  );
}
