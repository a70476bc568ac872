import type { Rule } from 'eslint';
import type { CallExpression } from 'estree';
import { literalString, nameOfMember } from './syntax.ts';

const levels: ReadonlySet<string | undefined> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);
const loggers = /^(?:log|logger)$/;

/**
 * Demands that the message of a log line is fixed text and that values are fields: lines of one kind can then be counted and searched.
 *
 * Looks at calls of a level on something named `log` or `logger`.
 */
export const loggerStaticMessage: Rule.RuleModule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      dynamic: 'Write the message as fixed text and put values into the fields before it.',
      missing: 'Add a message of fixed text after the fields.',
    },
  },
  create(context) {
    return {
      CallExpression(node) {
        if (!isLogCall(node)) return;
        const [first, second] = node.arguments;
        if (first === undefined || literalString(first) !== undefined) return;
        if (second === undefined) {
          context.report({ node, messageId: first.type === 'ObjectExpression' ? 'missing' : 'dynamic' });
          return;
        }
        if (literalString(second) === undefined) context.report({ node: second, messageId: 'dynamic' });
      },
    };
  },
};

function isLogCall(node: CallExpression): boolean {
  const { callee } = node;
  if (callee.type !== 'MemberExpression' || !levels.has(nameOfMember(callee))) return false;
  const { object } = callee;
  if (object.type === 'Identifier') return loggers.test(object.name);
  return object.type === 'MemberExpression' && loggers.test(nameOfMember(object) ?? '');
}
