import type { Rule } from 'eslint';
import { nameOfMember } from './syntax.ts';

const globals: ReadonlySet<string> = new Set(['globalThis', 'window', 'self']);

/** Refuses `setInterval`: repeating work belongs to the reconcile host, which has backoff, one run at a time and an end. */
export const noSetInterval: Rule.RuleModule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      interval: 'Repeat through the reconcile host of packages/operator, or wait in a loop that ends with its signal.',
    },
  },
  create(context) {
    return {
      CallExpression(node) {
        const { callee } = node;
        const isBare = callee.type === 'Identifier' && callee.name === 'setInterval';
        const isOnGlobal =
          callee.type === 'MemberExpression' &&
          callee.object.type === 'Identifier' &&
          globals.has(callee.object.name) &&
          nameOfMember(callee) === 'setInterval';
        if (isBare || isOnGlobal) context.report({ node, messageId: 'interval' });
      },
    };
  },
};
