import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { writeFrame } from './input-frames.ts';

it('writes frames of any chunking that the driver’s shell reads back byte for byte', async () => {
  const first = Buffer.alloc(2_500_000, 'abc\0\n');
  const script =
    'frame() { while read -r n && [ "$n" != 0 ]; do head -c "$n"; done; }; frame | sha256sum; frame; frame';
  const reader = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  reader.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });

  await writeFrame(
    reader.stdin,
    Readable.from([first.subarray(0, 1), first.subarray(1, 1_500_000), first.subarray(1_500_000)]),
  );
  await writeFrame(reader.stdin, Readable.from([]));
  await writeFrame(reader.stdin, Buffer.from('0\nlast'));
  await once(reader, 'close');

  const digest = await crypto.subtle.digest('SHA-256', first);
  expect(text).toBe(`${Buffer.from(digest).toString('hex')}  -\n0\nlast`);
});

it('fails instead of waiting for ever when the reader is gone', async () => {
  const reader = spawn('true', { stdio: ['pipe', 'ignore', 'ignore'] });
  reader.stdin.on('error', () => reader.stdin.destroy());

  const endless = Readable.from(
    (function* () {
      for (let index = 0; index < 64; index++) yield Buffer.alloc(1_048_576);
    })(),
  );

  await expect(writeFrame(reader.stdin, endless)).rejects.toThrow();
});
