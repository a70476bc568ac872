import { existsSync } from 'node:fs';
import path from 'node:path';
import tseslint from 'typescript-eslint';

const root = import.meta.dirname;

/** The repository's own rules, from their built form; `check` builds before it lints. */
const own = path.join(root, 'tools/lint-rules/dist/index.js');
if (!existsSync(own)) throw new Error('The lint rules are not built. Run `npm run build` first.');
const { loggerStaticMessage, noProcessEnv, noSetInterval, noShell } = await import(own);

const tests = ['**/*.test.{ts,tsx}', 'packages/ports/src/contract/**', 'packages/*/test-support/**', 'tests/**'];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/__golden__/**', 'examples/**', '.slipway/**', '.cache/**'] },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: ['tsconfig.tests.json', 'apps/dashboard/tsconfig.json'], tsconfigRootDir: root },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  {
    files: ['**/*.{ts,tsx,js,mjs}'],
    plugins: {
      slipway: {
        rules: {
          'logger-static-message': loggerStaticMessage,
          'no-process-env': noProcessEnv,
          'no-set-interval': noSetInterval,
          'no-shell': noShell,
        },
      },
    },
    rules: {
      'slipway/logger-static-message': 'error',
      'slipway/no-set-interval': 'error',
      'slipway/no-shell': 'error',
      eqeqeq: 'error',
      'no-else-return': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-param-reassign': 'error',
      'no-unused-private-class-members': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['{packages,apps,tools}/**/*.{ts,tsx}'],
    rules: {
      'slipway/no-process-env': 'error',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@dbos-inc/*'], message: 'Only packages/engine knows the durable engine.' }] },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
        { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
        { selector: 'ExportSpecifier[exported.name="default"]', message: 'Export by name.' },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // `() => effect()` and `void effect()` say enough; a port's method may be async without an await, so that it rejects and never throws.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidOperator: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Three that are positional, and the options of a call that leaves the process (signal, limits).
      '@typescript-eslint/max-params': ['error', { max: 4 }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  {
    files: tests,
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'max-lines': ['error', { max: 600 }],
      // A suite is one function by form; its tests are what has to stay short.
      'max-lines-per-function': 'off',
      'slipway/no-process-env': 'off',
      // The columns of a table of cases, and matchers, which vitest types as `any`.
      '@typescript-eslint/max-params': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['packages/{config,host}/**', 'apps/slipway/src/main.ts', 'tools/**'], rules: { 'slipway/no-process-env': 'off' } },
  { files: ['packages/operator/**'], rules: { 'slipway/no-set-interval': 'off' } },
  { files: ['packages/engine/**'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['**/*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
);
