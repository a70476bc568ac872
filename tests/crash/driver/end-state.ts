import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { type ParsedStatement, parseEnvelope, parseStatement } from '@slipway/evidence';
import { expect } from 'vitest';
import { program } from './installation.ts';
import { git, runSlipway, waitFor } from './outside.ts';
import { environments } from './repositories.ts';
import { environment, type World } from './story.ts';
import type { Supervised } from './supervised.ts';

/** One version that was carried to production. */
export interface Carried {
  readonly version: string;
  /** Commit of the code. */
  readonly commit: string;
}

/** Every life that was to end has ended, each by its kill: a checkpoint that nothing passed would prove nothing. */
export async function expectDeaths(process: Supervised, count: number): Promise<void> {
  await waitFor(`${count} deaths`, () => Promise.resolve(process.deaths.length >= count ? true : undefined));
  expect(process.deaths).toEqual(Array.from({ length: count }, () => ({ signal: 'SIGKILL', code: undefined })));
}

/** Looks from outside at what must be there exactly once, however often something died on the way. */
export async function expectOneOfEach(world: World, carried: Carried): Promise<void> {
  const digest = await expectOneImage(world, carried);
  await expectAnswers(world, carried);
  const room = await mkdtemp(path.join(world.desk, 'audit-'));
  try {
    const statements = await expectWholeEvidence(world, room);
    await expectOneCommitEach(world, path.join(room, 'clone'), carried);
    await expectOneStatementEach(world, statements, { ...carried, digest });
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

/** The tag names one digest, and every environment runs that one. */
async function expectOneImage(world: World, { commit }: Carried): Promise<string> {
  const answer = await fetch(`${world.installation.url}/v2/crash/web/manifests/${commit}`, {
    method: 'HEAD',
    headers: {
      authorization: `Basic ${Buffer.from(`ada:${world.ada.token}`).toString('base64')}`,
      accept: 'application/vnd.oci.image.manifest.v1+json',
    },
  });
  const digest = answer.headers.get('docker-content-digest') ?? '';
  const views = await Promise.all(environments.map((name) => environment(world, name)));

  expect(digest).toMatch(/^sha256:/);
  expect(views.map((view) => view.running?.images.map((image) => image.digest))).toEqual(
    environments.map(() => [digest]),
  );
  return digest;
}

/** Each environment's Service answers with the version, soon: old pods may still be ending. */
async function expectAnswers(world: World, { version }: Carried): Promise<void> {
  for (const name of environments) {
    const view = await environment(world, name);
    const url = view.services.find((service) => service.name === 'web')?.url ?? '';
    const text = await waitFor(`${version} by HTTP in ${name}`, async () => {
      const answer = await fetch(`${url}/version`, { signal: AbortSignal.timeout(5_000) });
      const said = await answer.text();
      return said === version ? said : undefined;
    });
    expect(text).toBe(version);
  }
}

/** Clone first, then export: what the clone shows is in the export. The audit of it is whole. */
export async function expectWholeEvidence(world: World, room: string): Promise<readonly ParsedStatement[]> {
  const { url, stateDir } = world.installation;
  const [clone, bundle] = [path.join(room, 'clone'), path.join(room, 'bundle')];
  await mkdir(room, { recursive: true });
  await git(world.ada, room, ['clone', '-q', `${url}/git/crash-config.git`, clone]);
  const login = { SLIPWAY_URL: url, SLIPWAY_TOKEN: world.admin.token };
  const exported = await runSlipway(program, ['audit', 'export', '--out', bundle], login);
  expect(exported).toMatchObject({ code: 0 });
  const key = path.join(stateDir, 'audit-key.pub.pem');
  const verified = await runSlipway(program, ['audit', 'verify', bundle, '--key', key, '--repo', clone]);
  expect(verified.text).toContain('Verdict: whole');
  expect(verified.code).toBe(0);
  const lines = (await readFile(path.join(bundle, 'statements.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const { envelope } = JSON.parse(line) as { readonly envelope: unknown };
    const text = typeof envelope === 'string' ? envelope : JSON.stringify(envelope);
    return parseStatement(parseEnvelope(text).payload);
  });
}

/** No id of an edit or a pull request stands in two commits; the version came with one commit an environment. */
async function expectOneCommitEach(world: World, clone: string, { commit }: Carried): Promise<void> {
  const read = async (trailer: string, more: readonly string[] = []): Promise<readonly string[]> => {
    const format = `--format=%(trailers:key=${trailer},valueonly,separator=%x2C)`;
    const text = await git(world.ada, clone, ['log', 'origin/main', format, ...more]);
    return text.split('\n').filter((line) => line !== '');
  };
  for (const trailer of ['Slipway-Change', 'Slipway-Pull-Request']) {
    const values = await read(trailer);
    expect(new Set(values).size, trailer).toBe(values.length);
  }
  const own = ['--fixed-strings', `--grep=Slipway-Source: crash@${commit}`];
  expect(await read('Slipway-Change', own)).toHaveLength(environments.length);
  expect([...(await read('Slipway-Environment', own))].sort()).toEqual(['prod', 'stage']);
}

/** One change, one provenance, one pin, one deployment an environment, one promotion for each but the first. */
async function expectOneStatementEach(
  world: World,
  statements: readonly ParsedStatement[],
  { commit, digest }: Carried & { readonly digest: string },
): Promise<void> {
  const ids = statements.map((statement) => statement.id);
  expect(new Set(ids).size).toBe(ids.length);
  const views = await Promise.all(environments.map((name) => environment(world, name)));
  const count = (kind: ParsedStatement['kind'], isMeant: (statement: ParsedStatement) => boolean): number =>
    statements.filter((statement) => statement.kind === kind && isMeant(statement)).length;
  const counts = {
    change: count('change', (one) => one.digests.some((text) => text.endsWith(`:${commit}`))),
    provenance: count('provenance', (one) => one.digests.includes(digest)),
    manifestCommit: count('manifestCommit', (one) => one.digests.includes(digest)),
    deployments: views.map(({ environment: name, running }) =>
      count(
        'deployment',
        ({ predicate }) => predicate['environment'] === name && predicate['renderDigest'] === running?.renderDigest,
      ),
    ),
    promotions: views.map(({ environment: name, running }) =>
      count(
        'promotion',
        ({ predicate }) => predicate['environment'] === name && predicate['renderDigest'] === running?.renderDigest,
      ),
    ),
  };
  expect(counts).toEqual({
    change: 1,
    provenance: 1,
    manifestCommit: 1,
    deployments: [1, 1, 1],
    promotions: [0, 1, 1],
  });
}
