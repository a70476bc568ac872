import type { ExecutionRequest } from '@slipway/ports';

/** One word of a POSIX shell, whatever it holds. */
export function quoteWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command as people read it in the log and in a result. */
export function commandText(command: string | readonly string[]): string {
  if (typeof command === 'string') return command;
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quoteWord(word))).join(' ');
}

/** What a plan needs beside the request. */
export interface PlanSetting {
  /** `PORT=SOCKET` words for the gateway; empty for none. */
  readonly routes: readonly string[];
  /** Leaves the workspace as it is in the end, for whoever looks at it from outside. */
  readonly keepsFiles: boolean;
}

/**
 * The plan that the driver script evaluates inside the sandbox: calls of its functions with quoted words, in order.
 */
export function writePlan(request: ExecutionRequest, { routes, keepsFiles }: PlanSetting): string {
  const calls: (readonly string[])[] = [
    ...request.inputs.map((input, index) => ['unpack', String(index), inFolder(input.at)]),
    ...(routes.length === 0 ? [] : [['gateway', ...routes]]),
    ...request.commands.map((command, index) => ['run', String(index), commandText(command), ...programOf(command)]),
    ['settle'],
    ...request.outputs.map((output) => ['pack', output.name, inFolder(output.path)]),
  ];
  const lines = calls.map(([name = '', ...words]) => [name, ...words.map(quoteWord)].join(' '));
  const settings = [`start=${quoteWord(inFolder(request.workingDirectory))}`, `keep=${keepsFiles ? 1 : 0}`];
  return [...settings, ...lines, ''].join('\n');
}

function programOf(command: string | readonly string[]): readonly string[] {
  return typeof command === 'string' ? ['sh', '-eu', '-c', command] : command;
}

function inFolder(folder: string | undefined): string {
  const parts = (folder ?? '').split('/').filter((part) => part !== '' && part !== '.');
  return parts.length === 0 ? '.' : parts.join('/');
}
