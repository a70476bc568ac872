import path from 'node:path/posix';
import { type AppConfigPin, InvariantError } from '@slipway/domain';
import { appConfigFolder, appConfigPinPath, parseAppConfigPin, printAppConfigPin } from '@slipway/manifests';
import type { GitFileChange } from '@slipway/ports';
import { DeliveryError } from '../delivery-error.ts';
import type { EditableTree, EditOutcome } from '../writer/manifest-edit.ts';
import { blobId } from '../writer/overlay-tree.ts';
import type { AppConfigFile } from './app-config-folder.ts';

/** A pin and the files that it stands for, of one environment. */
export interface AppConfigSource {
  readonly pin: AppConfigPin;
  readonly files: readonly AppConfigFile[];
}

/**
 * Copies an environment's app config beside its kustomization, byte for byte, with the pin; files that left are removed.
 *
 * A pin of the same content stays as it is, also when another commit brought it.
 *
 * @param folder - of the environment.
 * @throws {@link DeliveryError} `APP_CONFIG_REFUSED` when something else has the folder's name.
 */
export async function pinAppConfigInFolder(
  tree: EditableTree,
  folder: string,
  source: AppConfigSource,
): Promise<EditOutcome> {
  const target = path.join(folder, appConfigFolder);
  const pinPath = appConfigPinPath(folder);
  if ((await tree.list(path.dirname(target) === '.' ? '' : path.dirname(target))).some((one) => one.path === target))
    throw new DeliveryError('APP_CONFIG_REFUSED', `${target} of the config repository is not a folder`);
  const known = new Map((await tree.list(target)).map((entry) => [entry.path, entry]));
  const changes: GitFileChange[] = [];
  for (const file of source.files) {
    if (blobId(file.content) !== file.id) throw new InvariantError(`${file.path} is not what its commit holds`);
    const at = path.join(target, file.path);
    const there = known.get(at);
    if (there?.id !== file.id || there.mode !== '100644')
      changes.push({ path: at, content: file.content, mode: '100644' });
    known.delete(at);
  }
  known.delete(pinPath);
  for (const at of known.keys()) changes.push({ path: at, content: undefined });
  const pinned = await readPin(tree, pinPath);
  const isSame = pinned?.repository === source.pin.repository && pinned.tree === source.pin.tree;
  if (isSame && changes.length === 0) return { kind: 'nothing' };
  changes.push({ path: pinPath, content: Buffer.from(printAppConfigPin(source.pin)) });
  return { kind: 'changes', changes };
}

/** Takes the pin away and leaves the files, which belong to the overlay from then on. */
export async function unpinAppConfigInFolder(tree: EditableTree, folder: string): Promise<EditOutcome> {
  const pinPath = appConfigPinPath(folder);
  if ((await tree.readFile(pinPath)) === undefined) return { kind: 'nothing' };
  return { kind: 'changes', changes: [{ path: pinPath, content: undefined }] };
}

/** The pin that stands there; one that cannot be read is replaced like any other. */
export async function readPin(tree: EditableTree, pinPath: string): Promise<AppConfigPin | undefined> {
  const bytes = await tree.readFile(pinPath);
  if (bytes === undefined) return undefined;
  try {
    return parseAppConfigPin(Buffer.from(bytes).toString(), pinPath);
  } catch {
    return undefined;
  }
}
