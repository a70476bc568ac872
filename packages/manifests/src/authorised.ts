import { type Digest, isDigest } from '@slipway/domain';
import { isMap } from 'yaml';
import { onlyDocument } from './set-scalar.ts';
import { faultAt, plainData, readYaml } from './yaml-source.ts';

/** What an environment may run: the content of its `authorised.yaml`. */
export interface Authorised {
  /** Id of the release. */
  readonly release: Digest;
  /** What its render must come to (`renderDigest`). */
  readonly renderDigest: Digest;
}

/** Name of the file in an environment's folder; outside its closure. */
export const authorisedFile = 'authorised.yaml';

const apiVersion = 'slipway.dev/v1alpha1';
const kind = 'Authorised';

/** The whole file; the inverse of {@link parseAuthorised}. */
export function printAuthorised({ release, renderDigest }: Authorised): string {
  return [
    '# Written only by promotions; an edit by hand authorises nothing.',
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    `release: ${release}`,
    `renderDigest: ${renderDigest}`,
    '',
  ].join('\n');
}

/**
 * @param file - named in faults only.
 * @throws ManifestError `AUTHORISED_INVALID`, `MANIFEST_SYNTAX`; unknown fields are refused.
 */
export function parseAuthorised(text: string, file = authorisedFile): Authorised {
  const source = readYaml(text, file);
  const document = onlyDocument(source);
  const refuse = (what: string): never => faultAt(source, document.contents, { code: 'AUTHORISED_INVALID', what });
  const data = plainData(source, document);
  if (!isMap(document.contents) || typeof data !== 'object' || data === null) return refuse('it is not a mapping');
  const fields = new Map(Object.entries(data));
  if (fields.get('apiVersion') !== apiVersion || fields.get('kind') !== kind) refuse(`it is not ${apiVersion} ${kind}`);
  const unknown = [...fields.keys()].find((key) => !['apiVersion', 'kind', 'release', 'renderDigest'].includes(key));
  if (unknown !== undefined) refuse(`the field ${JSON.stringify(unknown.slice(0, 50))} is unknown`);
  const digestOf = (name: string): Digest => {
    const value: unknown = fields.get(name);
    return typeof value === 'string' && isDigest(value) ? value : refuse(`\`${name}\` is not a digest`);
  };
  return { release: digestOf('release'), renderDigest: digestOf('renderDigest') };
}
