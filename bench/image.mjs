// One file of 400 changed: the image built and pushed, by the server's own code and by buildah, to one registry.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { createGitHost } from '@slipway/git';
import {
  buildNodeBase,
  createImageBuilder,
  createRegistryClient,
  createRegistryHandler,
  pushImage,
} from '@slipway/oci';
import { person } from './config-remote.mjs';
import { makeFolder } from './installation.mjs';
import { commonOptions, describeMachine, printMs, quantile, report } from './results.mjs';

const runFile = promisify(execFile);
const fileCount = 400;
const fileBytes = 4_000;
const bases = { scratch: 'scratch', 'slipway/node': 'slipway/node' };

export async function run(args) {
  const { values } = parseArgs({ args, options: { ...commonOptions, rounds: { type: 'string', default: '10' } } });
  const machine = describeMachine();
  const folder = await makeFolder('image');
  const registry = await openRegistry(path.join(folder, 'registry'));
  try {
    const cells = await measure({ folder, registry, rounds: Number(values.rounds) });
    const rows = cells.map((cell) => rowOf(cell, cells));
    await report('One file of 400 changed: image built and pushed', { machine, values, head, rows, method });
  } finally {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const head = ['base', 'way', 'images', 'build p50', 'push p50', 'both p50', 'both p95', 'to slipway'];
const method = `A context of ${fileCount} files of ${fileBytes} bytes, \`COPY . /app\`; each round changes one file, builds and pushes under a new tag; ways in
turn, one round before that does not count. All push to the same built-in registry over loopback, which keeps every blob by fsync.
**slipway**: the commit's tree from a bare repository (as the \`image\` stage has it), \`createImageBuilder\`, \`pushImage\` in this process. **buildah**: a folder
as context, \`bud --isolation chroot\` and \`push\`, two processes a round, its storage driver in brackets; a driver that does not work
here is left out. Layers of slipway are gzip of stored blocks, those of buildah are compressed. The aim is 80 ms for both.
`;

async function measure({ folder, registry, rounds }) {
  const context = await makeContext(folder);
  const node = await buildNodeBase({ outputDir: path.join(folder, 'slipway-node'), nodePath: process.execPath });
  await pushImage({ layoutDir: node.layoutDir, registry: registry.client, name: 'slipway/node', tags: ['base'] });
  const slipway = slipwayWay({ folder, registry, context, node });
  const drivers = [];
  for (const driver of ['overlay', 'vfs']) {
    const way = buildahWay({ folder, registry, context, driver });
    if (await works(way, driver)) drivers.push([`buildah (${driver})`, way]);
  }
  const cells = [];
  for (const base of Object.keys(bases)) {
    const ways = [['slipway', slipway], ...drivers].map(([way, work]) => ({
      base,
      way,
      work,
      build: [],
      push: [],
      both: [],
    }));
    for (let round = -1; round < rounds; round += 1) {
      for (const cell of ways) {
        await context.change();
        const { buildMs, pushMs } = await cell.work(
          base,
          `${cell.way.replaceAll(/\W+/g, '-')}-${path.basename(base)}-${round}`,
        );
        if (round < 0) continue;
        cell.build.push(buildMs);
        cell.push.push(pushMs);
        cell.both.push(buildMs + pushMs);
      }
    }
    cells.push(...ways);
  }
  return cells;
}

function rowOf(cell, cells) {
  const median = (one) => quantile(one.both, 0.5);
  const own = cells.find((other) => other.base === cell.base && other.way === 'slipway');
  return [
    cell.base,
    cell.way,
    cell.both.length,
    printMs(quantile(cell.build, 0.5)),
    printMs(quantile(cell.push, 0.5)),
    printMs(median(cell)),
    printMs(quantile(cell.both, 0.95)),
    (median(cell) / median(own)).toFixed(1),
  ];
}

/** The same files as a folder and as commits of a bare repository. */
async function makeContext(folder) {
  const directory = path.join(folder, 'context');
  const repository = await createGitHost().create(path.join(folder, 'code.git'));
  const nameOf = (at) => `src/${String(at % 20).padStart(2, '0')}/file-${at}.js`;
  const changes = Array.from({ length: fileCount }, (_, at) => ({ path: nameOf(at), content: bytesOf(at) }));
  for (const base of Object.keys(bases)) {
    const text = `FROM ${base === 'scratch' ? base : '$BASE'}\nCOPY . /app\n`;
    const content = Buffer.from(base === 'scratch' ? text : `ARG BASE=slipway/node\n${text}`);
    changes.push({ path: `Dockerfile.${path.basename(base)}`, content });
  }
  for (const one of changes) {
    await mkdir(path.dirname(path.join(directory, one.path)), { recursive: true });
    await writeFile(path.join(directory, one.path), one.content);
  }
  let head = await commit(repository, undefined, changes);
  let turn = 0;
  return {
    directory,
    archive: () => repository.archive(head),
    async change() {
      turn += 1;
      const changed = { path: nameOf((turn * 37) % fileCount), content: bytesOf(turn) };
      await writeFile(path.join(directory, changed.path), changed.content);
      head = await commit(repository, head, [changed]);
    },
  };
}

async function commit(repository, parent, changes) {
  const plan = { author: person, committer: person, at: new Date().toISOString(), message: 'Change\n', changes };
  const [made] = await repository.commitChain(parent, [plan]);
  return made;
}

/** Text that compresses somewhat, as sources do. */
function bytesOf(at) {
  return Buffer.from(
    `// ${at}\n${randomBytes(fileBytes / 4).toString('hex')}\n`.padEnd(fileBytes, 'export const value = 1;\n'),
  );
}

function slipwayWay({ folder, registry, context, node }) {
  const builder = createImageBuilder({
    stateDir: path.join(folder, 'images'),
    bases: async (reference) => (reference === 'slipway/node' ? node : undefined),
  });
  return async (base, tag) => {
    const outputDir = path.join(folder, 'layout');
    const began = performance.now();
    const built = await builder.build({
      context: context.archive,
      dockerfile: `Dockerfile.${path.basename(base)}`,
      outputDir,
    });
    const builtAt = performance.now();
    await pushImage({ layoutDir: built.layoutDir, registry: registry.client, name: 'bench/slipway', tags: [tag] });
    return { buildMs: builtAt - began, pushMs: performance.now() - builtAt };
  };
}

function buildahWay({ folder, registry, context, driver }) {
  const place = ['--root', path.join(folder, driver), '--runroot', path.join(folder, `${driver}-run`)];
  const buildah = (...args) =>
    runFile('buildah', [...place, '--storage-driver', driver, ...args], {
      env: { PATH: process.env.PATH, HOME: folder },
    });
  return async (base, tag) => {
    const image = `${registry.host}/bench/buildah-${driver}:${tag}`;
    const file = path.join(context.directory, `Dockerfile.${path.basename(base)}`);
    const own = ['--build-arg', `BASE=${registry.host}/slipway/node:base`, '--tls-verify=false'];
    const began = performance.now();
    await buildah('bud', '--quiet', '--isolation', 'chroot', ...own, '-f', file, '-t', image, context.directory);
    const builtAt = performance.now();
    await buildah('push', '--quiet', '--tls-verify=false', image);
    return { buildMs: builtAt - began, pushMs: performance.now() - builtAt };
  };
}

async function works(way, driver) {
  try {
    await way('scratch', `try-${driver}`);
    return true;
  } catch (error) {
    process.stderr.write(`buildah with ${driver} does not work here: ${String(error.stderr ?? error).slice(-300)}\n`);
    return false;
  }
}

/** The built-in registry on loopback, with a client as the server has it. Everybody may do everything. */
async function openRegistry(rootDir) {
  const handle = createRegistryHandler({ rootDir, authorise: async () => 'allowed' });
  const server = createServer((request, response) => void handle(request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${server.address().port}`;
  return {
    host,
    client: createRegistryClient({ url: `http://${host}`, host }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
