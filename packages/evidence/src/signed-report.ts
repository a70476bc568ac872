import type { KeyObject } from 'node:crypto';
import { type Digest, parseDigest } from '@slipway/domain';
import { canonicalJson, isJsonObject, parseJson } from './canonical-json.ts';
import { type EnvelopeSigner, signEnvelope, verifyEnvelope } from './envelope.ts';
import { EvidenceError } from './evidence-error.ts';
import { decodeUtf8, payloadDigest } from './statement.ts';

/** DSSE payload type of what an operator reports; the payload is one JSON object. */
export const reportPayloadType = 'application/vnd.slipway.deployment-report.v1+json';

/** A report whose signature holds. Its fields are still those of a stranger: hold them against a schema. */
export interface OpenedReport {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Fingerprint of the key that signed it. */
  readonly keyId: string;
  /** Of the envelope's bytes as they came: what others name the report by. */
  readonly digest: Digest;
}

/** Signs a report. The same report and key give the same bytes, so a report sent again is the same one. */
export function signReport(fields: object, signer: EnvelopeSigner): string {
  const payload = Buffer.from(canonicalJson(fields));
  return signEnvelope({ payloadType: reportPayloadType, payload }, [signer]);
}

/**
 * Opens a report by the one key it must be signed with.
 *
 * @throws {@link EvidenceError} `EVIDENCE_ENVELOPE_INVALID` for what is no report in an envelope, `EVIDENCE_SIGNATURE_REFUSED`.
 */
export function openReport(envelope: string, key: KeyObject): OpenedReport {
  const { payloadType, payload, signedBy } = verifyEnvelope(envelope, [key]);
  const fields = payloadType === reportPayloadType ? parseJson(decodeUtf8(payload)) : undefined;
  const [keyId] = signedBy;
  if (!isJsonObject(fields) || keyId === undefined)
    throw new EvidenceError('EVIDENCE_ENVELOPE_INVALID', 'The envelope holds no report of an operator');
  return { fields, keyId, digest: parseDigest(payloadDigest(Buffer.from(envelope))) };
}
