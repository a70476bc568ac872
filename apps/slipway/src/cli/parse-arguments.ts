import { type ImagePin, parseImageReference, printImageReference, type Signature } from '@slipway/domain';
import { CliError } from './cli-error.ts';

/**
 * A person as Git writes one: `Name <mail>`.
 *
 * @throws {@link CliError} `CLI_USAGE`.
 */
export function parseAuthor(text: string): Signature {
  const [, name = '', email = ''] = /^([^<>\n]+?)\s*<([^<>\s]+)>$/.exec(text.trim()) ?? [];
  // What Git strips from both ends of a name (ident.c, "crud") would make an empty one.
  const isBad = name === '' || /\p{Cc}/u.test(text) || !/[\p{L}\p{N}]/u.test(name) || !email.includes('@');
  if (isBad) throw new CliError('CLI_USAGE', `${JSON.stringify(text.slice(0, 200))} is not \`Name <mail>\``);
  return { name, email };
}

/**
 * An image to set: `NAME=REFERENCE`. NAME as it stands in the manifests; the reference has a tag and a digest.
 *
 * @throws {@link CliError} `CLI_USAGE`; DomainError `IMAGE_REFERENCE_INVALID`.
 */
export function parseImagePin(text: string): ImagePin {
  const [name = '', reference = '', ...rest] = text.split('=');
  if (name === '' || reference === '' || rest.length > 0)
    throw new CliError('CLI_USAGE', `${JSON.stringify(text.slice(0, 300))} is not NAME=REFERENCE`);
  const known = printImageReference(parseImageReference(name));
  const { tag, digest, ...place } = parseImageReference(reference);
  if (tag === undefined || digest === undefined)
    throw new CliError(
      'CLI_USAGE',
      `${reference} lacks its ${tag === undefined ? 'tag' : 'digest'}; write host/name:tag@sha256:…`,
    );
  const newName = printImageReference(place);
  return { name: known, newTag: tag, digest, ...(newName === known ? {} : { newName }) };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `30s`, `5m` or `1h`, in milliseconds. @throws {@link CliError} `CLI_USAGE`. */
export function parseDuration(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  const factor = units[unit];
  if (count === undefined || factor === undefined)
    throw new CliError('CLI_USAGE', `${JSON.stringify(text)} is not a duration; write 30s, 5m or 1h`);
  return Number(count) * factor;
}

/** A point in time of the period of an audit: a day or an ISO 8601 instant, in UTC. @throws {@link CliError} `CLI_USAGE`. */
export function parseInstant(text: string): string {
  const isInstant = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/.test(text);
  if (!isInstant || Number.isNaN(Date.parse(text)))
    throw new CliError(
      'CLI_USAGE',
      `${JSON.stringify(text)} is not a day (2026-01-31) or an instant (2026-01-31T12:00:00Z)`,
    );
  return new Date(text).toISOString();
}

/** A whole number from 1. @throws {@link CliError} `CLI_USAGE`. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new CliError('CLI_USAGE', `${JSON.stringify(text)} is not a count`);
  return Number(text);
}

/** A TCP port of this machine. @throws {@link CliError} `CLI_USAGE`. */
export function parsePort(text: string): number {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new CliError('CLI_USAGE', `${JSON.stringify(text.slice(0, 100))} is not a port`);
  return port;
}
