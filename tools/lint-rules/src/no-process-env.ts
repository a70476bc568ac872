import type { Rule } from 'eslint';
import { importedNames, nameOfMember } from './syntax.ts';

/**
 * Refuses `process.env` and its import: configuration is an argument, so that a function's inputs stand in its signature.
 *
 * Where the environment is read on purpose (the packages that read configuration and start programs, the composition of an app), the
 * configuration turns the rule off by folder.
 */
export const noProcessEnv: Rule.RuleModule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      env: 'Take the value as an argument; only config, host and the composition of an app read the environment.',
    },
  },
  create(context) {
    return {
      MemberExpression(node) {
        if (node.object.type !== 'Identifier' || node.object.name !== 'process') return;
        if (nameOfMember(node) === 'env') context.report({ node, messageId: 'env' });
      },
      ImportDeclaration(node) {
        if (node.source.value !== 'node:process' && node.source.value !== 'process') return;
        for (const name of importedNames(node)) {
          if (name === 'env') context.report({ node, messageId: 'env' });
        }
      },
    };
  },
};
