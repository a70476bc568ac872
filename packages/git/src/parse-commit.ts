import { InvariantError, parseCommitId, type CommitId, type Signature } from '@slipway/domain';
import type { GitCommit } from '@slipway/ports';
import { parseTrailers } from './trailers.ts';

const lastSecond = 253_402_300_799;

/** Reads a commit object as it is stored. Bytes that are not UTF-8 are read as Latin-1, as Git's own viewers do. */
export function parseCommit(id: CommitId, content: Buffer): GitCommit {
  const text = decodeText(content);
  const split = text.indexOf('\n\n');
  const lines = (split === -1 ? text : text.slice(0, split)).split('\n');
  const message = split === -1 ? '' : text.slice(split + 2);
  const values = (key: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  return {
    id,
    tree: parseCommitId(firstOf(values('tree'), id)),
    parents: values('parent').map(parseCommitId),
    author: parseIdentity(firstOf(values('author'), id)),
    committer: parseIdentity(firstOf(values('committer'), id)),
    message,
    trailers: parseTrailers(message),
  };
}

function parseIdentity(line: string): Signature & { readonly at: string } {
  const close = line.lastIndexOf('>');
  const open = line.lastIndexOf('<', close);
  const seconds = Number(/^ *(\d{1,12})/.exec(line.slice(close + 1))?.[1] ?? 0);
  return {
    name: line.slice(0, Math.max(open, 0)).trim(),
    email: line.slice(open + 1, Math.max(close, 0)),
    at: new Date(Math.min(seconds, lastSecond) * 1000).toISOString(),
  };
}

function decodeText(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return content.toString('latin1');
  }
}

function firstOf(values: readonly string[], id: CommitId): string {
  const [value] = values;
  if (value === undefined) throw new InvariantError(`commit ${id} lacks a header that Git checks for`);
  return value;
}
