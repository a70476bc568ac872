import type { Readable, Writable } from 'node:stream';
import { once } from 'node:events';

/** One chunk costs the driver one `head`, so small reads are gathered. */
const chunkBytes = 1_048_576;

/** Writes one frame: chunks of `<bytes>\n<bytes…>`, ended by `0\n`. Waits while the reader is slow. */
export async function writeFrame(channel: Writable, content: Readable | Uint8Array): Promise<void> {
  if (content instanceof Uint8Array) {
    await writeChunk(channel, [content]);
  } else {
    for await (const gathered of gather(content)) await writeChunk(channel, gathered);
  }
  await write(channel, Buffer.from('0\n'));
}

/** Tells the driver that what it announced last was taken. */
export async function acknowledge(channel: Writable): Promise<void> {
  await write(channel, Buffer.from('taken\n'));
}

async function* gather(content: Readable): AsyncGenerator<readonly Uint8Array[]> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of content as AsyncIterable<Uint8Array>) {
    parts.push(part);
    size += part.length;
    if (size < chunkBytes) continue;
    yield parts;
    parts = [];
    size = 0;
  }
  yield parts;
}

async function writeChunk(channel: Writable, parts: readonly Uint8Array[]): Promise<void> {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (size === 0) return;
  channel.cork();
  channel.write(`${size}\n`);
  for (const part of parts.slice(0, -1)) channel.write(part);
  const written = write(channel, parts.at(-1) ?? Buffer.alloc(0));
  channel.uncork();
  await written;
}

async function write(channel: Writable, bytes: Uint8Array): Promise<void> {
  if (channel.destroyed) throw new Error('the channel is closed');
  if (!channel.write(bytes)) await once(channel, 'drain', { signal: closing(channel) });
}

/** A channel that closes while we wait for it never drains. */
function closing(channel: Writable): AbortSignal {
  const controller = new AbortController();
  channel.once('close', () => controller.abort());
  return controller.signal;
}
