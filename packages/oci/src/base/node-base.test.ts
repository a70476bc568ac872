import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execPath, getuid, version } from 'node:process';
import { runProgram } from '@slipway/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageBuilder } from '../build/image-builder.ts';
import { blobPath, readLayout, verifyLayers } from '../layout/image-layout.ts';
import { makeContext } from '../testing/make-context.ts';
import { listLayers } from '../testing/open-layer.ts';
import { buildNodeBase } from './node-base.ts';

let folder = '';
let outputDir = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-node-base-'));
  outputDir = path.join(folder, 'node');
  await buildNodeBase({ outputDir, nodePath: execPath });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the Node base image', () => {
  it('is a whole image with node, its loader, a user and its label', async () => {
    const image = await readLayout(outputDir);
    const [lines = []] = await listLayers(outputDir);

    await verifyLayers(image);
    expect(image.config['config']).toMatchObject({ Entrypoint: ['node'], Labels: { 'slipway.runtime': 'node' } });
    expect(lines).toContain('-rwxr-xr-x 0/0 usr/local/bin/node');
    expect(lines).toContain('drwxr-xr-x 1000/1000 home/node/');
    expect(lines).toContain('drwxrwxrwt 0/0 tmp/');
    expect(lines.some((line) => /\/libc\.so\.6$/.test(line))).toBe(true);
    expect(lines.some((line) => /\/ld-linux[^/]*$/.test(line))).toBe(true);
  });

  it('is used as it is when nothing changed, and gives the same digest when made anew', async () => {
    const before = await stat(path.join(outputDir, 'index.json'));
    const first = await buildNodeBase({ outputDir, nodePath: execPath });
    const after = await stat(path.join(outputDir, 'index.json'));

    const second = await buildNodeBase({ outputDir: path.join(folder, 'again'), nodePath: execPath });

    expect(after.ino).toBe(before.ino);
    expect(second.manifest.digest).toBe(first.manifest.digest);
  });

  it('does not replace a folder that is not its own', async () => {
    const other = path.join(folder, 'other');
    await mkdir(other);
    await writeFile(path.join(other, 'precious'), 'kept');

    await expect(buildNodeBase({ outputDir: other, nodePath: execPath })).rejects.toMatchObject({
      code: 'IMAGE_OUTPUT_EXISTS',
    });
    expect(await readFile(path.join(other, 'precious'), 'utf8')).toBe('kept');
  });

  // chroot(2) needs root; elsewhere the runtime's own tests start images.
  it.skipIf(getuid?.() !== 0)('runs a built application by its own files alone', async () => {
    const builder = createImageBuilder({ bases: async () => ({ layoutDir: outputDir }), stateDir: folder });
    const image = await builder.build({
      context: makeContext([
        ['Dockerfile', 'FROM slipway/node\nWORKDIR /app\nCOPY index.js .\nUSER node\nCMD ["index.js"]\n'],
        ['index.js', 'console.log(process.version, process.getuid())'],
      ]),
      dockerfile: 'Dockerfile',
      outputDir: path.join(folder, 'app'),
    });
    const root = path.join(folder, 'root');
    await mkdir(root);
    for (const { digest } of (await readLayout(image.layoutDir)).layers) {
      await runProgram('tar', ['-xzf', blobPath(image.layoutDir, digest), '-C', root]);
    }

    const ran = await runProgram('chroot', ['--userspec=1000:1000', root, 'node', '/app/index.js'], {
      environment: { PATH: '/usr/local/bin:/usr/sbin' },
    });

    expect(ran.stdout.toString().trim()).toBe(`${version} 1000`);
  });
});
