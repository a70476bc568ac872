// The demo's wall time on an empty state folder, act by act, from its own report.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeFolder, programFile, removeInstallation } from './installation.mjs';
import { commonOptions, describeMachine, printMs, report } from './results.mjs';

export async function run(args) {
  const { values } = parseArgs({ args, options: commonOptions });
  const machine = describeMachine();
  const folder = await makeFolder('demo');
  try {
    const began = performance.now();
    const file = path.join(folder, 'report.json');
    const code = await play(['demo', '--headless', '--state', path.join(folder, 'state'), '--report', file]);
    const wallMs = performance.now() - began;
    const { acts } = JSON.parse(await readFile(file, 'utf8'));
    for (const { name, checks } of acts)
      for (const { name: check, seen } of checks.filter(({ isHeld }) => !isHeld))
        process.stderr.write(`${name}: ${check}: ${seen}\n`);
    await report('Demo', {
      machine,
      values,
      head: ['act', 'status', 'time'],
      rows: [
        ...acts.map((act) => [act.name, act.status, act.status === 'not_built' ? '' : printMs(act.ms)]),
        ['all, from the start of the process to its end', `exit code ${code}`, `**${printMs(wallMs)}**`],
      ],
      method,
    });
    if (code !== 0) throw new Error(`the demo ended with ${code}`);
  } finally {
    await removeInstallation(path.join(folder, 'state'));
    await removeInstallation(folder);
  }
}

const method = `\`slipway demo --headless\` as \`npm run demo\` starts it, built before, on an empty state folder; npm's own cache as this machine has it. The
acts' times are those of the demo's report; the rest is starting and stopping everything. No peer.
`;

function play(args) {
  const child = spawn(process.execPath, [programFile, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
