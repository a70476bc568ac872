import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { BuiltImage, ImageBuildRequest } from '@slipway/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readLayout, verifyLayers } from '../layout/image-layout.ts';
import { type ContextEntry, makeContext } from '../testing/make-context.ts';
import { listLayers, readFromImage } from '../testing/open-layer.ts';
import { createImageBuilder, type ImageBuilderOptions } from './image-builder.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-build-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

let builds = 0;

async function build(
  dockerfile: string,
  entries: readonly ContextEntry[] = [],
  options: Partial<ImageBuilderOptions & Pick<ImageBuildRequest, 'buildArguments' | 'labels'>> = {},
): Promise<BuiltImage> {
  builds += 1;
  const { buildArguments, labels, ...rest } = options;
  const builder = createImageBuilder({
    bases: async () => undefined,
    stateDir: path.join(folder, 'state'),
    platform: { os: 'linux', architecture: 'amd64' },
    ...rest,
  });
  return builder.build({
    context: makeContext([['Dockerfile', dockerfile], ...entries]),
    dockerfile: 'Dockerfile',
    outputDir: path.join(folder, `image-${builds}`),
    ...(buildArguments === undefined ? {} : { buildArguments }),
    ...(labels === undefined ? {} : { labels }),
  });
}

async function configOf(image: BuiltImage): Promise<Record<string, unknown>> {
  return (await readLayout(image.layoutDir)).config['config'] as Record<string, unknown>;
}

