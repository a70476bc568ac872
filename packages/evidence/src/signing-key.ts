import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { EvidenceError } from './evidence-error.ts';

/** An Ed25519 pair. The private half never leaves the process that signs. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A new Ed25519 pair from the system's random source. */
export function createSigningKey(): SigningKey {
  return generateKeyPairSync('ed25519');
}

/** PKCS#8 PEM, unencrypted: keep the file readable by its owner only. */
export function printPrivateKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** SPKI PEM. */
export function printPublicKey(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** @throws {@link EvidenceError} `EVIDENCE_KEY_INVALID`; the message never holds the text. */
export function parsePrivateKey(pem: string): SigningKey {
  const privateKey = ed25519(() => createPrivateKey(pem), 'private');
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/**
 * Reads the key that a person pinned. A private key is refused although a public one could be derived from it: whoever
 * hands it to a verifier has made a mistake.
 *
 * @throws {@link EvidenceError} `EVIDENCE_KEY_INVALID`.
 */
export function parsePublicKey(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY'))
    throw new EvidenceError('EVIDENCE_KEY_INVALID', 'A private key was given to verify with');
  return ed25519(() => createPublicKey(pem), 'public');
}

/** `sha256:` and hex over the SPKI DER bytes of the public half: what a person pins. */
export function keyFingerprint(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}

function ed25519(read: () => KeyObject, kind: string): KeyObject {
  const key = attempt(read);
  if (key?.asymmetricKeyType === 'ed25519') return key;
  const found = key?.asymmetricKeyType ?? 'something unreadable';
  throw new EvidenceError('EVIDENCE_KEY_INVALID', `The ${kind} key is ${found}, not Ed25519`);
}

// The cause of a failed read may quote the key, so it is dropped.
function attempt(read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
