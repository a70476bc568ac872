import type { Readable } from 'node:stream';

/**
 * The lines of a stream as they come. Node's readline throws a stream's error a second time where nobody can catch it.
 *
 * @param maxBytes - of one line; a longer one ends the stream with an error.
 */
export async function* readLines(stream: Readable, maxBytes: number): AsyncGenerator<string> {
  let held = Buffer.alloc(0);
  for await (const chunk of stream) {
    held = Buffer.concat([held, Buffer.from(chunk as Uint8Array)]);
    for (let end = held.indexOf(10); end >= 0; end = held.indexOf(10)) {
      yield held.subarray(0, end).toString();
      held = held.subarray(end + 1);
    }
    if (held.length > maxBytes) throw new Error('a line is longer than its limit');
  }
}
