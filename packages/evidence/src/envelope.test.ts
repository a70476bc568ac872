import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createSigningKey,
  EvidenceError,
  keyFingerprint,
  pae,
  parsePrivateKey,
  parsePublicKey,
  printPrivateKey,
  printPublicKey,
  signEnvelope,
  verifyEnvelope,
} from './index.ts';

const key = createSigningKey();
const other = createSigningKey();
const payload = Buffer.from('hello >>>???');
const envelope = signEnvelope({ payloadType: 'text/plain', payload }, [{ privateKey: key.privateKey, keyId: 'k' }]);

describe('keys', () => {
  it('come back from PEM with the same fingerprint', () => {
    const again = parsePrivateKey(printPrivateKey(key.privateKey));

    expect(keyFingerprint(again.publicKey)).toBe(keyFingerprint(key.publicKey));
    expect(keyFingerprint(parsePublicKey(printPublicKey(key.publicKey)))).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it.each(['', 'nonsense', printPrivateKey(key.privateKey)])('refuses to verify with %#', (pem) => {
    expect(() => parsePublicKey(pem)).toThrow(expect.objectContaining({ code: 'EVIDENCE_KEY_INVALID' }));
  });
});

describe('pae', () => {
  it('counts bytes, not characters', () => {
    expect(pae('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
    expect(pae('é', Buffer.from('ü')).toString()).toBe('DSSEv1 2 é 2 ü');
  });
});

describe('verifyEnvelope', () => {
  it('gives the signed bytes and who signed them', () => {
    const content = verifyEnvelope(envelope, [other.publicKey, key.publicKey]);

    expect(Buffer.from(content.payload)).toEqual(payload);
    expect(content.signedBy).toEqual([keyFingerprint(key.publicKey)]);
  });

  it('accepts URL-safe base64, padded or not', () => {
    const urlSafe = envelope
      .replaceAll('+', '-')
      .replaceAll('=', '')
      .replace(/(?<="payload":"[^"]*)\//g, '_');
    const isChanged = urlSafe !== envelope;

    expect(isChanged).toBe(true);
    const signature = JSON.parse(envelope) as { signatures: { sig: string }[] };
    const sig = signature.signatures[0]?.sig ?? '';
    const text = urlSafe.replace(/"sig":"[^"]*"/, `"sig":"${Buffer.from(sig, 'base64').toString('base64url')}"`);
    expect(Buffer.from(verifyEnvelope(text, [key.publicKey]).payload)).toEqual(payload);
  });

  it('counts a key once, however often it is listed or has signed', () => {
    const signer = { privateKey: key.privateKey, keyId: 'a' };
    const twice = signEnvelope({ payloadType: 't', payload }, [signer, { ...signer, keyId: 'b' }]);
    const both = signEnvelope({ payloadType: 't', payload }, [signer, { privateKey: other.privateKey, keyId: 'a' }]);
    const keys = [key.publicKey, key.publicKey, other.publicKey];

    expect(() => verifyEnvelope(twice, keys, 2)).toThrow(
      expect.objectContaining({ code: 'EVIDENCE_SIGNATURE_REFUSED' }),
    );
    expect(verifyEnvelope(both, keys, 2).signedBy).toHaveLength(2);
  });

  it('never passes with no key or a threshold of 0', () => {
    expect(() => verifyEnvelope(envelope, [])).toThrow(EvidenceError);
    expect(() => verifyEnvelope(envelope, [other.publicKey], 0)).toThrow(EvidenceError);
  });

  it.each([
    '',
    '[]',
    '{}',
    'null',
    '{"payload":"a","payloadType":"t","signatures":[]}',
    '{"payload":"!","payloadType":"t","signatures":[]}',
  ])('refuses %j as no envelope or unsigned', (text) => {
    expect(() => verifyEnvelope(text, [key.publicKey])).toThrow(EvidenceError);
  });

  it('never gives other bytes or another type for a flipped bit', () => {
    fc.assert(
      fc.property(fc.nat(Buffer.byteLength(envelope) - 1), fc.nat(7), (at, bit) => {
        const bytes = Buffer.from(envelope);
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
        const read = attempt(() => verifyEnvelope(bytes.toString(), [key.publicKey]));

        if (read !== undefined) expect([Buffer.from(read.payload), read.payloadType]).toEqual([payload, 'text/plain']);
      }),
      { numRuns: 500 },
    );
  });
});

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}
