import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleFiles } from '@slipway/evidence';
import { CliError } from '../../cli/cli-error.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { createApiClient } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';
import type { ExportOptions } from './export.ts';

const exportMs = 600_000;
const maxBundleBytes = 1_073_741_824;
const probeMs = 2_000;

interface Period {
  readonly from: string;
  readonly to: string;
}

/** Asks for the bundle and writes it in one step: a folder of that name is whole or not there. */
export async function exportEvidence(context: CommandContext, options: ExportOptions): Promise<ExitCode | undefined> {
  const out = path.resolve(options.out);
  if (await isThere(out)) throw new CliError('CLI_OUTPUT_EXISTS', `${options.out} exists`);
  const period = { from: options.from, to: options.to ?? new Date().toISOString() };
  if (period.from >= period.to) throw new CliError('CLI_USAGE', 'The period is empty: --from is not before --to');
  context.progress('Collecting the evidence…');
  const files = await collect(context, options, period);
  await writeFolder(out, files);
  const names = Object.keys(files).sort();
  context.answer({ folder: out, ...period, files: names }, () => `Wrote ${names.length} files to ${options.out}`);
  return undefined;
}

async function collect(
  context: CommandContext,
  options: ExportOptions,
  period: Period,
): Promise<Readonly<Record<string, string>>> {
  if (options.state === undefined) return askServer(context, options, period);
  const url = await runningServer(options.state, context.signal);
  if (url !== undefined) return askServer(context, { ...options, url }, period);
  const { exportOffline } = await import('./export-offline.ts');
  return exportOffline(context, options.state, period);
}

async function askServer(
  context: CommandContext,
  options: ExportOptions,
  period: Period,
): Promise<Readonly<Record<string, string>>> {
  const client = await connectServer(context, options);
  return client.get(
    '/api/v1/audit/bundle',
    { parse: parseFiles },
    {
      query: { ...period },
      timeoutMs: exportMs,
      maxBytes: maxBundleBytes,
    },
  );
}

/** Only names of a bundle's files: what a server calls them never becomes a path. */
function parseFiles(value: unknown): Readonly<Record<string, string>> {
  const names: readonly string[] = Object.values(bundleFiles);
  const files = Object.entries(value as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    files.map(([name, text]) => {
      if (!names.includes(name) || typeof text !== 'string') throw new Error(`${name} is not a file of a bundle`);
      return [name, text];
    }),
  );
}

/** The address of the state folder's server when it answers. */
async function runningServer(stateDir: string, signal: AbortSignal): Promise<string | undefined> {
  const text = await readFile(path.join(stateDir, 'server', 'server.json'), 'utf8').catch(() => undefined);
  if (text === undefined) throw new CliError('CLI_FILE_UNREADABLE', `${stateDir} is not a folder of an installation`);
  const url = `http://127.0.0.1:${(JSON.parse(text) as { readonly port: number }).port}`;
  try {
    await createApiClient({ url, signal, timeoutMs: probeMs }).get('/api/v1/openapi.json', { parse: (value) => value });
    return url;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CliError) return undefined;
    throw error;
  }
}

async function writeFolder(out: string, files: Readonly<Record<string, string>>): Promise<void> {
  const draft = `${out}.partial`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(draft, name), text, { flush: true });
    await rename(draft, out);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}
