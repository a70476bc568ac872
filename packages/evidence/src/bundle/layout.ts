import { predicateTypes, type PredicateKind } from '@slipway/domain';
import { canonicalJson, isJsonObject, parseJson } from '../canonical-json.ts';
import { isPeriod, type Period } from '../chain/production-change.ts';
import type { ChainRequirements } from '../chain/requirements.ts';

/** Names of a bundle's files. */
export const bundleFiles = {
  manifest: 'manifest.json',
  /** DSSE envelope whose payload is `manifest.json`, byte for byte. */
  seal: 'manifest.sig.json',
  /** A line a statement of the whole log from 0: envelope, index, leaf hash. */
  statements: 'statements.jsonl',
  checkpoint: 'checkpoint',
  population: 'population.json',
  reportJson: 'report.json',
  reportCsv: 'report.csv',
  reportHtml: 'report.html',
} as const;

/** Files whose digests the manifest lists. */
export const sealedFiles = [
  bundleFiles.statements,
  bundleFiles.checkpoint,
  bundleFiles.population,
  bundleFiles.reportJson,
  bundleFiles.reportCsv,
  bundleFiles.reportHtml,
] as const;

/** DSSE payload type of the seal. */
export const manifestPayloadType = 'application/vnd.slipway.audit-manifest.v1+json';

/** What a bundle says it holds. Nothing in it is believed before the seal is verified with the pinned key. */
export interface BundleManifest {
  readonly formatVersion: 1;
  readonly origin: string;
  readonly period: Period;
  readonly counts: { readonly statements: number; readonly changes: number };
  /** Fingerprint of the key that the exporter signed with: a claim, only compared with the pinned one. */
  readonly claimedKey: string;
  /** What the report in the bundle was made with. */
  readonly requirements: ChainRequirements;
  /** `sha256:` digests by file name. */
  readonly files: Readonly<Record<string, string>>;
}

/** A line of `statements.jsonl`. */
export interface StatementLine {
  readonly envelope: string;
  readonly index: number;
  /** Hex of the leaf hash, so that a damaged line names itself. */
  readonly leaf: string;
}

/** Canonical JSON and a line end: there is one spelling, so any changed byte shows. */
export function printJsonFile(value: unknown): string {
  return `${canonicalJson(value)}\n`;
}

/** @returns `undefined` when it is not a manifest of this format. */
export function parseManifest(text: string): BundleManifest | undefined {
  const parsed = parseJson(text);
  if (!isJsonObject(parsed) || parsed['formatVersion'] !== 1) return undefined;
  const { origin, claimedKey, counts } = parsed;
  const period = parsePeriod(parsed['period']);
  const requirements = parseRequirements(parsed['requirements']);
  const files = parseDigests(parsed['files']);
  if (typeof origin !== 'string' || typeof claimedKey !== 'string' || !isJsonObject(counts)) return undefined;
  const { statements, changes } = counts;
  if (typeof statements !== 'number' || typeof changes !== 'number') return undefined;
  if (period === undefined || requirements === undefined || files === undefined) return undefined;
  return { formatVersion: 1, origin, period, counts: { statements, changes }, claimedKey, requirements, files };
}

/** @returns `undefined` unless the line is exactly as the exporter prints it. */
export function parseStatementLine(line: string): StatementLine | undefined {
  const parsed = parseJson(line);
  if (!isJsonObject(parsed)) return undefined;
  const { envelope, index, leaf } = parsed;
  if (typeof envelope !== 'string' || typeof index !== 'number' || typeof leaf !== 'string') return undefined;
  const read = { envelope, index, leaf };
  return isPrintedAs(read, line) ? read : undefined;
}

function isPrintedAs(line: StatementLine, text: string): boolean {
  // A line changed into a lone surrogate cannot be printed, and was never printed.
  try {
    return canonicalJson(line) === text;
  } catch {
    return false;
  }
}

function parsePeriod(value: unknown): Period | undefined {
  if (!isJsonObject(value)) return undefined;
  const { from, to } = value;
  if (typeof from !== 'string' || typeof to !== 'string') return undefined;
  return isPeriod({ from, to }) ? { from, to } : undefined;
}

function parseDigests(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isJsonObject(value)) return undefined;
  const entries = Object.entries(value).flatMap(([name, digest]) =>
    typeof digest === 'string' ? [[name, digest] as const] : [],
  );
  return Object.fromEntries(entries);
}

function parseRequirements(value: unknown): ChainRequirements | undefined {
  if (!isJsonObject(value)) return undefined;
  const { mandatory, bound, approvals } = value;
  if (!Array.isArray(mandatory) || !Array.isArray(bound) || typeof approvals !== 'number') return undefined;
  const pairs = bound.map((pair: unknown) => (isJsonObject(pair) ? { from: pair['from'], to: pair['to'] } : {}));
  return {
    mandatory: mandatory.filter(isKind),
    bound: pairs.flatMap(({ from, to }) => (isKind(from) && isKind(to) ? [{ from, to }] : [])),
    approvals,
  };
}

function isKind(value: unknown): value is PredicateKind {
  return typeof value === 'string' && Object.hasOwn(predicateTypes, value);
}
