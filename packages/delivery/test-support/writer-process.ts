import { runProgram } from '@slipway/host';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const program = path.join(packageDir, 'fixtures/writer-process.mjs');

/** Other processes run what is built. */
export async function buildPackage(): Promise<void> {
  const compiler = path.join(path.dirname(createRequire(import.meta.url).resolve('tsc7/package.json')), 'bin/tsc');
  const projects = [packageDir, path.join(packageDir, '../git')];
  await runProgram(process.execPath, [compiler, '-b', ...projects], { cwd: packageDir });
}

export type WriterProcess = ChildProcessByStdio<null, Readable, null>;

/** Starts a process that lands one edit. */
export function startWriter(task: Readonly<Record<string, unknown>>): WriterProcess {
  return spawn(process.execPath, [program, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** What the process says it landed. @throws when it failed. */
export async function landedBy(writer: WriterProcess): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await text(writer.stdout)) as Readonly<Record<string, unknown>>;
}

/** Runs an edit up to a checkpoint and kills its process there. */
export async function killAt(stopAt: string, task: Readonly<Record<string, unknown>>): Promise<void> {
  const writer = startWriter({ ...task, stopAt });
  const ended = new Promise((resolve) => writer.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    writer.stdout.once('data', () => resolve());
    writer.once('close', () => reject(new Error(`ended before ${stopAt}`)));
  });
  writer.kill('SIGKILL');
  await ended;
}
