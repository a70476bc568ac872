import { Transform } from 'node:stream';
import { crc32 } from 'node:zlib';

const blockBytes = 65_535;
// RFC 1952: deflate, no flags, no time, no extra flags, operating system "unknown".
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/**
 * Gzip of stored blocks (level 0), in blocks of 65535 bytes whatever the chunks.
 *
 * Deflate output differs between zlib versions and processors (Node's zlib hashes with the processor's own instructions where it
 * has them); stored blocks are the same everywhere, which is what makes a build's digest the same on any machine.
 *
 * @see RFC 1951, 3.2.4; RFC 1952, 2.3.
 */
export function storedGzip(): Transform {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let sum = 0;
  let size = 0;
  let isStarted = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!isStarted) this.push(header);
      isStarted = true;
      sum = crc32(chunk, sum);
      size += chunk.length;
      pending.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes > blockBytes) {
        const all = Buffer.concat(pending);
        let at = 0;
        // The last bytes wait: only the end knows which block is the last.
        for (; all.length - at > blockBytes; at += blockBytes)
          this.push(block(all.subarray(at, at + blockBytes), false));
        pending = [all.subarray(at)];
        pendingBytes = all.length - at;
      }
      done();
    },
    flush(done) {
      if (!isStarted) this.push(header);
      this.push(block(Buffer.concat(pending), true));
      const trailer = Buffer.alloc(8);
      trailer.writeUInt32LE(sum, 0);
      trailer.writeUInt32LE(size % 2 ** 32, 4);
      this.push(trailer);
      done();
    },
  });
}

function block(bytes: Buffer, isLast: boolean): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(isLast ? 1 : 0, 0);
  head.writeUInt16LE(bytes.length, 1);
  head.writeUInt16LE(~bytes.length & 0xffff, 3);
  return Buffer.concat([head, bytes]);
}
