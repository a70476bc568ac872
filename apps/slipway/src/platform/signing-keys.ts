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

/** The server's signing key and what others know it by. */
export interface ServerKey {
  readonly signing: SigningKey;
  readonly publicKey: KeyObject;
  readonly publicPem: string;
  readonly fingerprint: string;
}

/** Opens the key of an installation, or makes it on the first start. Only the server reads the private half. */
export async function openServerKey(folder: StateFolder): Promise<ServerKey> {
  const file = path.join(folder.server, 'signing-key.pem');
  const pem = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  const text = pem ?? printPrivateKey(createSigningKey().privateKey);
  if (pem === undefined) await writeAtomically(file, text);
  const signing = parsePrivateKey(text);
  const publicKey = createPublicKey(signing.privateKey);
  const publicPem = printPublicKey(publicKey);
  await writeAtomically(path.join(folder.root, 'audit-key.pub.pem'), publicPem, 0o644);
  return { signing, publicKey, publicPem, fingerprint: keyFingerprint(publicKey) };
}
