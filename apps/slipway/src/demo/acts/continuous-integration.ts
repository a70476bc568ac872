import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { createReadStream } from 'node:fs';
import type { RunView } from '@slipway/api';
import { runProgram } from '@slipway/host';
import { buildNodeBase, createImageBuilder } from '@slipway/oci';
import { pack, type Pack } from 'tar-stream';
import { readdir, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { api, ask, mustGit } from '../outside.ts';
import type { Act } from '../report.ts';
import type { World } from '../world.ts';
import { finishedRuns } from './look.ts';

/** Act 2: the merged commit goes through the same stages by content, then image, registry and config repository. */
export async function continuousIntegrationAct(world: World, act: Act): Promise<void> {
  const code = path.join(world.desk, 'guestbook');
  await mustGit(world.ada, code, ['checkout', '-q', 'main']);
  await mustGit(world.ada, code, ['pull', '-q', 'origin', 'main']);
  const merge = await mustGit(world.ada, code, ['rev-parse', 'HEAD']);
  const runs = await finishedRuns(world, merge, 3);
  act.check(
    'every pipeline of main succeeds',
    runs.every((run) => run.conclusion === 'success'),
    runs.map((run) => `${run.pipeline} ${run.conclusion ?? ''}`).join(', '),
  );
  const web = runs.find((run) => run.pipeline === 'web');
  if (web === undefined) throw new Error('the web pipeline did not run');
  judgeStages(act, web);
  await judgeImage(world, act, { code, merge, web });
  await judgeCommits(world, act, { merge });
  await judgeMetrics(world, act, web);
}

function judgeStages(act: Act, web: RunView): void {
  const stage = (name: string): RunView['stages'][number] | undefined => web.stages.find((one) => one.name === name);
  const hits = ['build', 'test', 'coverage'].filter((name) => stage(name)?.hitOf !== undefined);
  act.check('the same content as on the pull request is not run again', hits.length >= 2, `hits: ${hits.join(', ')}`);
  const tests = stage('test');
  act.check(
    'unit tests had no network, or the run says so',
    tests?.isolation !== undefined,
    tests?.isolation ?? 'nothing said',
  );
  const coverage = stage('coverage')?.facts as
    | { readonly totalPercent?: number; readonly changedPercent?: number }
    | undefined;
  act.check(
    'coverage is measured',
    coverage?.totalPercent !== undefined,
    `total ${coverage?.totalPercent ?? '?'} %, changed lines ${coverage?.changedPercent ?? '?'} %`,
  );
}

/** Tag and digest by the registry's API, and the same digest from an independent build in a fresh clone, twice. */
async function judgeImage(
  world: World,
  act: Act,
  facts: { readonly code: string; readonly merge: string; readonly web: RunView },
): Promise<void> {
  const answer = await fetch(`${world.url}/v2/guestbook/web/manifests/${facts.merge}`, {
    headers: { authorization: `Bearer ${world.ada.token}`, accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  const basic =
    answer.status === 401
      ? await fetch(`${world.url}/v2/guestbook/web/manifests/${facts.merge}`, {
          headers: {
            authorization: `Basic ${Buffer.from(`ada:${world.ada.token}`).toString('base64')}`,
            accept: 'application/vnd.oci.image.manifest.v1+json',
          },
        })
      : answer;
  const digest = basic.headers.get('docker-content-digest') ?? 'none';
  act.check(
    'the image stands in the registry under the full Git hash',
    basic.status === 200,
    `guestbook/web:${facts.merge.slice(0, 12)}… is ${digest.slice(0, 19)}…`,
  );
  const clone = path.join(world.desk, 'rebuild');
  await rm(clone, { recursive: true, force: true });
  await mustGit(world.ada, world.desk, ['clone', '-q', facts.code, clone]);
  const environment = {
    PATH: world.path,
    HOME: world.home,
    npm_config_prefer_offline: 'true',
  };
  await runProgram('npm', ['ci', '--no-audit', '--no-fund'], { cwd: clone, environment, timeoutMs: 180_000 });
  await runProgram('npm', ['run', 'build', '-w', 'services/web'], { cwd: clone, environment, timeoutMs: 120_000 });
  const digests = [await buildFrom(world, clone, 'one'), await buildFrom(world, clone, 'two')];
  act.check(
    'built twice elsewhere, it has the same digest',
    digests.every((one) => one === digest),
    digests.map((one) => one.slice(0, 19)).join(', '),
  );
}

async function buildFrom(world: World, clone: string, name: string): Promise<string> {
  const at = path.join(world.desk, `image-${name}`);
  await rm(at, { recursive: true, force: true });
  const base = path.join(world.desk, 'base');
  const builder = createImageBuilder({
    stateDir: path.join(world.desk, `bases-${name}`),
    bases: (reference) =>
      reference === 'slipway/node'
        ? buildNodeBase({ outputDir: base, nodePath: process.execPath })
        : Promise.resolve(undefined),
  });
  const built = await builder.build({
    context: () => tarOf(clone, ['services/web/Dockerfile', 'services/web/dist']),
    dockerfile: 'services/web/Dockerfile',
    outputDir: at,
  });
  return built.manifest.digest;
}

function tarOf(root: string, wanted: readonly string[]): Readable {
  const tar = pack();
  const add = async (): Promise<void> => {
    for (const name of wanted) for (const file of await below(root, name)) await addEntry(tar, root, file);
    tar.finalize();
  };
  add().catch((error: unknown) => tar.destroy(error as Error));
  return Readable.from(tar);
}

/** A file, or a folder with all that is in it, sorted. */
async function below(root: string, name: string): Promise<readonly string[]> {
  const found = await stat(path.join(root, name)).catch(() => undefined);
  if (found === undefined) return [];
  const inside = found.isDirectory() ? await readdir(path.join(root, name), { recursive: true }) : [];
  return [name, ...inside.map((file) => path.join(name, file))].sort();
}

async function addEntry(tar: Pack, root: string, name: string): Promise<void> {
  const { size, mode } = await stat(path.join(root, name));
  if ((mode & 0o170000) === 0o040000) tar.entry({ name: `${name}/`, type: 'directory', mode: mode & 0o777 });
  else await pipeline(createReadStream(path.join(root, name)), tar.entry({ name, size, mode: mode & 0o777 }));
}

/** The commits in the config repository, read with Git. */
async function judgeCommits(world: World, act: Act, facts: { readonly merge: string }): Promise<void> {
  const config = path.join(world.desk, 'guestbook-config');
  await mustGit(world.ada, config, ['pull', '-q', 'origin', 'main']);
  const log = await mustGit(world.ada, config, [
    'log',
    '--format=%H|%an|%ae|%cn|%s|%(trailers:key=Slipway-Source,valueonly,separator=%x20)',
    'origin/main',
  ]);
  const lines = log.split('\n').filter((line) => line.includes('guestbook@'));
  const services = ['web', 'api', 'store'].filter((name) => lines.some((line) => line.includes(`guestbook/${name}`)));
  act.check('all commits of the three services landed', services.length === 3, services.join(', '));
  const own = lines.find((line) => line.includes(facts.merge));
  act.check('the digest is committed for this change', own !== undefined, own?.split('|')[4] ?? 'no commit');
  act.check(
    'author is the person, committer the service account',
    own?.includes('|Ada Author|ada@demo.example|Slipway|') === true,
    own?.split('|').slice(1, 4).join(' / ') ?? '',
  );
  const text = await readFile(path.join(config, 'overlays/qa/kustomization.yaml'), 'utf8');
  act.check(
    'comments are untouched, tag and digest are set',
    text.includes('#') && text.includes(`newTag: ${facts.merge}`) && /digest: sha256:[0-9a-f]{64}/.test(text),
    `newTag: ${facts.merge.slice(0, 12)}…`,
  );
  const inbox = await api<{ readonly items: readonly { readonly kind: string; readonly link: string }[] }>(
    world.url,
    world.ada,
    '/api/v1/inbox',
  );
  const successes = inbox.items.filter(
    (item) => item.kind !== 'failure' && item.kind !== 'recovery' && item.kind !== 'waiting',
  );
  act.check(
    'success tells nobody',
    successes.length === 0,
    `${inbox.items.length} items in the inbox, none of success`,
  );
}

async function judgeMetrics(world: World, act: Act, web: RunView): Promise<void> {
  const answer = await ask(`${world.url}/api/v1/metrics?run=${encodeURIComponent(web.id)}`, { token: world.ada.token });
  const { points } = JSON.parse(answer.text) as {
    readonly points: readonly { readonly name: string; readonly value: number }[];
  };
  const duration = points.find((point) => point.name === 'run_duration');
  act.check(
    'its metrics are in the metrics database',
    duration !== undefined,
    `${points.length} points, run_duration ${duration?.value ?? '?'} ms`,
  );
}
