import type { Descriptor } from '@slipway/ports';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import { verifyingStream } from '../digest-stream.ts';
import { ImageError } from '../errors.ts';
import { mediaTypes } from '../media-types.ts';
import { type FileTree, type TreeEntry, treePath } from './file-tree.ts';
import { blobPath, type LayoutImage } from './image-layout.ts';
import { readTar, type TarEntry, type TarLimits } from './read-tar.ts';
import { openSpool, type Spool } from './spool.ts';

/** A layer's own entries: what it adds, and what it removes (`whiteouts`; `opaque` folders lose what was below). */
export interface LayerEntries {
  readonly added: FileTree;
  readonly whiteouts: readonly string[];
  readonly opaque: readonly string[];
}

/**
 * Reads one layer of a layout, verified against its digest and bounded when unpacked.
 *
 * @param spoolDir - folder for the files' bytes.
 * @throws ImageError `IMAGE_LAYOUT_INVALID` for another compression, `IMAGE_TOO_LARGE`.
 */
export async function readLayer(
  image: LayoutImage,
  layer: Descriptor,
  options: { readonly spoolDir: string; readonly limits: TarLimits; readonly signal?: AbortSignal | undefined },
): Promise<LayerEntries> {
  const isGzip = layer.mediaType === mediaTypes.layer || layer.mediaType === mediaTypes.dockerLayer;
  if (!isGzip && layer.mediaType !== mediaTypes.plainLayer) {
    throw new ImageError('IMAGE_LAYOUT_INVALID', `a layer of the base is ${layer.mediaType}, not tar or tar+gzip`);
  }
  const spool = await openSpool(path.join(options.spoolDir, `layer-${randomBytes(6).toString('hex')}`));
  const found = { added: new Map<string, TreeEntry>(), whiteouts: [] as string[], opaque: [] as string[] };
  const check = verifyingStream(layer.digest, { size: layer.size, maxBytes: layer.size });
  try {
    await readTar(
      createReadStream(blobPath(image.layoutDir, layer.digest)),
      {
        stages: isGzip ? [check, createGunzip()] : [check],
        limits: options.limits,
        what: 'a layer of the base',
        signal: options.signal,
      },
      (entry) => takeEntry(found, spool, entry),
    );
  } finally {
    await spool.close();
  }
  return found;
}

async function takeEntry(
  found: { readonly added: Map<string, TreeEntry>; readonly whiteouts: string[]; readonly opaque: string[] },
  spool: Spool,
  entry: TarEntry,
): Promise<void> {
  const name = treePath(entry.name.replace(/^\/+/, ''));
  if (name === undefined) throw new ImageError('IMAGE_LAYOUT_INVALID', `a layer of the base leaves its root`);
  const owner = { mode: entry.mode & 0o7777, uid: entry.uid, gid: entry.gid };
  const last = path.posix.basename(name);
  if (entry.type === 'file' || entry.type === 'contiguous-file') {
    if (last === '.wh..wh..opq') found.opaque.push(path.posix.dirname(name));
    else if (last.startsWith('.wh.')) found.whiteouts.push(path.posix.join(path.posix.dirname(name), last.slice(4)));
    else {
      found.added.set(name, { kind: 'file', content: await spool.add(entry.body), ...owner });
      return;
    }
  } else if (entry.type === 'directory' && name !== '') {
    found.added.set(name, { kind: 'folder', ...owner });
  } else if (entry.type === 'symlink') {
    found.added.set(name, { kind: 'link', target: entry.linkname, ...owner });
  } else if (entry.type === 'link') {
    const same = found.added.get(treePath(entry.linkname.replace(/^\/+/, '')) ?? '');
    if (same !== undefined) found.added.set(name, same);
  }
  entry.drain();
}

/** Lays a layer over a tree. @see OCI image-spec, layer.md, "Whiteouts". */
export function overlay(below: FileTree, layer: LayerEntries): FileTree {
  const tree = new Map(below);
  const remove = (prefix: string): void => {
    for (const name of [...tree.keys()]) if (name.startsWith(prefix)) tree.delete(name);
  };
  for (const folder of layer.opaque) remove(folder === '.' ? '' : `${folder}/`);
  for (const name of layer.whiteouts) {
    tree.delete(name);
    remove(`${name}/`);
  }
  for (const [name, entry] of layer.added) {
    const old = tree.get(name);
    if (old?.kind === 'folder' && entry.kind !== 'folder') remove(`${name}/`);
    tree.set(name, entry);
  }
  return tree;
}
