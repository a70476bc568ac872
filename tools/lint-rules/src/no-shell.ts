import type { Rule } from 'eslint';
import type { CallExpression } from 'estree';
import { importedNames, literalString, nameOfCallee, propertyNamed } from './syntax.ts';

const modules: ReadonlySet<unknown> = new Set(['node:child_process', 'child_process', 'execa']);
const stringCommands: ReadonlySet<string> = new Set(['exec', 'execSync', 'execaCommand', 'execaCommandSync', '$']);
const starters: ReadonlySet<string | undefined> = new Set([
  'spawn',
  'spawnSync',
  'execFile',
  'execFileSync',
  'fork',
  'execa',
  'execaSync',
  'execaNode',
  'runProgram',
]);
const shell = /(?:^|\/)(?:ba|da|z|k)?sh$/;

/**
 * Refuses every way to start a program through a shell's parser: `exec`, the `shell` option, and `sh -c` with text that is put together.
 *
 * A value inside such text can end the command and start another. `sh -c` with fixed text is allowed, a name that
 * holds it, and a script file.
 */
export const noShell: Rule.RuleModule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      stringCommand: '`{{name}}` parses a command string; start the program with an argument array.',
      shellOption: 'Start the program itself; the `shell` option makes a string of the arguments.',
      shellText: 'Pass values as arguments after fixed text (`sh -c \'…"$1"\' sh value`), not inside it.',
    },
  },
  create(context) {
    return {
      ImportDeclaration(node) {
        if (!modules.has(node.source.value)) return;
        for (const name of importedNames(node)) {
          if (stringCommands.has(name)) context.report({ node, messageId: 'stringCommand', data: { name } });
        }
      },
      CallExpression(node) {
        if (!starters.has(nameOfCallee(node))) return;
        reportShellOption(context, node);
        if (hasComposedShellText(node)) context.report({ node, messageId: 'shellText' });
      },
    };
  },
};

function reportShellOption(context: Rule.RuleContext, node: CallExpression): void {
  for (const argument of node.arguments) {
    if (argument.type !== 'ObjectExpression') continue;
    const option = propertyNamed(argument, 'shell');
    if (option === undefined || (option.value.type === 'Literal' && option.value.value === false)) continue;
    context.report({ node: option, messageId: 'shellOption' });
  }
}

function hasComposedShellText(node: CallExpression): boolean {
  const [program, args] = node.arguments;
  if (!shell.test(literalString(program) ?? '') || args?.type !== 'ArrayExpression') return false;
  const flag = args.elements.findIndex((element) => /^-[a-z]*c$/.test(literalString(element ?? undefined) ?? ''));
  if (flag === -1) return false;
  const text = args.elements[flag + 1] ?? undefined;
  return text !== undefined && text.type !== 'Identifier' && literalString(text) === undefined;
}
