import type { KeyObject } from 'node:crypto';
import { decodeBase64 } from './base64.ts';
import { invalidNote, isNoteName, isSignedBy, parseNote, signNote, type ParsedNote } from './signed-note.ts';

/** What a log says of itself at one moment. */
export interface Checkpoint {
  /** Name of the log, such as `slipway.example/evidence`; also the name of its key. No space, plus or line end. */
  readonly origin: string;
  /** Statements in the log. */
  readonly size: number;
  /** Root of the tree with that size, 32 bytes. */
  readonly root: Uint8Array;
}

/** A checkpoint as read; the signatures are not checked. */
export interface ParsedCheckpoint extends Checkpoint, ParsedNote {}

const sizeShape = /^(?:0|[1-9][0-9]{0,15})$/;

/**
 * Signs a checkpoint as a note. A log must never sign two that contradict each other: sign only what was committed.
 *
 * @throws {@link EvidenceError} `EVIDENCE_CHECKPOINT_INVALID` for an origin, size or root that a note cannot hold.
 * @see C2SP tlog-checkpoint and signed-note.
 */
export function signCheckpoint(checkpoint: Checkpoint, privateKey: KeyObject): string {
  const { origin, size, root } = checkpoint;
  if (!isNoteName(origin)) throw invalidNote(`cannot have the origin ${JSON.stringify(origin)}`);
  if (!Number.isSafeInteger(size) || size < 0 || root.byteLength !== 32) {
    throw invalidNote('has no valid size and root');
  }
  return signNote(`${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`, origin, privateKey);
}

/**
 * Reads a checkpoint without believing it; lines after the third are allowed and ignored.
 *
 * @throws {@link EvidenceError} `EVIDENCE_CHECKPOINT_INVALID`.
 */
export function parseCheckpoint(note: string): ParsedCheckpoint {
  const { text, signatures } = parseNote(note);
  const [origin, size, root, ...others] = text.slice(0, -1).split('\n');
  if (origin === undefined || size === undefined || root === undefined) throw invalidNote('has fewer than three lines');
  const bytes = decodeBase64(root);
  if (!isNoteName(origin)) throw invalidNote('has no valid origin');
  if (!sizeShape.test(size) || !Number.isSafeInteger(Number(size))) throw invalidNote('has no valid size');
  if (bytes?.byteLength !== 32) throw invalidNote('has no valid root');
  if (others.includes('')) throw invalidNote('has an empty line in its text');
  return { origin, size: Number(size), root: bytes, text, signatures };
}

/**
 * Believes a checkpoint only by the key given, under the name of its origin. Signatures of others are not looked at.
 *
 * @param origin - the log that is expected; any when absent.
 * @throws {@link EvidenceError} `EVIDENCE_CHECKPOINT_INVALID`.
 */
export function verifyCheckpoint(note: string, publicKey: KeyObject, origin?: string): Checkpoint {
  const parsed = parseCheckpoint(note);
  if (origin !== undefined && parsed.origin !== origin) {
    throw invalidNote(`is of the log ${JSON.stringify(parsed.origin)}, not ${JSON.stringify(origin)}`);
  }
  if (!isSignedBy(parsed, parsed.origin, publicKey)) throw invalidNote('is not signed by the pinned key');
  return { origin: parsed.origin, size: parsed.size, root: parsed.root };
}
