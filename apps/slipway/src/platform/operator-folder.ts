import type { KeyObject } from 'node:crypto';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parsePublicKey, printPublicKey } from '@slipway/evidence';
import { writeAtomically } from '@slipway/host';
import { parsePolicy, type PolicyMemory } from '@slipway/operator';
import { type OpenedKey, openSigningKey } from './signing-keys.ts';

/** What an operator keeps: its key, whom it believes, the last policies, and the mirrors beside them. Nobody else reads it. */
export interface OperatorFolder {
  readonly dir: string;
  /** Signs reports. */
  readonly key: OpenedKey;
  readonly memory: PolicyMemory;
  /** Key of the server that authorisations are believed by; absent before the first enrolment. */
  readonly serverKey: KeyObject | undefined;
  trust(serverKey: KeyObject): Promise<void>;
}

/** Opens the folder, and makes the key on the first start. */
export async function openOperatorFolder(dir: string): Promise<OperatorFolder> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const keyFile = path.join(dir, 'server-key.pub.pem');
  const pinned = await readIfThere(keyFile);
  return {
    dir,
    key: await openSigningKey(path.join(dir, 'signing-key.pem')),
    memory: memoryIn(path.join(dir, 'policies.json')),
    serverKey: pinned === undefined ? undefined : parsePublicKey(pinned),
    trust: (serverKey) => writeAtomically(keyFile, printPublicKey(serverKey)),
  };
}

function memoryIn(file: string): PolicyMemory {
  return {
    async read() {
      const text = await readIfThere(file);
      if (text === undefined) return undefined;
      try {
        return (JSON.parse(text) as readonly Readonly<Record<string, unknown>>[]).map(parsePolicy);
      } catch {
        // Somebody's hand was in it. As good as nothing: the server tells them again.
        return undefined;
      }
    },
    write: (policies) => writeAtomically(file, `${JSON.stringify(policies)}\n`),
  };
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
}
