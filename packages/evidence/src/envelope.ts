import { sign, verify, type KeyObject } from 'node:crypto';
import { decodeBase64 } from './base64.ts';
import { canonicalJson, isJsonObject, parseJson } from './canonical-json.ts';
import { EvidenceError } from './evidence-error.ts';
import { keyFingerprint } from './signing-key.ts';

/** Bytes and what they are, before or after signing. */
export interface EnvelopeContent {
  readonly payloadType: string;
  readonly payload: Uint8Array;
}

/** Somebody who signs; `keyId` is a hint for readers and proves nothing. */
export interface EnvelopeSigner {
  readonly privateKey: KeyObject;
  readonly keyId: string;
}

/** What the signature covers: use only these bytes, never the envelope's text again. */
export interface VerifiedContent extends EnvelopeContent {
  /** Fingerprints of the distinct accepted keys that signed. */
  readonly signedBy: readonly string[];
}

/** An envelope's parts, decoded but not believed. */
export interface UnverifiedEnvelope extends EnvelopeContent {
  readonly signatures: readonly Uint8Array[];
}

/** Longer envelopes are refused before they are parsed. */
export const maximumEnvelopeBytes = 16 * 1024 * 1024;

/**
 * The bytes that are signed.
 *
 * @see DSSE 1.0.2, protocol.md, "Signature Definition".
 */
export function pae(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** Signs with every signer; the text is canonical JSON with standard base64. */
export function signEnvelope(content: EnvelopeContent, signers: readonly EnvelopeSigner[]): string {
  const message = pae(content.payloadType, content.payload);
  const signatures = signers.map(({ privateKey, keyId }) => ({
    keyid: keyId,
    sig: sign(null, message, privateKey).toString('base64'),
  }));
  const payload = Buffer.from(content.payload).toString('base64');
  return canonicalJson({ payload, payloadType: content.payloadType, signatures });
}

/**
 * Believes an envelope only by the keys given; each key counts once however often it is listed or has signed.
 *
 * @param keys - accepted Ed25519 public keys; `keyid` in the envelope is not looked at.
 * @param threshold - distinct keys that must have signed, 1 or more; 1 when absent.
 * @throws {@link EvidenceError} `EVIDENCE_ENVELOPE_INVALID` when it is not an envelope, `EVIDENCE_SIGNATURE_REFUSED`
 *   when too few accepted keys signed it.
 */
export function verifyEnvelope(envelopeText: string, keys: readonly KeyObject[], threshold = 1): VerifiedContent {
  const { payloadType, payload, signatures } = parseEnvelope(envelopeText);
  const message = pae(payloadType, payload);
  const byFingerprint = new Map(keys.map((key) => [keyFingerprint(key), key]));
  const signedBy = [...byFingerprint]
    .filter(([, key]) => signatures.some((signature) => verify(null, message, key, signature)))
    .map(([fingerprint]) => fingerprint);
  if (signedBy.length < Math.max(1, threshold)) {
    throw new EvidenceError('EVIDENCE_SIGNATURE_REFUSED', `The envelope is signed by ${signedBy.length} accepted keys`);
  }
  return { payloadType, payload, signedBy };
}

/** Decodes an envelope without believing it. @throws {@link EvidenceError} `EVIDENCE_ENVELOPE_INVALID`. */
export function parseEnvelope(text: string): UnverifiedEnvelope {
  if (text.length > maximumEnvelopeBytes) throw invalid('is too large');
  const parsed = parseJson(text);
  if (!isJsonObject(parsed)) throw invalid('is not a JSON object');
  const { payload, payloadType, signatures } = parsed;
  if (typeof payload !== 'string' || typeof payloadType !== 'string' || !Array.isArray(signatures)) {
    throw invalid('lacks payload, payloadType or signatures');
  }
  const bytes = decodeBase64(payload);
  if (bytes === undefined) throw invalid('has a payload that is not base64');
  return { payloadType, payload: bytes, signatures: signatures.map(parseSignature) };
}

function parseSignature(signature: unknown): Buffer {
  const text = isJsonObject(signature) ? signature['sig'] : undefined;
  const bytes = typeof text === 'string' ? decodeBase64(text) : undefined;
  if (bytes === undefined) throw invalid('has a signature that is not base64');
  return bytes;
}

function invalid(what: string): EvidenceError {
  return new EvidenceError('EVIDENCE_ENVELOPE_INVALID', `The envelope ${what}`);
}
