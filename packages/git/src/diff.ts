import type { CommitId } from '@slipway/domain';
import type { Cancellable, ChangedLines } from '@slipway/ports';
import { createDiffLineReader } from './changed-lines.ts';
import type { GitProgram } from './git-program.ts';
import { checkHash, checkPath } from './inputs.ts';

const diffTree = ['diff-tree', '--no-color', '--no-ext-diff', '--no-textconv', '-r', '-p', '-M'];
const defaultMaxBytes = 2_097_152;
const timeoutMs = 60_000;

export async function diff(
  git: GitProgram,
  range: { readonly base: CommitId; readonly head: CommitId },
  options: Cancellable & { readonly path?: string; readonly maxBytes?: number } = {},
): Promise<string> {
  const { maxBytes = defaultMaxBytes } = options;
  const file = checkPath(options.path ?? '');
  const revisions = ['--end-of-options', checkHash(range.base), checkHash(range.head)];
  const output = git.stream([...diffTree, ...revisions, '--', ...(file === '' ? [] : [file])], limits(options));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of output) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  const whole = Buffer.concat(chunks);
  if (length <= maxBytes) return whole.toString();
  const end = whole.lastIndexOf(0x0a, maxBytes - 1) + 1;
  // A line with a backslash is no content of a file, for whatever reads unified diffs.
  return `${whole.toString('utf8', 0, end)}\\ The diff is longer: it is cut after ${end} bytes\n`;
}

/** `--text`: a NUL in a source file must not hide its lines from who asks what changed. */
export async function changedLines(
  git: GitProgram,
  range: { readonly base: CommitId; readonly head: CommitId },
  options: Cancellable = {},
): Promise<readonly ChangedLines[]> {
  const revisions = ['--end-of-options', checkHash(range.base), checkHash(range.head)];
  const reader = createDiffLineReader();
  for await (const chunk of git.stream([...diffTree, '-U0', '--text', ...revisions, '--'], limits(options))) {
    if (Buffer.isBuffer(chunk)) reader.read(chunk);
  }
  return reader.end();
}

function limits({ signal }: Cancellable): { readonly signal?: AbortSignal; readonly timeoutMs: number } {
  return signal === undefined ? { timeoutMs } : { signal, timeoutMs };
}