describe('the image builder, making layers', () => {
  it('gives the same digest whatever order, times and owners the context has', async () => {
    const dockerfile = 'FROM scratch\nCOPY . /app/\nENV A=1\n';
    const files: ContextEntry[] = [
      ['b.txt', 'b'],
      ['dir/', { type: 'directory', mode: 0o777 }],
      ['dir/a.txt', 'a'],
      ['link', { type: 'symlink', linkname: 'dir/a.txt' }],
    ];

    const first = await build(dockerfile, files);
    const second = await build(dockerfile, [...files].reverse());

    expect(second.manifest.digest).toBe(first.manifest.digest);
    // Known in advance: another machine, processor or zlib must give it too.
    expect(first.manifest.digest).toMatchInlineSnapshot(
      `"sha256:c0bfa7565bc40d9aa5cc08582afb2f1d7a128e1ab4fa46b23f58e6cfa651d00c"`,
    );
    await verifyLayers(await readLayout(first.layoutDir));
  });

  it('makes one layer a COPY, with the folders that were not there', async () => {
    const image = await build('FROM scratch\nCOPY a.txt /x/y/\nCOPY dir /x/z\n', [
      ['a.txt', 'a'],
      ['dir/run.sh', { type: 'file', mode: 0o755, size: 0 }],
      ['dir/link', { type: 'symlink', linkname: 'run.sh' }],
    ]);

    expect(await listLayers(image.layoutDir)).toEqual([
      ['drwxr-xr-x 0/0 x/', 'drwxr-xr-x 0/0 x/y/', '-rw-r--r-- 0/0 x/y/a.txt'],
      ['drwxr-xr-x 0/0 x/z/', 'lrwxrwxrwx 0/0 x/z/link -> run.sh', '-rwxr-xr-x 0/0 x/z/run.sh'],
    ]);
  });

  it('copies a link named as a source as what it points at', async () => {
    const image = await build('FROM scratch\nCOPY link /copied\n', [
      ['a.txt', 'a'],
      ['link', { type: 'symlink', linkname: 'a.txt' }],
    ]);

    expect(await readFromImage(image.layoutDir, 'copied')).toBe('a');
  });

  it('copies as Docker does: folders by content, files by name, patterns, owners and modes', async () => {
    const image = await build(
      [
        'FROM scratch',
        'WORKDIR /srv/app',
        'COPY src lib',
        'COPY package.json package-lock.json ./',
        'COPY *.md docs/',
        'COPY --chown=1000:1001 --chmod=0700 a.txt renamed',
        'COPY ["with space.txt", "/srv/app/"]',
        'ADD a.txt /srv',
      ].join('\n'),
      [
        ['src/index.js', '1'],
        ['src/deep/er.js', '2'],
        ['package.json', '{}'],
        ['package-lock.json', '{}'],
        ['README.md', 'r'],
        ['a.txt', 'a'],
        ['with space.txt', 's'],
      ],
    );

    const names = (await listLayers(image.layoutDir)).map((layer) => layer.filter((line) => !line.startsWith('d')));

    expect(names).toEqual([
      [],
      ['-rw-r--r-- 0/0 srv/app/lib/deep/er.js', '-rw-r--r-- 0/0 srv/app/lib/index.js'],
      ['-rw-r--r-- 0/0 srv/app/package-lock.json', '-rw-r--r-- 0/0 srv/app/package.json'],
      ['-rw-r--r-- 0/0 srv/app/docs/README.md'],
      ['-rwx------ 1000/1001 srv/app/renamed'],
      ['-rw-r--r-- 0/0 srv/app/with space.txt'],
      ['-rw-r--r-- 0/0 srv/a.txt'],
    ]);
  });

  it('copies from an earlier stage, by name and by number', async () => {
    const image = await build(
      'FROM scratch AS build\nCOPY a.txt /out/\nFROM scratch\nCOPY --from=build /out /one\nCOPY --from=0 out/a.txt /two\n',
      [['a.txt', 'from the stage']],
    );

    expect(await readFromImage(image.layoutDir, 'one/a.txt')).toBe('from the stage');
    expect(await readFromImage(image.layoutDir, 'two')).toBe('from the stage');
    expect((await readLayout(image.layoutDir)).layers).toHaveLength(2);
  });

  it('leaves out what .dockerignore says, and keeps what it takes back', async () => {
    const image = await build('FROM scratch\nCOPY . /\n', [
      ['.dockerignore', '# comment\nnode_modules\n**/*.log\n!keep/this.log\nDockerfile\n.dockerignore\n'],
      ['node_modules/x/index.js', 'x'],
      ['deep/er/trace.log', 'x'],
      ['keep/this.log', 'x'],
      ['index.js', 'x'],
    ]);

    const [layer] = await listLayers(image.layoutDir);

    expect(layer?.map((line) => line.split(' ')[2])).toEqual([
      'deep/',
      'deep/er/',
      'index.js',
      'keep/',
      'keep/this.log',
    ]);
  });

  it('stands on a base: its layers, settings and links', async () => {
    const base = await build(
      'FROM scratch\nENV PATH=/bin\nENTRYPOINT ["node"]\nCMD ["old.js"]\nLABEL kept=yes\nCOPY passwd group /etc/\nCOPY link /\nCOPY sub/ /usr/lib/\n',
      [
        ['passwd', 'node:x:1000:1000::/:/bin/false\n'],
        ['group', 'node:x:1000:\n'],
        ['link/lib', { type: 'symlink', linkname: 'usr/lib' }],
        ['usr/lib/x', 'x'],
        ['sub/libc', 'c'],
      ],
    );
    const bases = async (name: string): Promise<{ layoutDir: string } | undefined> =>
      name === 'slipway/node:20' ? { layoutDir: base.layoutDir } : undefined;

    const image = await build(
      'ARG TAG=20\nFROM slipway/node:$TAG\nWORKDIR /app\nCOPY --chown=node a.txt /lib/\nCMD ["new.js"]\n',
      [['a.txt', 'a']],
      { bases },
    );

    const { layers, config } = await readLayout(image.layoutDir);
    expect(layers.slice(0, 3)).toEqual((await readLayout(base.layoutDir)).layers);
    expect((await listLayers(image.layoutDir)).at(-1)).toEqual(['-rw-r--r-- 1000/1000 usr/lib/a.txt']);
    expect((config['rootfs'] as { diff_ids: string[] }).diff_ids).toHaveLength(layers.length);
    expect(await configOf(image)).toEqual({
      Env: ['PATH=/bin'],
      Entrypoint: ['node'],
      Cmd: ['new.js'],
      WorkingDir: '/app',
      Labels: { kept: 'yes' },
    });
    await expect(build('FROM other/base', [], { bases })).rejects.toMatchObject({ code: 'IMAGE_BASE_UNKNOWN' });
  });
});

