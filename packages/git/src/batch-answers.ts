import { InvariantError, parseCommitId, type CommitId } from '@slipway/domain';

const types = ['blob', 'tree', 'commit', 'tag'] as const;

export interface GitObject {
  readonly id: CommitId;
  readonly type: (typeof types)[number];
  /** In bytes. */
  readonly size: number;
  /** Empty in the answer to `info`. */
  readonly content: Buffer;
}

/** Whoever waits for the next answer. */
export interface AnswerTaker {
  /** `contents` answers the line of `info`, the bytes and a line feed. */
  expectsContent(): boolean;
  answer(object: GitObject | undefined): void;
}

/** Reads the answers of `git cat-file --batch-command`, given in pieces. */
export function createAnswerParser(taker: AnswerTaker): (chunk: Buffer) => void {
  let line: Buffer[] = [];
  let body: { readonly object: GitObject; filled: number } | undefined;
  const takeLine = (chunk: Buffer): Buffer => {
    const end = chunk.indexOf(0x0a);
    line.push(end === -1 ? chunk : chunk.subarray(0, end));
    if (end === -1) return chunk.subarray(chunk.length);
    const object = readHeader(Buffer.concat(line).toString());
    line = [];
    if (object === undefined || !taker.expectsContent()) taker.answer(object);
    else body = { object: { ...object, content: Buffer.allocUnsafe(object.size) }, filled: 0 };
    return chunk.subarray(end + 1);
  };
  const takeBody = (chunk: Buffer, current: { readonly object: GitObject; filled: number }): Buffer => {
    const { content, size } = current.object;
    const copied = chunk.copy(content, current.filled, 0, size - current.filled);
    current.filled += copied;
    // The line feed behind the bytes belongs to the answer.
    if (current.filled < size || copied === chunk.length) return chunk.subarray(copied);
    body = undefined;
    taker.answer(current.object);
    return chunk.subarray(copied + 1);
  };
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) rest = body === undefined ? takeLine(rest) : takeBody(rest, body);
  };
}

function readHeader(line: string): GitObject | undefined {
  const match = /^([0-9a-f]{40}) ([a-z]+) (\d+)$/.exec(line);
  if (match !== null) {
    const type = types.find((known) => known === match[2]);
    if (type === undefined) throw new InvariantError(`git cat-file names the type ${match[2] ?? ''}`);
    return { id: parseCommitId(match[1] ?? ''), type, size: Number(match[3]), content: Buffer.alloc(0) };
  }
  if (/ (missing|ambiguous)$/.test(line)) return undefined;
  throw new InvariantError('git cat-file answered in a form of its own');
}
