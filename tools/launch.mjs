// One entry for every script of the repository: checks the machine, installs, builds, then does the task.
// The demo's script in package.json says `exec`: else npm's shell keeps the signals that are meant for us.
// The syntax of this file stays plain, so that an old Node reads it far enough to say what is missing.
const tasks = ['demo', 'test', 'build', 'check', 'bench', 'golden'];
const task = process.argv[2];
const args = process.argv.slice(3);

if (!tasks.includes(task)) {
  console.error(`Usage: node tools/launch.mjs ${tasks.join('|')} [arguments]`);
  process.exit(2);
}

const required = [20, 20];
const found = process.versions.node.split('.').map(Number);
if (found[0] < required[0] || (found[0] === required[0] && found[1] < required[1])) {
  console.error(
    `Node ${process.versions.node} is too old. Install Node ${required.join('.')} or newer and start again.`,
  );
  process.exit(1);
}

import('./launch/run-task.mjs')
  .then(({ runTask }) => runTask(task, args))
  .then((exitCode) => {
    process.exitCode = exitCode;
  })
  .catch((error) => {
    console.error(error.name === 'LaunchError' ? error.message : error);
    process.exitCode = 1;
  });
