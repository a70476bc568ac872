import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Extract, extract } from 'tar-stream';

/** One entry: its header, and its bytes as a stream. */
type Entry = Extract extends AsyncIterable<infer One> ? One : never;

/**
 * Entries of a tar in order; each must be read to its end, or resumed, before the next.
 *
 * Ends whole: a reader that stops early closes the source, and a source or tar that breaks fails the reader. Nothing is left to reject
 * alone, which would end the server.
 */
export async function* tarEntries(source: Readable): AsyncGenerator<Entry, void, undefined> {
  const entries = extract();
  const feeding = pipeline(source, entries);
  feeding.catch(() => undefined);
  yield* entries;
  await feeding;
}
