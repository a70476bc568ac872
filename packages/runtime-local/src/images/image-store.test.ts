import { parseImageReference, type Digest } from '@slipway/domain';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf, FolderRegistry } from '../../test-support/folder-registry.ts';
import { pushImage, type TestEntry } from '../../test-support/make-image.ts';
import type { PinnedImage } from '../objects/workload.ts';
import { ImageStore, type StoredImage } from './image-store.ts';

const signal = AbortSignal.timeout(60_000);
let folder: string;
let registry: FolderRegistry;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'slipway-images-'));
  registry = new FolderRegistry(path.join(folder, 'registry'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('an image', () => {
  it('is unpacked layer over layer: later files win, whiteouts remove, an opaque folder hides what lies below', async () => {
    const image = await unpack([
      [
        file('app/a', 'old'),
        file('app/b', 'b'),
        file('etc/x', 'x'),
        file('var/log/one', '1'),
        file('run.sh', '#', 0o4755),
      ],
      [file('app/a', 'new'), file('app/.wh.b', ''), file('var/log/two', '2'), file('var/log/.wh..wh..opq', '')],
    ]);

    expect(readFileSync(path.join(image.rootDir, 'app/a'), 'utf8')).toBe('new');
    expect(readdirSync(path.join(image.rootDir, 'app'))).toEqual(['a']);
    expect(readdirSync(path.join(image.rootDir, 'var/log'))).toEqual(['two']);
    expect(lstatSync(path.join(image.rootDir, 'app/a')).mode & 0o7777).toBe(0o444);
    expect(lstatSync(path.join(image.rootDir, 'run.sh')).mode & 0o7777).toBe(0o555);
    expect(readdirSync(path.join(folder, 'images')).length).toBe(1);
  });

  it('keeps links inside: an absolute one becomes relative, and entries below a linked folder land in the folder', async () => {
    const image = await unpack([
      [
        file('usr/lib/a', 'a'),
        { name: 'lib', type: 'symlink', linkname: '/usr/lib' },
        { name: 'etc/alternatives/tool', type: 'symlink', linkname: '/usr/lib/a' },
        { name: 'usr/lib/hard', type: 'link', linkname: 'usr/lib/a' },
      ],
      [file('lib/b', 'b')],
    ]);

    expect(readlinkSync(path.join(image.rootDir, 'lib'))).toBe('./usr/lib');
    expect(readFileSync(path.join(image.rootDir, 'etc/alternatives/tool'), 'utf8')).toBe('a');
    expect(readFileSync(path.join(image.rootDir, 'usr/lib/b'), 'utf8')).toBe('b');
    expect(readFileSync(path.join(image.rootDir, 'usr/lib/hard'), 'utf8')).toBe('a');
  });

  const hostile: readonly (readonly [string, readonly TestEntry[]])[] = [
    ['a path that climbs out', [file('../evil', 'x')]],
    ['a path that climbs out in the middle', [file('a/../../evil', 'x')]],
    ['an absolute path', [file('/evil', 'x')]],
    ['a link that climbs out', [{ name: 'out', type: 'symlink', linkname: '../../evil' }]],
    ['a hard link to a file outside', [{ name: 'passwd', type: 'link', linkname: '/etc/passwd' }]],
    ['a hard link that climbs out', [{ name: 'passwd', type: 'link', linkname: '../../etc/passwd' }]],
    ['a device', [{ name: 'null', type: 'character-device' }]],
    ['a named pipe', [{ name: 'pipe', type: 'fifo' }]],
    ['a whiteout of its own folder', [file('a/b', 'x'), file('a/.wh..', '')]],
    [
      'a loop of links',
      [{ name: 'a', type: 'symlink', linkname: 'b' }, { name: 'b', type: 'symlink', linkname: 'a' }, file('a/x', 'x')],
    ],
  ];
  it.each(hostile)('with %s is refused and leaves nothing behind', async (_what, entries) => {
    writeFileSync(path.join(folder, 'evil'), 'untouched');

    await expect(unpack([entries])).rejects.toMatchObject({ code: 'RUNTIME_IMAGE_INVALID' });

    expect(readFileSync(path.join(folder, 'evil'), 'utf8')).toBe('untouched');
    expect(readdirSync(path.join(folder, 'images'))).toEqual([]);
  });

  it('never writes through a link to the outside, even one that a layer made and then uses', async () => {
    const image = await unpack([[{ name: 'd', type: 'symlink', linkname: folder }, file('d/evil', 'x')]]);

    expect(existsSync(path.join(folder, 'evil'))).toBe(false);
    expect(readFileSync(path.join(image.rootDir, folder.slice(1), 'evil'), 'utf8')).toBe('x');
  });

  it('is refused when a manifest, a configuration or a layer is not what its digest says', async () => {
    const reference = await pushImage(registry, 'web', { layers: [[file('a', 'a')]], entrypoint: ['node'] });
    const manifest = JSON.parse(
      (await registry.getManifest('web', pinned(reference).digest))?.bytes.toString() ?? '',
    ) as {
      readonly config: { readonly digest: Digest };
      readonly layers: readonly { readonly digest: Digest }[];
    };
    const blobs = [
      pinned(reference).digest,
      manifest.config.digest,
      manifest.layers[0]?.digest ?? digestOf(Buffer.of()),
    ];
    for (const blob of blobs) {
      const honest = (await registry.getManifest('web', blob))?.bytes ?? Buffer.of();
      registry.store(Buffer.concat([Buffer.from(honest), Buffer.from(' ')]), blob);
      await expect(open(reference)).rejects.toMatchObject({ code: 'RUNTIME_IMAGE_INVALID' });
      registry.store(honest);
    }
    await expect(open(reference)).resolves.toMatchObject({ config: { entrypoint: ['node'] } });
  });

  it('is pulled once by two callers, kept over a restart, and what a killed pull left is cleared away', async () => {
    const reference = await pushImage(registry, 'web', { layers: [[file('a', 'a')]], entrypoint: ['node'] });
    const store = await ImageStore.open(path.join(folder, 'images'), [registry]);
    const [first, second] = await Promise.all([
      store.image(pinned(reference), signal),
      store.image(pinned(reference), signal),
    ]);
    expect(first).toBe(second);
    writeFileSync(path.join(folder, 'images', '.half'), '');

    rmSync(path.join(folder, 'registry'), { recursive: true });
    const again = await ImageStore.open(path.join(folder, 'images'), []);

    expect(existsSync(path.join(folder, 'images', '.half'))).toBe(false);
    await expect(again.image(pinned(reference), signal)).resolves.toMatchObject({ rootDir: first.rootDir });
  });

  it('stays while it is in use, or among those used last', async () => {
    const store = await ImageStore.open(path.join(folder, 'images'), [registry]);
    const images: PinnedImage[] = [];
    for (const name of ['one', 'two', 'three', 'four']) {
      images.push(pinned(await pushImage(registry, name, { layers: [[file(name, name)]], entrypoint: ['node'] })));
      await store.image(images.at(-1) as PinnedImage, signal);
    }
    const [one, two, three, four] = images as [PinnedImage, PinnedImage, PinnedImage, PinnedImage];
    for (const [age, image] of [two, three, four].entries()) {
      const at = new Date(Date.UTC(2026, 0, 1 + age));
      utimesSync(path.join(folder, 'images', image.digest.slice('sha256:'.length)), at, at);
    }
    await store.image(two, signal);

    await store.keepOnly(new Set([one.digest]), 2);

    const left = readdirSync(path.join(folder, 'images')).map((name) => `sha256:${name}`);
    expect(new Set(left)).toEqual(new Set([one.digest, two.digest, four.digest]));
  });

  it('of a registry that the runtime does not know, or that lacks it, is missing', async () => {
    const reference = await pushImage(registry, 'web', { layers: [], entrypoint: ['node'] });
    const unknown = reference.replace('registry.test:5000', 'other.test:5000');
    const absent = `${registry.host}/web@${digestOf(Buffer.from('absent'))}`;

    await expect(open(unknown)).rejects.toMatchObject({ code: 'RUNTIME_IMAGE_MISSING' });
    await expect(open(absent)).rejects.toMatchObject({ code: 'RUNTIME_IMAGE_MISSING' });
  });
});

function file(name: string, content: string, mode = 0o644): TestEntry {
  return { name, content, mode };
}

async function unpack(layers: readonly (readonly TestEntry[])[]): Promise<StoredImage> {
  return open(await pushImage(registry, 'web', { layers, entrypoint: ['node'] }));
}

async function open(reference: string): Promise<StoredImage> {
  const store = await ImageStore.open(path.join(folder, 'images'), [registry]);
  return store.image(pinned(reference), signal);
}

function pinned(reference: string): PinnedImage {
  const { registry: host = '', digest, ...rest } = parseImageReference(reference);
  if (digest === undefined) throw new Error(`${reference} has no digest`);
  return { ...rest, registry: host, digest };
}
