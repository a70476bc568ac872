import { describe, expect, it } from 'vitest';
import { readProgramEnvironment } from '@slipway/config/environment';
import { fullName, helpOf, listCommands, printCliReference } from './print-cli-reference.ts';
import { makeProgram } from './program.ts';
import { runCli } from './testing/run-cli.ts';

const program = makeProgram(readProgramEnvironment({ HOME: '/home/ann' }), {
  getOutHelpWidth: () => 100,
  getOutHasColors: () => false,
});

describe('the program', () => {
  it.each(listCommands(program).map((command) => [fullName(command), command] as const))(
    'explains %s as its golden file says',
    async (name, command) => {
      await expect(helpOf(command)).toMatchFileSnapshot(`__golden__/help/${name.replaceAll(' ', '-')}.txt`);
    },
  );

  it('is documented in docs/cli.md as it is', async () => {
    await expect(printCliReference(program)).toMatchFileSnapshot('../../../docs/cli.md');
  });

  it('has --output in every command that answers', () => {
    const without = listCommands(program).filter(
      (command) => command.commands.length === 0 && !command.options.some((option) => option.long === '--output'),
    );

    expect(without.map(fullName)).toEqual(['slipway up', 'slipway server', 'slipway demo']);
  });

  it.each([[['bogus']], [['why', 'one']], [['lint', '--output', 'yaml']], [['run', 'surplus']]])(
    'ends with the code for a wrong command line: %s',
    async (args) => {
      const { code, stdout, stderr } = await runCli('/nonexistent', args);

      expect(code).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).not.toBe('');
    },
  );

  it('answers help with success', async () => {
    expect(await runCli('/nonexistent', ['audit', 'verify', '--help'])).toMatchObject({ code: 0, stderr: '' });
  });
});
