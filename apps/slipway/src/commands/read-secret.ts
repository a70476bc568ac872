import { CliError } from '../cli/cli-error.ts';

const maxTokenBytes = 1_000;

/** A token from standard input, to its end. @throws {@link CliError} `CLI_USAGE` when that is longer than a token. */
export async function readSecret(): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += (chunk as Uint8Array).byteLength;
    if (size > maxTokenBytes) throw new CliError('CLI_USAGE', 'Standard input holds more than a token');
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString().trim();
}
