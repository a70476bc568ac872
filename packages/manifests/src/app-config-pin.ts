import path from 'node:path/posix';
import { type AppConfigPin, isCommitId, isName } from '@slipway/domain';
import { isMap } from 'yaml';
import { onlyDocument } from './set-scalar.ts';
import { faultAt, plainData, readYaml } from './yaml-source.ts';

/** Folder of an environment's kustomization with the pinned files, and the file in it that says which they are. */
export const appConfigFolder = 'app-config';
export const appConfigPinFile = 'pin.yaml';

const apiVersion = 'slipway.dev/v1alpha1';
const kind = 'AppConfigPin';
const fieldNames: readonly string[] = ['apiVersion', 'kind', 'repository', 'commit', 'tree'];

/** Path of the pin of an environment whose folder is `folder`. */
export function appConfigPinPath(folder: string): string {
  return path.join(folder, appConfigFolder, appConfigPinFile);
}

/** The whole file; the inverse of {@link parseAppConfigPin}. */
export function printAppConfigPin({ repository, commit, tree }: AppConfigPin): string {
  return [
    '# Written by Slipway together with the files beside it, which must be those of this commit.',
    `apiVersion: ${apiVersion}`,
    `kind: ${kind}`,
    `repository: ${repository}`,
    // Quoted: forty digits would read back as a number.
    `commit: "${commit}"`,
    `tree: "${tree}"`,
    '',
  ].join('\n');
}

/**
 * @param file - named in faults only.
 * @throws ManifestError `APP_CONFIG_PIN_INVALID`, `MANIFEST_SYNTAX`; unknown fields are refused.
 */
export function parseAppConfigPin(text: string, file = appConfigPinFile): AppConfigPin {
  const source = readYaml(text, file);
  const document = onlyDocument(source);
  const refuse = (what: string): never => faultAt(source, document.contents, { code: 'APP_CONFIG_PIN_INVALID', what });
  const data = plainData(source, document);
  if (!isMap(document.contents) || typeof data !== 'object' || data === null) return refuse('it is not a mapping');
  const fields = new Map<string, unknown>(Object.entries(data));
  if (fields.get('apiVersion') !== apiVersion || fields.get('kind') !== kind) refuse(`it is not ${apiVersion} ${kind}`);
  const unknown = [...fields.keys()].find((key) => !fieldNames.includes(key));
  if (unknown !== undefined) refuse(`the field ${JSON.stringify(unknown.slice(0, 50))} is unknown`);
  const textOf = (name: string): string => {
    const value = fields.get(name);
    return typeof value === 'string' ? value : '';
  };
  const [repository, commit, tree] = [textOf('repository'), textOf('commit'), textOf('tree')];
  if (!isName(repository)) return refuse('`repository` is not a name');
  if (!isCommitId(commit)) return refuse('`commit` is not a full commit hash');
  if (!isCommitId(tree)) return refuse('`tree` is not a full tree hash');
  return { repository, commit, tree };
}
