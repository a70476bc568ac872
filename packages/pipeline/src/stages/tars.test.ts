import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { parseDigest, type StageRun } from '@slipway/domain';
import { extract, type Header, pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readKeptFile } from './kept-file.ts';
import { unpackLayout } from './layout-tar.ts';
import { mergeTars } from './merge-tars.ts';

let folder: string;
/** What nobody handles would end the server. */
let unhandled: unknown[] = [];
const onUnhandled = (error: unknown): void => void unhandled.push(error);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-tars-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', onUnhandled);
});
afterEach(async () => {
  // A rejection is told of after the microtasks of its turn.
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

type Entry = Partial<Header> & { readonly name: string; readonly text?: string };

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { text, ...header } of entries) tar.entry(header, text ?? '');
  tar.finalize();
  return buffer(Readable.from(tar));
}

async function namesOf(tar: Readable): Promise<readonly string[]> {
  const entries = extract();
  tar.pipe(entries);
  const names: string[] = [];
  for await (const entry of entries) {
    names.push(entry.header.name);
    entry.resume();
  }
  return names;
}

describe('a report of a stage', () => {
  const digest = parseDigest(`sha256:${'1'.repeat(64)}`);
  const stage: Pick<StageRun, 'id' | 'outputs'> = {
    id: 'run/test',
    outputs: [{ name: 'report-junit', digest, sizeBytes: 1 }],
  };

  async function read(bytes: Buffer | undefined): Promise<Buffer> {
    const file = path.join(folder, 'kept');
    await rm(file, { force: true });
    if (bytes !== undefined) await writeFile(file, bytes);
    const content = {
      has: () => Promise.resolve(true),
      open: () => createReadStream(file),
      pathOf: () => file,
      take: () => Promise.resolve(),
      draftFolder: () => Promise.resolve(folder),
    };
    return readKeptFile(content, stage, 'report-junit');
  }

  it('is the one file of its tar, whatever it is called', async () => {
    expect(
      String(
        await read(
          await tarOf([
            { name: 'a', type: 'directory' },
            { name: '../../x', text: 'bytes' },
          ]),
        ),
      ),
    ).toBe('bytes');
  });

  it.each<[string, readonly Entry[]]>([
    ['a link', [{ name: 'junit.xml', type: 'symlink', linkname: '/etc/passwd' }]],
    ['a hard link', [{ name: 'junit.xml', type: 'link', linkname: '/etc/passwd' }]],
    ['a device', [{ name: 'junit.xml', type: 'character-device' }]],
    ['nothing', []],
  ])('is refused when it is %s', async (_what, entries) => {
    await expect(read(await tarOf(entries))).rejects.toMatchObject({ code: 'STAGE_OUTPUT_UNREADABLE' });
  });

  it('is refused when its tar is damaged, or gone between the look and the read', async () => {
    await expect(read(Buffer.alloc(2_000, 'x'))).rejects.toMatchObject({ code: 'STAGE_OUTPUT_UNREADABLE' });
    await expect(read(undefined)).rejects.toMatchObject({ code: 'STAGE_OUTPUT_LOST' });
  });
});

describe('a kept image layout', () => {
  it('is never unpacked outside of its folder', async () => {
    const file = path.join(folder, 'layout.tar');
    for (const name of ['../evil', '/evil', 'a/../../evil']) {
      await writeFile(
        file,
        await tarOf([
          { name: 'index.json', text: '{}' },
          { name, text: 'x' },
          { name: 'after', text: 'x'.repeat(200_000) },
        ]),
      );

      await expect(unpackLayout(file, path.join(folder, 'layout'))).rejects.toMatchObject({
        code: 'PATH_OUTSIDE_ROOT',
      });
    }
    expect(await readdir(folder)).not.toContain('evil');
  });

  it('is refused when its tar is damaged', async () => {
    const file = path.join(folder, 'layout.tar');
    await writeFile(file, Buffer.alloc(100_000, 'x'));

    await expect(unpackLayout(file, path.join(folder, 'layout'))).rejects.toThrow();
  });
});

describe('the build context', () => {
  it('takes a path that stands twice from the later tar', async () => {
    const [tree, output] = [
      await tarOf([
        { name: 'a', text: '1' },
        { name: 'b', text: '1' },
      ]),
      await tarOf([{ name: 'b', text: '2' }]),
    ];

    const names = await namesOf(
      mergeTars([{ open: () => Readable.from([tree]) }, { open: () => Readable.from([output]) }]),
    );

    expect([...names].sort()).toEqual(['a', 'b']);
  });

  it('ends quietly when its reader refuses an entry and goes away', async () => {
    const tree = await tarOf([
      { name: 'l', type: 'symlink', linkname: '../../etc' },
      ...Array.from({ length: 200 }, (_, at) => ({ name: `f${at}`, text: 'x'.repeat(10_000) })),
    ]);
    const context = mergeTars([{ open: () => Readable.from([tree]) }]);
    context.on('error', () => undefined);
    await once(context, 'readable');

    context.destroy(new Error('refused'));
    await once(context, 'close').catch(() => undefined);
  });

  it('fails for its reader when a source is damaged', async () => {
    const context = mergeTars([{ open: () => Readable.from([Buffer.alloc(100_000, 'x')]) }]);

    await expect(buffer(context)).rejects.toThrow();
  });
});
