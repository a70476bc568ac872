import { runProgram, writeAtomically } from '@slipway/host';
import type { BuiltImage, Cancellable } from '@slipway/ports';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { arch } from 'node:process';
import { epoch } from '../build/stage.ts';
import { ImageError } from '../errors.ts';
import { parentsOf, type TreeEntry } from '../layout/file-tree.ts';
import { beginLayout, finishLayout, platformOf, readLayout } from '../layout/image-layout.ts';
import { writeLayer } from '../layout/write-layer.ts';
import { parseJsonObject } from '../parse-json.ts';

/** A file of this machine and where it stands in the image. */
interface TakenFile {
  readonly at: string;
  readonly from: string;
  readonly mode: number;
}

const texts: Readonly<Record<string, string>> = {
  'etc/passwd':
    'root:x:0:0:root:/root:/sbin/nologin\nnode:x:1000:1000::/home/node:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n',
  'etc/group': 'root:x:0:\nnode:x:1000:\nnogroup:x:65534:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

const nodeHome = { kind: 'folder', mode: 0o755, uid: 1000, gid: 1000 } as const;
const authorities = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Makes `slipway/node`: this machine's Node with the libraries it needs, a user `node`, `/tmp`, and the machine's certificate
 * authorities where it has them. The same files give the same digest.
 *
 * A folder made before from the same files is used as it is; one made from others is replaced in one step.
 *
 * @param options - `nodePath` is run to find its libraries, so it must be trusted.
 * @throws HostError when the binary's libraries cannot be listed; ImageError `IMAGE_OUTPUT_EXISTS` for a folder not of ours.
 */
export async function buildNodeBase(
  options: { readonly outputDir: string; readonly nodePath: string } & Cancellable,
): Promise<BuiltImage> {
  const files = await findFiles(options);
  const stamp = await stampOf(files);
  const known = await readKnown(options.outputDir);
  if (known?.stamp === stamp) return openKnown(options.outputDir);
  const key = await keyOf(files, options.signal);
  if (known?.key === key) {
    await writeMark(options.outputDir, { key, stamp });
    return openKnown(options.outputDir);
  }
  const isForeign = known === undefined && (await stat(options.outputDir).catch(() => undefined)) !== undefined;
  if (isForeign) throw new ImageError('IMAGE_OUTPUT_EXISTS', 'the folder for the Node base holds something else');
  const draft = `${options.outputDir}.partial`;
  await rm(draft, { recursive: true, force: true });
  try {
    const built = await buildInto(draft, files, options.signal);
    await writeMark(draft, { key, stamp });
    await rm(options.outputDir, { recursive: true, force: true });
    await rename(draft, options.outputDir);
    return { layoutDir: options.outputDir, ...built };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function findFiles(options: { readonly nodePath: string } & Cancellable): Promise<readonly TakenFile[]> {
  const node = await realpath(options.nodePath);
  const listed = await runProgram('ldd', [node], {
    accepts: [0, 1],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const lines = listed.stdout.toString().split('\n');
  const missing = lines.find((line) => line.includes('not found'));
  if (missing !== undefined) throw new ImageError('IMAGE_BASE_UNKNOWN', `Node lacks a library: ${missing.trim()}`);
  // `name => /path (0x…)` and, for the loader, `/path (0x…)`; a static binary lists none.
  const libraries = lines
    .map((line) => /(?:=>\s*|^\s*)(\/\S+)\s+\(0x/.exec(line)?.[1])
    .filter((found) => found !== undefined);
  const taken = libraries.map((library) => ({ at: path.normalize(library).slice(1), from: library, mode: 0o755 }));
  const hasAuthorities = (await stat(authorities).catch(() => undefined)) !== undefined;
  return [
    { at: 'usr/local/bin/node', from: node, mode: 0o755 },
    ...taken,
    ...(hasAuthorities ? [{ at: authorities.slice(1), from: authorities, mode: 0o644 }] : []),
  ];
}

/** Cheap to read: says that no file has been touched since. */
async function stampOf(files: readonly TakenFile[]): Promise<string> {
  const lines = await Promise.all(
    files.map(async ({ at, from }) => {
      const found = await stat(from, { bigint: true });
      return `${at} ${from} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
    }),
  );
  return lines.join('\n');
}

/** By content: what the image is made of, and the form it is made in. */
async function keyOf(files: readonly TakenFile[], signal: AbortSignal | undefined): Promise<string> {
  const key = createHash('sha256').update(`1\n${JSON.stringify(texts)}\n`);
  for (const { at, from } of files) {
    const hash = createHash('sha256');
    const reader = createReadStream(from, { highWaterMark: 1 << 20, ...(signal === undefined ? {} : { signal }) });
    for await (const chunk of reader) hash.update(chunk as Uint8Array);
    key.update(`${at} ${hash.digest('hex')}\n`);
  }
  return key.digest('hex');
}

const markName = 'slipway-base.json';

async function writeMark(folder: string, mark: { readonly key: string; readonly stamp: string }): Promise<void> {
  await writeAtomically(path.join(folder, markName), JSON.stringify(mark));
}

async function readKnown(folder: string): Promise<{ readonly key: string; readonly stamp: string } | undefined> {
  const bytes = await readFile(path.join(folder, markName)).catch(() => undefined);
  const { key, stamp } = (bytes === undefined ? undefined : parseJsonObject(bytes)) ?? {};
  return typeof key === 'string' && typeof stamp === 'string' ? { key, stamp } : undefined;
}

async function openKnown(layoutDir: string): Promise<BuiltImage> {
  const image = await readLayout(layoutDir);
  return { layoutDir, manifest: image.manifest, platform: platformOf(image.config) };
}

async function buildInto(
  layoutDir: string,
  files: readonly TakenFile[],
  signal: AbortSignal | undefined,
): Promise<Omit<BuiltImage, 'layoutDir'>> {
  await mkdir(path.dirname(layoutDir), { recursive: true });
  await beginLayout(layoutDir);
  const layer = await writeLayer(layoutDir, await treeOf(files), signal);
  const config = {
    created: epoch,
    architecture: arch === 'x64' ? 'amd64' : arch,
    os: 'linux',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Entrypoint: ['node'],
      WorkingDir: '/',
      Labels: { 'slipway.runtime': 'node' },
    },
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    history: [{ created: epoch, created_by: 'slipway/node' }],
  };
  return finishLayout(layoutDir, { config, layers: [layer.descriptor] });
}

async function treeOf(files: readonly TakenFile[]): Promise<ReadonlyMap<string, TreeEntry>> {
  const tree = new Map<string, TreeEntry>();
  for (const { at, from, mode } of files) {
    const { size } = await stat(from);
    tree.set(at, { kind: 'file', content: { kind: 'range', file: from, offset: 0, size }, mode });
  }
  for (const [at, text] of Object.entries(texts)) {
    tree.set(at, { kind: 'file', content: { kind: 'bytes', bytes: Buffer.from(text) }, mode: 0o644 });
  }
  for (const name of [...tree.keys(), 'home/node']) {
    for (const parent of parentsOf(name)) tree.set(parent, { kind: 'folder', mode: 0o755 });
  }
  tree.set('home/node', nodeHome);
  tree.set('root', { kind: 'folder', mode: 0o700 });
  tree.set('tmp', { kind: 'folder', mode: 0o1777 });
  return tree;
}
