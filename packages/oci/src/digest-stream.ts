import { type Digest, parseDigest } from '@slipway/domain';
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { RegistryError } from './errors.ts';

/** SHA-256 of bytes at hand. */
export function digestOf(bytes: Uint8Array): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
}

/**
 * Passes bytes on and ends in an error when they are not those of the digest.
 *
 * @param limits - `maxBytes` stops a source that does not end; `size`, where known, must be met exactly.
 * @throws RegistryError (as the stream's error) `REGISTRY_CONTENT_MISMATCH`, `REGISTRY_CONTENT_TOO_LARGE`.
 */
export function verifyingStream(
  digest: Digest,
  limits: { readonly size?: number | undefined; readonly maxBytes: number },
): Transform {
  const hash = createHash('sha256');
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > limits.maxBytes) {
        done(new RegistryError('REGISTRY_CONTENT_TOO_LARGE', `${digest} is larger than ${limits.maxBytes} bytes`));
        return;
      }
      hash.update(chunk);
      done(undefined, chunk);
    },
    flush(done) {
      const isWhole = limits.size === undefined || limits.size === seen;
      const isSame = isWhole && `sha256:${hash.digest('hex')}` === digest;
      done(isSame ? null : new RegistryError('REGISTRY_CONTENT_MISMATCH', `${seen} bytes are not those of ${digest}`));
    },
  });
}
