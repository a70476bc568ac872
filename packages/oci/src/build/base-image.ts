import { writeAtomically } from '@slipway/host';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Content, FileTree, TreeEntry } from '../layout/file-tree.ts';
import type { LayoutImage } from '../layout/image-layout.ts';
import { overlay, readLayer } from '../layout/read-layers.ts';
import type { TarLimits } from '../layout/read-tar.ts';
import { asObject, parseJsonObject } from '../parse-json.ts';

/** What reading a base needs. */
export interface BaseReading {
  readonly stateDir: string;
  /** Of one build; gone at its end. */
  readonly workDir: string;
  readonly limits: TarLimits;
  readonly signal?: AbortSignal | undefined;
}

/** All files of an image with their bytes, every layer verified. */
export async function readImageTree(image: LayoutImage, reading: BaseReading): Promise<FileTree> {
  let tree: FileTree = new Map();
  for (const layer of image.layers) {
    tree = overlay(tree, await readLayer(image, layer, { ...reading, spoolDir: reading.workDir }));
  }
  return tree;
}

/** Files whose bytes a listing keeps, to look owners up by name. */
const kept = new Set(['etc/passwd', 'etc/group']);

/**
 * The files of an image without their bytes (but for the lists of users and groups).
 * Kept by the image's digest in the state folder: a base is unpacked once, not at every build.
 */
export async function listImageTree(image: LayoutImage, reading: BaseReading): Promise<FileTree> {
  const folder = path.join(reading.stateDir, 'trees');
  const file = path.join(folder, `${image.manifest.digest.slice(7)}.json`);
  const known = parseListing(await readFile(file).catch(() => undefined));
  if (known !== undefined) return known;
  const tree = await readImageTree(image, reading);
  const listing = new Map<string, TreeEntry>();
  for (const [name, entry] of tree) {
    const bytes = kept.has(name) && entry.kind === 'file' ? await readContent(entry.content) : new Uint8Array();
    listing.set(name, entry.kind === 'file' ? { ...entry, content: { kind: 'bytes', bytes } } : entry);
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const entries = [...listing].map(([name, entry]): readonly [string, unknown] => [name, printEntry(entry)]);
  await writeAtomically(file, JSON.stringify({ format: 1, entries: Object.fromEntries(entries) }));
  return listing;
}

/** Bytes of one small file of a tree. */
export async function readContent(content: Content): Promise<Uint8Array> {
  if (content.kind === 'bytes') return content.bytes;
  const handle = await open(content.file, 'r');
  try {
    const bytes = Buffer.alloc(content.size);
    const { bytesRead } = await handle.read(bytes, 0, content.size, content.offset);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function printEntry(entry: TreeEntry): unknown {
  if (entry.kind !== 'file') return entry;
  const bytes = entry.content.kind === 'bytes' ? Buffer.from(entry.content.bytes).toString('base64') : '';
  return { kind: entry.kind, mode: entry.mode, bytes };
}

/** Absent when the file is not there or was written by another version: it is made anew then. */
function parseListing(bytes: Uint8Array | undefined): FileTree | undefined {
  const json = bytes === undefined ? undefined : parseJsonObject(bytes);
  if (json?.['format'] !== 1) return undefined;
  const tree = new Map<string, TreeEntry>();
  for (const [name, value] of Object.entries(asObject(json['entries']) ?? {})) {
    const { kind, mode, target, bytes: text } = asObject(value) ?? {};
    if (typeof mode !== 'number') return undefined;
    if (kind === 'folder') tree.set(name, { kind, mode });
    else if (kind === 'link' && typeof target === 'string') tree.set(name, { kind, mode, target });
    else if (kind === 'file' && typeof text === 'string') {
      tree.set(name, { kind, mode, content: { kind: 'bytes', bytes: Buffer.from(text, 'base64') } });
    } else return undefined;
  }
  return tree;
}
