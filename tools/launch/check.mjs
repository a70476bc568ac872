import { buildDashboard, compiler } from './build.mjs';
import { captureNode } from './run-program.mjs';

const vitest = 'node_modules/vitest/vitest.mjs';

/** What is checked: a name, and programs run in turn until one fails. `repair` are further arguments of `--fix`. */
const types = {
  name: 'types',
  programs: [
    { script: compiler, args: ['-b'] },
    { script: compiler, args: ['--noEmit', '-p', 'tsconfig.tests.json'] },
    { script: compiler, args: ['--noEmit', '-p', 'apps/dashboard/tsconfig.json'] },
  ],
};
const format = {
  name: 'format',
  programs: [{ script: 'node_modules/@biomejs/biome/bin/biome', args: ['format', '.'], repair: ['--write'] }],
};
const lint = {
  name: 'lint',
  programs: [{ script: 'node_modules/eslint/bin/eslint.js', args: ['.', '--max-warnings=0'], repair: ['--fix'] }],
};
const unused = {
  name: 'unused code',
  programs: [{ script: 'node_modules/knip/bin/knip.js', args: ['--no-progress', '--no-config-hints'] }],
};
const repository = { name: 'repository', programs: [{ script: vitest, args: ['run', 'tools'] }] };

/**
 * Runs every check and reports all of them, also after the first that fails. `--fix` lets the formatter and the linter repair.
 *
 * @returns 0 when all hold, else 1
 */
export async function check(args) {
  const isRepairing = args.includes('--fix');
  const results = [];
  const run = async (item) => {
    const result = await runCheck(item, isRepairing);
    report(result);
    results.push(result);
  };
  // The linter runs rules that the compiler has built, and repairs before the formatter has the last word.
  await run(types);
  await Promise.all([run(lint), run(unused).then(() => run(repository))]);
  await run(format);
  const failed = results.filter(({ holds }) => !holds).map(({ name }) => name);
  console.log(failed.length === 0 ? '\nEvery check holds.' : `\nNot in order: ${failed.join(', ')}.`);
  return failed.length === 0 ? 0 : 1;
}

async function runCheck({ name, programs }, isRepairing) {
  const startedMs = performance.now();
  const outputs = [];
  let holds = true;
  for (const { script, args, repair = [] } of programs) {
    const { exitCode, output } = await captureNode(script, [...args, ...(isRepairing ? repair : [])]);
    if (exitCode !== 0) outputs.push(output.trimEnd());
    holds &&= exitCode === 0;
  }
  if (name === types.name && holds) holds = (await buildDashboard()) === 0;
  return { name, holds, output: outputs.join('\n'), seconds: (performance.now() - startedMs) / 1000 };
}

function report({ name, holds, output, seconds }) {
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
  if (!holds && output !== '') console.log(`${output}\n`);
}
