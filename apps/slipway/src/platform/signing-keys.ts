import { createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { link, readFile, rm } from 'node:fs/promises';
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

/** Opens a key, or makes it; the file is its owner's alone, and appears whole or not at all. Of two that make it at once, one wins. */
export async function openSigningKey(file: string): Promise<OpenedKey> {
  const text = (await readKey(file)) ?? (await makeKey(file));
  const signing = parsePrivateKey(text);
  const publicKey = createPublicKey(signing.privateKey);
  const publicPem = printPublicKey(publicKey);
  return { signing, publicKey, publicPem, fingerprint: keyFingerprint(publicKey) };
}

async function readKey(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
}

async function makeKey(file: string): Promise<string> {
  const draft = `${file}.${randomUUID()}`;
  await writeAtomically(draft, printPrivateKey(createSigningKey().privateKey));
  // A link is made only where nothing is yet; what stands there then is the key, ours or another's.
  await link(draft, file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  await rm(draft, { force: true });
  return readFile(file, 'utf8');
}
