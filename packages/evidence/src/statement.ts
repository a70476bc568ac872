import { createHash } from 'node:crypto';
import { InvariantError, predicateTypes, type EvidenceStatement, type PredicateKind } from '@slipway/domain';
import { canonicalJson, isJsonObject, parseJson } from './canonical-json.ts';
import { signEnvelope, type EnvelopeSigner } from './envelope.ts';
import { EvidenceError } from './evidence-error.ts';

/** `_type` of every statement. @see in-toto attestation, spec/v1/statement.md. */
export const statementType = 'https://in-toto.io/Statement/v1';
/** DSSE payload type of every statement. */
export const statementPayloadType = 'application/vnd.in-toto+json';

/** A statement that another one rests on, by the digest of its payload bytes. */
export interface StatementLink {
  readonly id: string;
  readonly digest: string;
}

/** What the store calls to sign; the same shape as the port of that name, which this package may not import. */
export interface StatementSigner {
  sign(
    statement: EvidenceStatement,
    links: readonly StatementLink[],
    at: string,
  ): { readonly envelope: string; readonly payloadDigest: string };
}

/** A statement read back from a payload. */
export interface ParsedStatement {
  readonly id: string;
  readonly kind: PredicateKind;
  /** ISO 8601, UTC. */
  readonly recordedAt: string;
  /** Every subject's digests as `algorithm:hex`. */
  readonly digests: readonly string[];
  readonly links: readonly StatementLink[];
  readonly predicate: Readonly<Record<string, unknown>>;
}

/** Fields that the signer adds; a predicate must not bring its own. */
export const reservedPredicateFields = ['id', 'recordedAt', 'links'] as const;

/** Makes the signer of one key. Same statement, links and time: same envelope, byte for byte (Ed25519 is deterministic). */
export function createStatementSigner(key: EnvelopeSigner): StatementSigner {
  return {
    sign(statement, links, at) {
      const payload = Buffer.from(printStatement(statement, links, at));
      const envelope = signEnvelope({ payloadType: statementPayloadType, payload }, [key]);
      return { envelope, payloadDigest: payloadDigest(payload) };
    },
  };
}

/** `sha256:` digest of payload bytes: what links and records carry. */
export function payloadDigest(payload: Uint8Array): string {
  return `sha256:${createHash('sha256').update(payload).digest('hex')}`;
}

/**
 * Reads a payload that was verified before.
 *
 * @throws {@link EvidenceError} `EVIDENCE_STATEMENT_INVALID` for another type, an unknown predicate or a missing field.
 */
export function parseStatement(payload: Uint8Array): ParsedStatement {
  const parsed = parseJson(decodeUtf8(payload));
  if (!isJsonObject(parsed) || parsed['_type'] !== statementType) throw invalid('is not an in-toto Statement v1');
  const { predicateType, predicate, subject } = parsed;
  const kind = kindOf(predicateType);
  if (kind === undefined) throw invalid(`has the unknown predicate type ${JSON.stringify(predicateType)}`);
  if (!isJsonObject(predicate) || !Array.isArray(subject)) throw invalid('lacks its predicate or subjects');
  const { id, recordedAt, links } = predicate;
  if (typeof id !== 'string' || typeof recordedAt !== 'string' || !Array.isArray(links)) {
    throw invalid('lacks id, recordedAt or links');
  }
  if (Number.isNaN(Date.parse(recordedAt))) throw invalid('was recorded at no time');
  return { id, kind, recordedAt, digests: subject.flatMap(parseSubject), links: links.map(parseLink), predicate };
}

/** Strict UTF-8, byte order mark kept. @throws {@link EvidenceError} `EVIDENCE_STATEMENT_INVALID`. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new EvidenceError('EVIDENCE_STATEMENT_INVALID', 'The text is not UTF-8', { cause });
  }
}

function printStatement(statement: EvidenceStatement, links: readonly StatementLink[], at: string): string {
  if (links.map(({ id }) => id).join('\n') !== statement.links.join('\n')) {
    throw new InvariantError(`statement ${statement.id} was given other links than it names`);
  }
  const taken = reservedPredicateFields.filter((field) => statement.predicate[field] !== undefined);
  if (taken.length > 0) throw new InvariantError(`the predicate of ${statement.id} brings its own ${taken.join(', ')}`);
  if (statement.subjects.some(({ digest }) => Object.keys(digest).length === 0)) {
    throw new InvariantError(`a subject of ${statement.id} has no digest`);
  }
  return canonicalJson({
    _type: statementType,
    subject: statement.subjects.map(({ name, digest }) => ({ name, digest })),
    predicateType: predicateTypes[statement.kind],
    predicate: {
      ...statement.predicate,
      id: statement.id,
      recordedAt: at,
      links: links.map(({ id, digest }) => ({ id, digest })),
    },
  });
}

function kindOf(predicateType: unknown): PredicateKind | undefined {
  for (const kind of Object.keys(predicateTypes) as PredicateKind[]) {
    if (predicateTypes[kind] === predicateType) return kind;
  }
  return undefined;
}

function parseSubject(subject: unknown): readonly string[] {
  const digest = isJsonObject(subject) ? subject['digest'] : undefined;
  if (!isJsonObject(digest)) throw invalid('has a subject without digest');
  return Object.entries(digest).map(([algorithm, hex]) => {
    if (typeof hex !== 'string') throw invalid('has a digest that is no text');
    return `${algorithm}:${hex}`;
  });
}

function parseLink(link: unknown): StatementLink {
  if (!isJsonObject(link)) throw invalid('has a link that is no object');
  const { id, digest } = link;
  if (typeof id !== 'string' || typeof digest !== 'string') throw invalid('has a link without id or digest');
  return { id, digest };
}

function invalid(what: string): EvidenceError {
  return new EvidenceError('EVIDENCE_STATEMENT_INVALID', `The payload ${what}`);
}