describe('the image builder, writing the config', () => {
  it('understands variables, quotes, continuation and both command forms', async () => {
    const image = await build(
      [
        '# syntax=docker/dockerfile:1',
        'FROM scratch',
        'ARG VERSION=1',
        'ARG NAME',
        'ENV A="x $VERSION" B=${NAME:-none} \\',
        '  # in between',
        "  C='$A' D=a\\ b",
        'ENV OLD one two',
        'LABEL version=$VERSION "with space"="${MISSING:-d}"',
        'WORKDIR /app',
        'WORKDIR sub',
        'EXPOSE 80 53/udp',
        'VOLUME ["/data"]',
        'USER node:node',
        'STOPSIGNAL SIGINT',
        'HEALTHCHECK --interval=1m30s --retries=2 CMD curl -f localhost',
        'ENTRYPOINT node $A',
        'CMD ["a b", "c"]',
      ].join('\n'),
      [],
      { buildArguments: { VERSION: '2' }, labels: { 'org.example': 'added' } },
    );

    expect(await configOf(image)).toEqual({
      User: 'node:node',
      ExposedPorts: { '53/udp': {}, '80/tcp': {} },
      Env: ['A=x 2', 'B=none', 'C=$A', 'D=a b', 'OLD=one two'],
      Entrypoint: ['/bin/sh', '-c', 'node $A'],
      Cmd: ['a b', 'c'],
      Volumes: { '/data': {} },
      WorkingDir: '/app/sub',
      Labels: { 'org.example': 'added', version: '2', 'with space': 'd' },
      StopSignal: 'SIGINT',
      Healthcheck: { Test: ['CMD-SHELL', 'curl -f localhost'], Interval: 90e9, Retries: 2 },
    });
    expect((await readLayout(image.layoutDir)).config['created']).toBe('1970-01-01T00:00:00Z');
  });

  it.each([
    ['FROM scratch\nCOPY . /\nRUN npm ci\n', 'IMAGE_RUN_UNSUPPORTED', 3],
    ['FROM scratch AS a\nRUN true\nFROM scratch\n', 'IMAGE_RUN_UNSUPPORTED', 2],
    ['FROM scratch\n\nADD https://example.org/x /\n', 'IMAGE_INSTRUCTION_UNSUPPORTED', 3],
    ['FROM scratch\nADD archive.bin /\n', 'IMAGE_INSTRUCTION_UNSUPPORTED', 2],
    ['FROM scratch\nONBUILD COPY . /\n', 'IMAGE_INSTRUCTION_UNSUPPORTED', 2],
    ['FROM scratch\nCOPY <<EOF /x\nhello\nEOF\n', 'IMAGE_INSTRUCTION_UNSUPPORTED', 2],
    ['FROM scratch\nCOPY --parents a /\n', 'IMAGE_INSTRUCTION_UNSUPPORTED', 2],
    ['FROM scratch\nCOPY nothing /\n', 'IMAGE_SOURCE_MISSING', 2],
    ['FROM scratch\nCOPY ../../etc/passwd /\n', 'IMAGE_DOCKERFILE_INVALID', 2],
    ['FROM scratch\nCOPY a.txt a.txt /x\n', 'IMAGE_DOCKERFILE_INVALID', 2],
    ['FROM scratch\nENV A="open\n', 'IMAGE_DOCKERFILE_INVALID', 2],
    ['FROM scratch\nCOPY --from=later a /\n', 'IMAGE_DOCKERFILE_INVALID', 2],
    ['FROM scratch\nCOPY d /\n', 'IMAGE_DOCKERFILE_INVALID', 2],
    ['ENV A=1\nFROM scratch\n', 'IMAGE_DOCKERFILE_INVALID', 1],
    ['# nothing\n', 'IMAGE_DOCKERFILE_INVALID', undefined],
  ])('refuses %j with the line', async (dockerfile, code, line) => {
    const failed = await build(dockerfile, [
      ['a.txt', 'a'],
      ['archive.bin', Buffer.from('1f8b0800', 'hex')],
      ['d/up', { type: 'symlink', linkname: '../a.txt' }],
    ]).catch((error: unknown) => error);

    expect(failed).toMatchObject({ code, ...(line === undefined ? {} : { facts: { line } }) });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the image builder, given a hostile context', () => {
  const file = 'x';
  it.each<readonly [string, readonly ContextEntry[], string]>([
    ['climbs', [['../evil', file]], 'IMAGE_CONTEXT_REFUSED'],
    ['climbs in the middle', [['a/../../evil', file]], 'IMAGE_CONTEXT_REFUSED'],
    ['is absolute', [['/etc/passwd', file]], 'IMAGE_CONTEXT_REFUSED'],
    ['links out', [['a', { type: 'symlink', linkname: '../../etc' }]], 'IMAGE_CONTEXT_REFUSED'],
    ['links to an absolute path', [['a', { type: 'symlink', linkname: '/etc/passwd' }]], 'IMAGE_CONTEXT_REFUSED'],
    [
      'links out by way of another link',
      [
        ['d/e/', { type: 'directory' }],
        ['d/up', { type: 'symlink', linkname: '..' }],
        ['out', { type: 'symlink', linkname: 'd/up/..' }],
      ],
      'IMAGE_CONTEXT_REFUSED',
    ],
    [
      'writes through a link',
      [
        ['d/', { type: 'directory' }],
        ['l', { type: 'symlink', linkname: 'd' }],
        ['l/evil', file],
      ],
      'IMAGE_CONTEXT_REFUSED',
    ],
    ['hard-links out', [['a', { type: 'link', linkname: '../../etc/passwd' }]], 'IMAGE_CONTEXT_REFUSED'],
    ['is a device', [['a', { type: 'character-device', devmajor: 1, devminor: 3 }]], 'IMAGE_CONTEXT_REFUSED'],
    ['is a pipe', [['a', { type: 'fifo' }]], 'IMAGE_CONTEXT_REFUSED'],
    [
      'stands twice',
      [
        ['a', file],
        ['a', file],
      ],
      'IMAGE_CONTEXT_REFUSED',
    ],
    [
      'collides in case',
      [
        ['Readme', file],
        ['README', file],
      ],
      'IMAGE_CONTEXT_REFUSED',
    ],
    [
      'collides in a folder',
      [
        ['Dir/a', file],
        ['dir/b', file],
      ],
      'IMAGE_CONTEXT_REFUSED',
    ],
    [
      'is a file and a folder',
      [
        ['a', file],
        ['a/b', file],
      ],
      'IMAGE_CONTEXT_REFUSED',
    ],
    ['has a backslash', [['a\\b', file]], 'IMAGE_CONTEXT_REFUSED'],
    ['is too large', [['a', 'x'.repeat(200_000)]], 'IMAGE_TOO_LARGE'],
    ['is too many', Array.from({ length: 60 }, (_none, at): ContextEntry => [`f${at}`, '']), 'IMAGE_TOO_LARGE'],
  ])('refuses an entry that %s, and leaves nothing', async (_what, entries, code) => {
    const limits = { contextLimits: { maxEntries: 50, maxBytes: 100_000 } };

    await expect(build('FROM scratch\nCOPY . /\n', entries, limits)).rejects.toMatchObject({ code });
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses what is no tar, and a tar that ends early', async () => {
    const builder = createImageBuilder({ bases: async () => undefined, stateDir: folder });
    const whole = await makeContext([['Dockerfile', 'FROM scratch']])().toArray();
    for (const bytes of [Buffer.alloc(4096, 'x'), Buffer.concat(whole as Buffer[]).subarray(0, 515)]) {
      const request = {
        context: () => Readable.from([bytes]),
        dockerfile: 'Dockerfile',
        outputDir: path.join(folder, 'o'),
      };

      await expect(builder.build(request)).rejects.toMatchObject({ code: 'IMAGE_CONTEXT_INVALID' });
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a base whose layer grows beyond the limit when unpacked', async () => {
    const base = await build('FROM scratch\nCOPY big /\n', [['big', 'x'.repeat(500_000)]]);
    const options = {
      bases: async () => ({ layoutDir: base.layoutDir }),
      layerLimits: { maxEntries: 10, maxBytes: 100_000 },
    };

    await expect(build('FROM base', [], options)).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  it.each([
    ['values that double', `ENV A=xxxxxxxx\n${'ENV A=$A$A\n'.repeat(40)}`, 'IMAGE_DOCKERFILE_INVALID'],
    ['layers without end', 'COPY a /x/\n'.repeat(200), 'IMAGE_TOO_LARGE'],
    ['copies that multiply', 'COPY big /x/\n'.repeat(5), 'IMAGE_TOO_LARGE'],
    ['instructions without end', 'ENV A=1\n'.repeat(1001), 'IMAGE_DOCKERFILE_INVALID'],
    ['a file too long', `# ${'x'.repeat(200_000)}`, 'IMAGE_TOO_LARGE'],
  ])('refuses a Dockerfile of %s', async (_what, lines, code) => {
    const files: ContextEntry[] = [
      ['a', 'a'],
      ['big', 'x'.repeat(300_000)],
    ];

    const building = build(`FROM scratch\n${lines}`, files, { maxWrittenBytes: 1_000_000 });

    await expect(building).rejects.toMatchObject({ code });
    expect(await readdir(folder)).toEqual([]);
  });

  it('matches a pattern made to be slow in a moment', async () => {
    const before = performance.now();

    await build('FROM scratch\nCOPY . /\n', [
      ['.dockerignore', `${'*a'.repeat(50)}b\n${'**/'.repeat(30)}b\n`],
      ['a'.repeat(90), 'x'],
    ]);

    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('stops when told to, and leaves nothing', async () => {
    const builder = createImageBuilder({ bases: async () => undefined, stateDir: folder });
    const context = makeContext([['Dockerfile', 'FROM scratch']]);
    const request = { context, dockerfile: 'Dockerfile', outputDir: path.join(folder, 'out') };

    const building = builder.build(request, { signal: AbortSignal.abort(new Error('stopped by the test')) });

    await expect(building).rejects.toThrow('stopped by the test');
    expect(await readdir(folder)).toEqual([]);
  });
});
