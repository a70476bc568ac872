import { existsSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { check } from './check.mjs';
import { checkMachine } from './check-machine.mjs';
import { install } from './install.mjs';
import { LaunchError } from './launch-error.mjs';
import { root, runNode } from './run-program.mjs';

const vitest = 'node_modules/vitest/vitest.mjs';

const actions = {
  build: () => 0,
  demo: (args) => runNode('apps/slipway/bin/slipway.js', ['demo', ...args], { isOwnGroup: true }),
  test: (args) => runNode(vitest, ['run', ...args]),
  bench: (args) => runNode(existing('bench/run.mjs'), args),
  golden: updateGoldens,
};

/**
 * Brings the tree into a state in which the task can run, and runs it.
 *
 * @returns the exit code of the task
 */
export async function runTask(task, args) {
  checkMachine();
  await install();
  if (task === 'check') return check(args);
  const built = await build();
  return built === 0 ? actions[task](args) : built;
}

async function updateGoldens(args) {
  const printed = await runNode('tools/repo-checks/print-errors.mjs', []);
  return printed === 0
    ? runNode(vitest, ['run', '--update=all', ...args], { environment: { UPDATE_GOLDEN: '1' } })
    : printed;
}

function existing(script) {
  if (existsSync(path.join(root, script))) return script;
  throw new LaunchError(`${script} is not in this tree.`);
}
