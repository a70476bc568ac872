import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  createSigningKey,
  keyFingerprint,
  parsePrivateKey,
  printPrivateKey,
  printPublicKey,
  type SigningKey,
} from '@slipway/evidence';
import { writeAtomically } from '@slipway/host';
import type { StateFolder } from './state-folder.ts';

/** A signing key and what others know it by. */
export interface OpenedKey {
  readonly signing: SigningKey;
  readonly publicKey: KeyObject;
  readonly publicPem: string;
  readonly fingerprint: string;
}

/** The server's signing key. */
export type ServerKey = OpenedKey;

/** Opens the key of an installation, or makes it on the first start. Only the server reads the private half. */
export async function openServerKey(folder: StateFolder): Promise<ServerKey> {
  const key = await openSigningKey(path.join(folder.server, 'signing-key.pem'));
  await writeAtomically(path.join(folder.root, 'audit-key.pub.pem'), key.publicPem, 0o644);
  return key;
}

/** Opens a key, or makes it; the file is its owner's alone, and appears whole or not at all. */
export async function openSigningKey(file: string): Promise<OpenedKey> {
  const pem = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  const text = pem ?? printPrivateKey(createSigningKey().privateKey);
  if (pem === undefined) await writeAtomically(file, text);
  const signing = parsePrivateKey(text);
  const publicKey = createPublicKey(signing.privateKey);
  const publicPem = printPublicKey(publicKey);
  return { signing, publicKey, publicPem, fingerprint: keyFingerprint(publicKey) };
}
