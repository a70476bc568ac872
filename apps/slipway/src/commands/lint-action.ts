import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError, type Fault, jsonSchemas, parseDelivery, parsePipelines, printFault } from '@slipway/config';
import { writeAtomically } from '@slipway/host';
import { CliError } from '../cli/cli-error.ts';
import { printable } from '../cli/print-table.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import type { LintOptions } from './lint.ts';

/** Above the parser's own bound, so that it says what is wrong. */
const maxBytes = 2_097_152;

/** Checks files, and writes the schemas when asked for. */
export async function lint(
  context: CommandContext,
  files: readonly string[],
  options: LintOptions,
): Promise<ExitCode | undefined> {
  const schemas = options.schemas === undefined ? [] : await writeSchemas(options.schemas);
  const wanted = files.length === 0 && schemas.length === 0 ? ['slipway.yaml'] : files;
  const faults: Fault[] = [];
  for (const file of wanted) faults.push(...faultsOf(await readText(file), file));
  context.answer({ files: wanted, schemas, faults }, () =>
    [...schemas.map((file) => `wrote ${file}`), ...faults.map((fault) => printable(printFault(fault)))].join('\n'),
  );
  if (faults.length === 0) {
    if (wanted.length > 0)
      context.progress(`${wanted.length === 1 ? (wanted[0] ?? '') : `${wanted.length} files`}: no fault`);
    return undefined;
  }
  context.progress(`${faults.length} fault${faults.length === 1 ? '' : 's'}; mend every line above`);
  return exitCodes.failed;
}

/** Every fault of a text; which kind of file it is stands in its `kind:`. */
export function faultsOf(text: string, file: string): readonly Fault[] {
  const kind = /^kind:[ \t]*["']?([A-Za-z]+)/m.exec(text)?.[1];
  if (kind !== 'Pipeline' && kind !== 'Delivery') {
    const message =
      kind === undefined
        ? 'there is no `kind`; write Pipeline or Delivery'
        : `there is no kind ${kind}; write Pipeline or Delivery`;
    const line = kind === undefined ? 1 : text.slice(0, text.search(/^kind:/m)).split('\n').length;
    return [{ file, line, column: 1, path: 'kind', message }];
  }
  try {
    if (kind === 'Pipeline') parsePipelines(text, file);
    else parseDelivery(text, file);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes)
      throw new CliError('CLI_FILE_UNREADABLE', `${file} has ${size} bytes; ${maxBytes} are allowed`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('CLI_FILE_UNREADABLE', `${file} cannot be read`, { cause: error });
  }
}

async function writeSchemas(folder: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const [name, schema] of Object.entries(jsonSchemas())) {
    const file = path.join(folder, name);
    await writeAtomically(file, `${JSON.stringify(schema, null, 2)}\n`, 0o644);
    written.push(file);
  }
  return written;
}
