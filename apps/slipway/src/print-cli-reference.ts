import type { Command } from 'commander';
import { type ExitName, exitCodes, exitMeanings } from './exit-codes.ts';

/** Every command that people call, groups before their own. */
export function listCommands(command: Command): readonly Command[] {
  const shown = command.createHelp().visibleCommands(command);
  return shown.filter((one) => one.name() !== 'help').flatMap((one) => [one, ...listCommands(one)]);
}

/** `slipway manifests set-image` */
export function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** `docs/cli.md`: the exit codes, and the help of every command as the definitions have it. */
export function printCliReference(program: Command): string {
  const names = Object.keys(exitCodes) as readonly ExitName[];
  return [
    '# Commands',
    '',
    'Generated from the definitions of the commands by `npm run golden:update`; a test holds it to them.',
    '',
    'Answers go to standard output, progress and errors to standard error. With `--output json` the answer is one document, and so is an error (`code`, `message`, `next`, `facts`); `status --watch` prints one document a line.',
    '',
    'A server is found by `--url` and `--token`, else SLIPWAY_URL and SLIPWAY_TOKEN, else by what `slipway login` has kept. A kept token is only ever sent to the server that made it.',
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...names.map((name) => `| ${exitCodes[name]} | ${exitMeanings[name]} |`),
    '',
    ...listCommands(program).flatMap((command) => [`## ${fullName(command)}`, '', '```', helpOf(command), '```', '']),
  ].join('\n');
}

/** Help as printed, examples included. */
export function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => void (text += part) });
  command.outputHelp();
  return text.trimEnd();
}
