import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSigningKey, keyFingerprint, openReport, signEnvelope, signReport } from './index.ts';

const key = createSigningKey();
const keyId = keyFingerprint(key.publicKey);
const signer = { privateKey: key.privateKey, keyId };
const report = { phase: 'succeeded', inventory: ['Service x/web'], observed: { generation: 2 } };

describe('a signed report', () => {
  it('says who signed it, and is the same bytes each time', () => {
    const envelope = signReport(report, signer);

    expect(openReport(envelope, key.publicKey)).toMatchObject({ fields: report, keyId });
    expect(signReport({ ...report }, signer)).toBe(envelope);
    expect(openReport(envelope, key.publicKey).digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('is refused by any other key, whatever key id it claims', () => {
    const forged = signReport(report, { privateKey: createSigningKey().privateKey, keyId });

    expect(() => openReport(forged, key.publicKey)).toThrow(
      expect.objectContaining({ code: 'EVIDENCE_SIGNATURE_REFUSED' }),
    );
  });

  it('is no statement, and no statement is a report', () => {
    const payload = Buffer.from(JSON.stringify(report));
    const other = signEnvelope({ payloadType: 'application/vnd.in-toto+json', payload }, [signer]);

    expect(() => openReport(other, key.publicKey)).toThrow(
      expect.objectContaining({ code: 'EVIDENCE_ENVELOPE_INVALID' }),
    );
  });

  it('does not survive a flipped byte of its payload', () => {
    const { payload, ...rest } = JSON.parse(signReport(report, signer)) as { readonly payload: string };
    const bytes = Buffer.from(payload, 'base64');
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const envelope = JSON.stringify({ ...rest, payload: changed.toString('base64') });
        expect(() => openReport(envelope, key.publicKey)).toThrow(
          expect.objectContaining({ code: 'EVIDENCE_SIGNATURE_REFUSED' }),
        );
      }),
    );
  });
});
