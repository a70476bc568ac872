import type { Readable, Writable } from 'node:stream';

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
  if (!channel.write(bytes)) await drained(channel);
}

/** Waits for room; a channel that closes meanwhile never has any. */
function drained(channel: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      channel.off('drain', settle).off('close', settle).off('error', settle);
      if (channel.destroyed) reject(new Error('the channel is closed'));
      else resolve();
    };
    channel.on('drain', settle).on('close', settle).on('error', settle);
  });
}
