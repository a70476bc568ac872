import { runProgram } from '@slipway/host';
import path from 'node:path';
import type { Descriptor } from '@slipway/ports';
import { readLayout } from '../layout/image-layout.ts';

/** @internal What GNU tar says each layer of an image holds: `mode owner path`, links with their target. */
export async function listLayers(layoutDir: string): Promise<readonly (readonly string[])[]> {
  const { layers } = await readLayout(layoutDir);
  return Promise.all(layers.map((layer) => listLayer(layoutDir, layer)));
}

async function listLayer(layoutDir: string, { digest }: Descriptor): Promise<readonly string[]> {
  const file = path.join(layoutDir, 'blobs', 'sha256', digest.slice(7));
  const { stdout } = await runProgram('tar', ['-tvzf', file, '--numeric-owner', '--full-time', '--utc']);
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => {
    const [mode, owner, , , , ...name] = line.split(/\s+/);
    return `${mode ?? ''} ${owner ?? ''} ${name.join(' ')}`;
  });
}

/** @internal The text of one file of an image's layers, the last that has it. */
export async function readFromImage(layoutDir: string, name: string): Promise<string> {
  const { layers } = await readLayout(layoutDir);
  for (const { digest } of layers.toReversed()) {
    const file = path.join(layoutDir, 'blobs', 'sha256', digest.slice(7));
    const found = await runProgram('tar', ['-xzOf', file, name], { accepts: [0, 2] });
    if (found.exitCode === 0) return found.stdout.toString();
  }
  throw new Error(`no layer has ${name}`);
}
