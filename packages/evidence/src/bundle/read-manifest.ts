import type { KeyObject } from 'node:crypto';
import { canonicalJson } from '../canonical-json.ts';
import type { Fault } from '../chain/statement-log.ts';
import { parseEnvelope, verifyEnvelope } from '../envelope.ts';
import { EvidenceError } from '../evidence-error.ts';
import { keyFingerprint } from '../signing-key.ts';
import { decodeUtf8 } from '../statement.ts';
import { bundleFiles, manifestPayloadType, parseManifest, type BundleManifest } from './layout.ts';

/** The bundle's files that are there, by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Without a good seal the manifest is still read, so that the rest can be looked at: the fault stands anyway. */
export function readManifest(
  files: Files,
  publicKey: KeyObject,
): { readonly manifest: BundleManifest | undefined; readonly faults: readonly Fault[] } {
  const text = readText(files, bundleFiles.manifest);
  const seal = readText(files, bundleFiles.seal);
  const manifest = text === undefined ? undefined : parseManifest(text);
  if (text === undefined || manifest === undefined) {
    return { manifest, faults: [broken(bundleFiles.manifest, 'It is missing or not a manifest of this format')] };
  }
  const fingerprint = keyFingerprint(publicKey);
  const isSealed = seal !== undefined && holds(() => checkSeal(seal, text, publicKey));
  const faults = [
    ...(isSealed ? [] : [broken(bundleFiles.seal, 'The manifest is not sealed by the pinned key')]),
    ...(manifest.claimedKey === fingerprint
      ? []
      : [broken(bundleFiles.manifest, `It claims the key ${manifest.claimedKey}, and ${fingerprint} is pinned`)]),
  ];
  return { manifest, faults };
}

function checkSeal(seal: string, manifest: string, publicKey: KeyObject): boolean {
  const { payload, payloadType } = verifyEnvelope(seal, [publicKey]);
  const signatures = parseEnvelope(seal).signatures.map((signature) => ({
    keyid: keyFingerprint(publicKey),
    sig: Buffer.from(signature).toString('base64'),
  }));
  const printed = canonicalJson({ payload: Buffer.from(payload).toString('base64'), payloadType, signatures });
  const isOne = signatures.length === 1 && printed === seal;
  return isOne && payloadType === manifestPayloadType && Buffer.from(manifest).equals(payload);
}

/** Text of a file; `undefined` when it is missing or not UTF-8. */
export function readText(files: Files, path: string): string | undefined {
  const bytes = files.get(path);
  try {
    return bytes === undefined ? undefined : decodeUtf8(bytes);
  } catch {
    return undefined;
  }
}

/** A fault of a file that was changed, forged or cut off. */
export function broken(where: string, what: string): Fault {
  return { where, what, next: 'Get the bundle again; if it stays so, treat it as forged.', verdict: 'broken' };
}

function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (error instanceof EvidenceError) return false;
    throw error;
  }
}
