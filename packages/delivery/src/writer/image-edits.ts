import { type ImagePin, type ImageReference, parseImageReference } from '@slipway/domain';
import { setImageInManifest, setImages } from '@slipway/manifests';
import type { GitFileChange } from '@slipway/ports';
import { parse } from 'yaml';
import { DeliveryError } from '../delivery-error.ts';
import type { EditableTree, EditOutcome } from './manifest-edit.ts';

/** File names of a kustomization, as kustomize looks for them. */
const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

/** Pins images in the kustomizations of folders; one outcome for all of them. */
export async function pinInFolders(
  tree: EditableTree,
  folders: readonly string[],
  pins: readonly ImagePin[],
): Promise<EditOutcome> {
  const changes: GitFileChange[] = [];
  for (const folder of folders) {
    const { path, text } = await readKustomization(tree, folder);
    const edited = setImages(text, newPins(text, pins), path);
    if (edited.changed) changes.push({ path, content: Buffer.from(edited.text) });
  }
  return changes.length === 0 ? { kind: 'nothing' } : { kind: 'changes', changes };
}

/** Pins whose digest does not stand there yet: a new tag for the same bytes would restart pods for nothing. */
function newPins(text: string, pins: readonly ImagePin[]): readonly ImagePin[] {
  const { images } = (parse(text) ?? {}) as { readonly images?: unknown };
  if (!Array.isArray(images)) return pins;
  const pinned = new Map(
    images.map((image: { name?: unknown; digest?: unknown; newName?: unknown }) => [image.name, image]),
  );
  return pins.filter((pin) => {
    const known = pinned.get(pin.name);
    return known?.digest !== pin.digest || (pin.newName !== undefined && known.newName !== pin.newName);
  });
}

/** Pins images in plain manifests: the image of every container of that name. */
export async function pinInFiles(
  tree: EditableTree,
  paths: readonly string[],
  pins: readonly ImagePin[],
): Promise<EditOutcome> {
  const changes: GitFileChange[] = [];
  for (const path of paths) {
    const bytes = await tree.readFile(path);
    if (bytes === undefined) throw new DeliveryError('KUSTOMIZATION_MISSING', `There is no file ${path}`);
    let text = Buffer.from(bytes).toString();
    for (const pin of pins)
      text = setImageInManifest(text, { name: pin.newName ?? pin.name, reference: referenceOf(pin) }, path).text;
    if (text !== Buffer.from(bytes).toString()) changes.push({ path, content: Buffer.from(text) });
  }
  return changes.length === 0 ? { kind: 'nothing' } : { kind: 'changes', changes };
}

function referenceOf(pin: ImagePin): ImageReference {
  return { ...parseImageReference(pin.newName ?? pin.name), tag: pin.newTag, digest: pin.digest };
}

async function readKustomization(
  tree: EditableTree,
  folder: string,
): Promise<{ readonly path: string; readonly text: string }> {
  for (const name of kustomizationNames) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const bytes = await tree.readFile(path);
    if (bytes !== undefined) return { path, text: Buffer.from(bytes).toString() };
  }
  throw new DeliveryError(
    'KUSTOMIZATION_MISSING',
    `There is no kustomization in ${folder === '' ? 'the root' : folder}`,
  );
}
