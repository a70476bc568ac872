// Memory of an idle installation, by process: what each holds alone and its part of what they share (PSS).
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeFolder, removeInstallation, startInstallation } from './installation.mjs';
import { commonOptions, describeMachine, report } from './results.mjs';

export async function run(args) {
  const { values } = parseArgs({ args, options: { ...commonOptions, idle: { type: 'string', default: '30' } } });
  const machine = describeMachine();
  const folder = await makeFolder('memory');
  try {
    const installation = await startInstallation(folder);
    try {
      await sleep(Number(values.idle) * 1000);
      const parts = await measure(installation.pid, folder);
      const total = parts.reduce((sum, { pssKiB }) => sum + pssKiB, 0);
      const rows = parts.map(({ name, count, pssKiB, privateKiB }) => [name, count, mib(pssKiB), mib(privateKiB)]);
      const all = parts.reduce((sum, { count }) => sum + count, 0);
      await report('Memory of an idle installation', {
        machine,
        values,
        head: ['part', 'processes', 'PSS', 'of it private'],
        rows: [
          ...rows,
          ['all', all, `**${mib(total)}**`, mib(parts.reduce((sum, { privateKiB }) => sum + privateKiB, 0))],
        ],
        method: methodOf(values.idle),
      });
    } finally {
      await installation.stop();
    }
  } finally {
    await removeInstallation(folder);
  }
}

function methodOf(idle) {
  return `A new installation, ${idle} s after it was ready, without projects and workloads: Pss and Private_* of \`/proc/PID/smaps_rollup\`, summed over
the processes of each part and their children. PSS counts what several processes share once, in parts; the pages of the Node binary are
shared with whatever else runs Node here. No peer: what it stands for is a forge, a CI server, a registry, an operator and a
database. Aim: under 400 MiB.
`;
}

/** Runtime and database may be children of the server, which started them, or of nobody: each is a part of its own. */
async function measure(serverPid, stateDir) {
  const processes = await listProcesses();
  const roots = {
    'server and operator': one(processes, ({ pid }) => pid === serverPid),
    'local runtime': one(processes, ({ args }) => args.includes('runtime') && args.includes(stateDir)),
    PostgreSQL: one(processes, ({ args }) => args.includes(`${stateDir}/pg/data`)),
  };
  const parts = [];
  for (const [name, root] of Object.entries(roots)) {
    const others = Object.values(roots).filter((other) => other !== root);
    const family = descendants(root, processes, others);
    const sizes = await Promise.all(family.map(({ pid }) => sizesOf(pid)));
    const sum = (field) => sizes.reduce((all, size) => all + size[field], 0);
    parts.push({ name, count: family.length, pssKiB: sum('pssKiB'), privateKiB: sum('privateKiB') });
  }
  return parts;
}

function one(processes, isWanted) {
  const found = processes.filter(isWanted);
  if (found.length !== 1) throw new Error(`found ${found.length} processes in place of one`);
  return found[0];
}

async function listProcesses() {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
        // Fields after the name, which may hold anything, in brackets.
        const [, parent] = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
        return { pid: Number(pid), parent: Number(parent), args };
      } catch {
        return undefined;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}

function descendants(root, processes, others) {
  const family = [root];
  for (const member of family) {
    family.push(...processes.filter((child) => child.parent === member.pid && !others.includes(child)));
  }
  return family;
}

async function sizesOf(pid) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (name) => Number(new RegExp(`^${name}: *(\\d+) kB$`, 'm').exec(text)?.[1] ?? NaN);
  return { pssKiB: kib('Pss'), privateKiB: kib('Private_Clean') + kib('Private_Dirty') };
}

function mib(kib) {
  return `${(kib / 1024).toFixed(1)} MiB`;
}
