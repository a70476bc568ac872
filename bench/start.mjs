// From `slipway up` to the first HTTP answer, on an empty and on a warm state folder, beside the embedded PostgreSQL alone.
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startDatabase } from '@slipway/engine';
import { makeFolder, removeInstallation, startInstallation } from './installation.mjs';
import { commonOptions, describeMachine, printMs, quantile, report } from './results.mjs';

export async function run(args) {
  const { values } = parseArgs({ args, options: { ...commonOptions, rounds: { type: 'string', default: '3' } } });
  const machine = describeMachine();
  const found = { firstDatabase: [], first: [], warmDatabase: [], warm: [] };
  for (let round = 0; round < Number(values.rounds); round += 1) {
    await measureDatabase(found);
    await measureInstallation(found);
  }
  const row = (what, name, peer) => [
    what,
    found[name].length,
    ...[0, 0.5, 1].map((part) => printMs(quantile(found[name], part || 1e-9))),
    peer === undefined ? '' : (quantile(found[name], 0.5) / quantile(found[peer], 0.5)).toFixed(1),
  ];
  await report('Start to ready', {
    machine,
    values,
    head: ['what', 'starts', 'least', 'median', 'most', 'median ÷ PostgreSQL alone'],
    rows: [
      row('PostgreSQL alone, empty folder', 'firstDatabase'),
      row('`slipway up`, empty folder', 'first', 'firstDatabase'),
      row('PostgreSQL alone, warm folder', 'warmDatabase'),
      row('`slipway up`, warm folder', 'warm', 'warmDatabase'),
    ],
    method,
  });
}

const method = `In turn, on new folders each round. \`slipway up\`: from the start of its process to an HTTP answer of \`/api/v1/me\`; server, operator,
runtime and database in it. An empty folder costs \`initdb\`, the schema and the keys; a warm folder is one that was stopped in order, two
starts a round. PostgreSQL alone: the same embedded server by \`startDatabase\`, from the call to a connection, in a process that is
already loaded. Aims: under 3 s first, under 1 s after.
`;

async function measureDatabase(found) {
  const folder = await makeFolder('pg');
  try {
    for (const list of [found.firstDatabase, found.warmDatabase, found.warmDatabase]) {
      const began = performance.now();
      const database = await startDatabase({ stateDir: folder });
      list.push(performance.now() - began);
      await database.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureInstallation(found) {
  const folder = await makeFolder('start');
  try {
    for (const list of [found.first, found.warm, found.warm]) {
      const installation = await startInstallation(folder);
      list.push(installation.readyMs);
      await installation.stop();
    }
  } finally {
    await removeInstallation(folder);
  }
}
