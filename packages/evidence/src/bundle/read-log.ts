import type { KeyObject } from 'node:crypto';
import { indexStatements, type Fault, type LogEntry, type StatementLog } from '../chain/statement-log.ts';
import { verifyEnvelope } from '../envelope.ts';
import { EvidenceError } from '../evidence-error.ts';
import { leafHash } from '../merkle-tree.ts';
import { decodeUtf8, parseStatement, payloadDigest, statementPayloadType } from '../statement.ts';
import { bundleFiles, parseStatementLine, type StatementLine } from './layout.ts';

/** The log as read from a bundle: what can be believed, and what is wrong with the rest. */
export interface ReadLog {
  readonly log: StatementLog;
  readonly leaves: readonly Uint8Array[];
  readonly faults: readonly Fault[];
}

const lineEnd = 0x0a;

/** Reads every line; one that cannot be believed becomes a fault that names it, and the reading goes on. */
export function readLog(bytes: Uint8Array, publicKey: KeyObject, signal?: AbortSignal): ReadLog {
  const entries: LogEntry[] = [];
  const leaves: Uint8Array[] = [];
  const faults: Fault[] = [];
  for (const line of splitLines(bytes)) {
    signal?.throwIfAborted();
    const index = leaves.length;
    const read = readLine(line, index, publicKey);
    leaves.push(read.leaf);
    if (read.kind === 'entry') entries.push(read.entry);
    else faults.push(read.fault);
  }
  return { log: indexStatements(entries), leaves, faults };
}

type ReadLine =
  | { readonly kind: 'entry'; readonly entry: LogEntry; readonly leaf: Uint8Array }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly leaf: Uint8Array };

function readLine(bytes: Uint8Array, index: number, publicKey: KeyObject): ReadLine {
  const text = attempt(() => decodeUtf8(bytes));
  const line = typeof text === 'string' ? parseStatementLine(text) : undefined;
  if (line === undefined)
    return faulty('is not a line of this format', { index, id: guessId(bytes), leaf: leafHash(bytes) });
  const leaf = leafHash(Buffer.from(line.envelope));
  const about = { index, id: guessId(Buffer.from(line.envelope)), leaf };
  if (line.index !== index) return faulty(`says that its index is ${line.index}`, about);
  const entry = attempt(() => readEntry(line, publicKey));
  if (entry instanceof EvidenceError) return faulty(`is refused: ${entry.message}`, about);
  if (line.leaf !== leaf.toString('hex'))
    return faulty('was changed around its signed part', { ...about, id: entry.id });
  return { kind: 'entry', entry, leaf };
}

function readEntry(line: StatementLine, publicKey: KeyObject): LogEntry {
  const { payload, payloadType } = verifyEnvelope(line.envelope, [publicKey]);
  if (payloadType !== statementPayloadType) {
    throw new EvidenceError('EVIDENCE_STATEMENT_INVALID', `The payload type ${payloadType} is not a statement's`);
  }
  return { ...parseStatement(payload), index: line.index, payloadDigest: payloadDigest(payload) };
}

function faulty(
  what: string,
  { index, id, leaf }: { readonly index: number; readonly id: string; readonly leaf: Uint8Array },
): ReadLine {
  const where = `${bundleFiles.statements}: statement ${id} (index ${index})`;
  const next = 'Trust nothing that rests on it; get the bundle again or ask the operator of the log.';
  return { kind: 'fault', leaf, fault: { where, what: `The statement ${what}`, next, verdict: 'broken' } };
}

/** The id that damaged bytes still show, only to tell a person where to look; nothing is decided by it. */
function guessId(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  const payload = /"payload\\?":\\?"([A-Za-z0-9+/_=-]*)/.exec(text)?.[1] ?? '';
  const id = /"id":"([^"\\]{1,200})","links"/.exec(Buffer.from(payload, 'base64').toString('latin1'))?.[1];
  return id === undefined ? 'of unknown id' : id.replace(/[^\x20-\x7e]/g, '?');
}

function attempt<T>(read: () => T): T | EvidenceError {
  try {
    return read();
  } catch (error) {
    if (error instanceof EvidenceError) return error;
    throw error;
  }
}

/** What follows the last line end counts as a line when it is not empty: a cut-off file must not pass. */
function* splitLines(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  while (start < bytes.byteLength) {
    const end = bytes.indexOf(lineEnd, start);
    yield bytes.subarray(start, end === -1 ? bytes.byteLength : end);
    start = end === -1 ? bytes.byteLength : end + 1;
  }
}
