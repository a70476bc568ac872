import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { decodeBase64 } from './base64.ts';
import { EvidenceError } from './evidence-error.ts';

/** A note as read; nothing in it is believed. */
export interface ParsedNote {
  /** What the signatures cover, with its last line end. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A line below the text. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

const maximumNoteLength = 64 * 1024;
const nameShape = /^[^\s+\p{Cc}]{1,255}$/u;
const signatureShape = /^\u2014 (\S+) (\S+)$/u;
const ed25519Note = 1;

/** Tells whether a key can have this name: no space, plus or control character. */
export function isNoteName(name: string): boolean {
  return nameShape.test(name);
}

/** Signs a text that ends with a line end. @see C2SP signed-note. */
export function signNote(text: string, name: string, privateKey: KeyObject): string {
  const keyId = noteKeyId(name, createPublicKey(privateKey));
  const signature = Buffer.concat([keyId, sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n\u2014 ${name} ${signature.toString('base64')}\n`;
}

/** Splits text and signatures. @throws {@link EvidenceError} `EVIDENCE_CHECKPOINT_INVALID`. */
export function parseNote(note: string): ParsedNote {
  const end = note.lastIndexOf('\n\n');
  if (note.length > maximumNoteLength || end < 0 || !note.endsWith('\n')) throw invalidNote('is not a signed note');
  const lines = note.slice(end + 2, -1).split('\n');
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignatureLine) };
}

/**
 * Tells whether exactly one line is by this name and key, and holds. Lines of others are not looked at.
 *
 * @see C2SP signed-note: a failed signature of a known key refuses the whole note.
 */
export function isSignedBy(note: ParsedNote, name: string, publicKey: KeyObject): boolean {
  const keyId = noteKeyId(name, publicKey);
  const ours = note.signatures.filter((line) => line.name === name && keyId.equals(line.keyId));
  const message = Buffer.from(note.text);
  return ours.length === 1 && ours.every(({ signature }) => verify(null, message, publicKey, signature));
}

/** What cannot be read or believed of a checkpoint, in one sentence. */
export function invalidNote(what: string): EvidenceError {
  return new EvidenceError('EVIDENCE_CHECKPOINT_INVALID', `The checkpoint ${what}`);
}

/** First four bytes of SHA-256 over name, line end, algorithm and raw public key. */
function noteKeyId(name: string, publicKey: KeyObject): Buffer {
  // The SPKI form of Ed25519 ends with the 32 raw bytes (RFC 8410, section 4).
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Uint8Array.of(ed25519Note))
    .update(raw)
    .digest()
    .subarray(0, 4);
}

function parseSignatureLine(line: string): NoteSignature {
  const [, name, encoded] = signatureShape.exec(line) ?? [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (name === undefined || bytes === undefined || bytes.byteLength < 5) {
    throw invalidNote('has a malformed signature line');
  }
  return { name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}
