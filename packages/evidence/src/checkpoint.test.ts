import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSigningKey, leafHash, parseCheckpoint, signCheckpoint, verifyCheckpoint } from './index.ts';
import { isSignedBy, parseNote } from './signed-note.ts';

const key = createSigningKey();
const root = leafHash(Buffer.from('x'));
const note = signCheckpoint({ origin: 'slipway.test/log', size: 7, root }, key.privateKey);
const refused = expect.objectContaining({ code: 'EVIDENCE_CHECKPOINT_INVALID' });

describe('a checkpoint', () => {
  it('is a signed note that comes back as it was', () => {
    expect(note).toMatch(/^slipway\.test\/log\n7\n\S{44}\n\n— slipway\.test\/log \S{92}\n$/);
    expect(verifyCheckpoint(note, key.publicKey, 'slipway.test/log')).toEqual({
      origin: 'slipway.test/log',
      size: 7,
      root,
    });
  });

  it('verifies a note signed by another implementation, with its published key', () => {
    const text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const line = 'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=';
    const raw = Buffer.from('ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'base64').subarray(1);
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    const published = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const theirs = parseNote(`${text}\n— PeterNeumann ${line}\n`);

    expect(isSignedBy(theirs, 'PeterNeumann', published)).toBe(true);
    expect(isSignedBy({ ...theirs, text: `${text}x\n` }, 'PeterNeumann', published)).toBe(false);
  });

  it('passes over signatures of others and refuses a second one of ours', () => {
    const [, line = ''] = note.split('\n\n');
    const witness = `— witness.test/w ${Buffer.alloc(68, 1).toString('base64')}\n`;

    expect(verifyCheckpoint(note + witness, key.publicKey).size).toBe(7);
    expect(() => verifyCheckpoint(note + line, key.publicKey)).toThrow(refused);
  });

  it('refuses another key, another log and every flipped bit', () => {
    expect(() => verifyCheckpoint(note, createSigningKey().publicKey)).toThrow(refused);
    expect(() => verifyCheckpoint(note, key.publicKey, 'other.test/log')).toThrow(refused);
    for (let at = 0; at < Buffer.byteLength(note) * 8; at += 1) {
      const bytes = Buffer.from(note);
      bytes.writeUInt8(bytes.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3);
      expect(() => verifyCheckpoint(bytes.toString(), key.publicKey)).toThrow(refused);
    }
  });

  it.each(['', '\n\n', 'a\n1\nx\n\n', 'a\n01\n', note.replace('7', '07'), note.replace('7', '-7'), note.slice(0, -1)])(
    'refuses %j',
    (text) => {
      expect(() => parseCheckpoint(text)).toThrow(refused);
    },
  );

  it('refuses to sign an origin that a note cannot hold', () => {
    expect(() => signCheckpoint({ origin: 'a b', size: 1, root }, key.privateKey)).toThrow(refused);
  });
});
