import { type Command, InvalidArgumentError, Option } from 'commander';
import { outputFormats } from './run-command.ts';

/** Options of commands that ask a server. */
export interface ServerOptions {
  readonly url?: string;
  readonly token?: string;
}

/** `--output`. */
export function withOutput(command: Command): Command {
  return command.addOption(
    new Option('--output <format>', 'json is one document on standard output').choices(outputFormats).default('text'),
  );
}

/** `--url`, `--token` and `--output`. */
export function withServer(command: Command): Command {
  return withOutput(
    command
      .option('--url <url>', 'server; else SLIPWAY_URL, else the one of `slipway login`')
      .option('--token <token>', 'credential; else SLIPWAY_TOKEN, else the one of `slipway login`'),
  );
}

/** Lines that a person can copy. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ slipway ${example}`).join('\n');
  return command.addHelpText('after', `\nExamples:\n${lines}`);
}

/** The command that groups others, made when it is not there yet. */
export function groupOf(program: Command, name: string, description: string): Command {
  const known = program.commands.find((command) => command.name() === name);
  return known ?? program.command(name).description(description);
}

/** A parser of the command line from one that throws. */
export function parsedBy<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}
