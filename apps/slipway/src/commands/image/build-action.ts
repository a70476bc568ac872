import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseImageReference } from '@slipway/domain';
import { runProgram } from '@slipway/host';
import { buildNodeBase, createImageBuilder, pullImage } from '@slipway/oci';
import type { CommandContext } from '../../cli/run-command.ts';
import type { ExitCode } from '../../exit-codes.ts';
import type { ImageBuildOptions } from './build.ts';
import { registryFor } from './registry-for.ts';

const packMs = 300_000;

/** Builds with the builder that pipelines use, over a tar of the folder. */
export async function buildImage(context: CommandContext, options: ImageBuildOptions): Promise<ExitCode | undefined> {
  const { signal, environment } = context;
  const images = path.join(environment.cacheDir, 'images');
  await mkdir(images, { recursive: true, mode: 0o700 });
  const draft = await mkdtemp(path.join(tmpdir(), 'slipway-context-'));
  try {
    const tar = path.join(draft, 'context.tar');
    await runProgram('tar', ['--sort=name', '-cf', tar, '-C', path.resolve(options.context), '.'], {
      timeoutMs: packMs,
      signal,
    });
    const builder = createImageBuilder({
      stateDir: images,
      bases: async (reference) => {
        if (reference === 'slipway/node')
          return buildNodeBase({ outputDir: path.join(images, 'slipway-node'), nodePath: process.execPath });
        const { registry, name, digest } = parseImageReference(reference);
        if (registry === undefined || digest === undefined) return undefined;
        const outputDir = path.join(images, `base-${digest.slice(7, 31)}`);
        return pullImage({ registry: await registryFor(context, registry), name, digest, outputDir, signal });
      },
    });
    const request = {
      context: () => createReadStream(tar),
      dockerfile: options.dockerfile,
      outputDir: path.resolve(options.out),
    };
    const { layoutDir, manifest, platform } = await builder.build(request, { signal });
    context.answer({ layoutDir, digest: manifest.digest, platform }, () => manifest.digest);
    return undefined;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
