import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EvidenceStatement, PredicateKind } from '@slipway/domain';
import {
  buildMerkleTree,
  createSigningKey,
  createStatementSigner,
  evidenceBranch,
  keyFingerprint,
  leafHash,
  printPublicKey,
  signCheckpoint,
  writeBundle,
} from '@slipway/evidence';
import type { KeptStatement } from '@slipway/ports';
import { productionRequirements } from '../../platform/production-requirements.ts';
import { runCli } from '../../testing/run-cli.ts';

const key = createSigningKey();
const origin = 'slipway.test/log';
const period = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
const sha = 'a'.repeat(64);

let root: string;
let bundle: string;
let clone: string;
let keyFile: string;
let notes = 0;

function git(...args: readonly string[]): string {
  const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];
  return execFileSync('git', ['-C', clone, ...identity, ...args], { encoding: 'utf8' }).trim();
}

/** A file on a branch of the clone; gives the commit. */
async function commit(file: string): Promise<string> {
  await mkdir(path.dirname(path.join(clone, file)), { recursive: true });
  await writeFile(path.join(clone, file), `version ${(notes += 1)}\n`);
  git('add', '--all');
  git('commit', '--quiet', `--message=${file}`);
  return git('rev-parse', 'HEAD');
}

/** One change all the way into production. */
function chain(change: string): readonly KeptStatement[] {
  const prod = { application: 'shop', environment: 'prod', commit: change, protected: true, release: `sha256:${sha}` };
  const stage = { application: 'shop', environment: 'stage', commit: change, protected: false };
  const steps: readonly (readonly [PredicateKind, Readonly<Record<string, unknown>>])[] = [
    ['change', { subject: 'A banner', author: 'ann' }],
    ['pipelineRun', {}],
    ['provenance', {}],
    ['manifestCommit', {}],
    ['deployment', stage],
    ['verification', stage],
    ['promotion', { ...prod, approvals: [{ account: 'cleo' }] }],
    ['authorisation', { ...prod, paths: ['prod', 'base'] }],
    ['deployment', prod],
    ['verification', prod],
  ];
  const signer = createStatementSigner({ privateKey: key.privateKey, keyId: keyFingerprint(key.publicKey) });
  let link: { readonly id: string; readonly digest: string } | undefined;
  return steps.map(([kind, predicate], index) => {
    const id = `${kind}/${index}`;
    const links = link === undefined ? [] : [link];
    const subjects = [{ name: id, digest: { sha256: sha } }];
    const statement: EvidenceStatement = { id, kind, subjects, predicate, links: links.map((one) => one.id) };
    const signed = signer.sign(statement, links, '2026-01-10T00:00:00.000Z');
    link = { id, digest: signed.payloadDigest };
    return { id, kind, ...signed, recordedAt: '2026-01-10T00:00:00.000Z', index };
  });
}

function checkpointOf(statements: readonly KeptStatement[]): string {
  const tree = buildMerkleTree(statements.map(({ envelope }) => leafHash(Buffer.from(envelope))));
  return signCheckpoint({ origin, size: tree.size, root: tree.rootAt(tree.size) }, key.privateKey);
}

function verify(...more: readonly string[]): ReturnType<typeof runCli> {
  return runCli(root, ['audit', 'verify', bundle, '--key', keyFile, ...more]);
}

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'slipway-verify-'));
});

beforeEach(async () => {
  const place = path.join(root, String((notes += 1)));
  clone = path.join(place, 'clone');
  bundle = path.join(place, 'bundle');
  keyFile = path.join(place, 'key.pem');
  await mkdir(clone, { recursive: true });
  await mkdir(bundle);
  git('init', '--quiet', '--initial-branch=main');
  const change = await commit('prod/kustomization.yaml');
  await commit('stage/kustomization.yaml');
  const statements = chain(change);
  const checkpoint = checkpointOf(statements);
  git('checkout', '--quiet', '--orphan', evidenceBranch);
  git('rm', '-rfq', '--', '.');
  for (const note of [checkpointOf(statements.slice(0, 4)), checkpoint]) {
    await writeFile(path.join(clone, 'checkpoint'), note);
    git('add', '--all');
    git('commit', '--quiet', '--message=checkpoint');
  }
  git('checkout', '--quiet', 'main');
  await writeFile(keyFile, printPublicKey(key.publicKey));
  await writeBundle((name, bytes) => writeFile(path.join(bundle, name), bytes), {
    statements,
    checkpoint,
    origin,
    period,
    signingKey: key.privateKey,
    requirements: productionRequirements,
  });
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe('audit verify', () => {
  it('finds whole evidence whole, and complete against the clone', async () => {
    const fingerprint = keyFingerprint(key.publicKey);

    const end = await verify('--repo', clone, '--fingerprint', fingerprint);

    expect(end.stderr).toBe('');
    expect(end.code).toBe(0);
    expect(end.stdout).toContain('Verdict: whole');
    expect(end.stdout).toContain('Completeness: checked against the clone');
  });

  it('says that completeness was not checked without a clone', async () => {
    const end = await verify();

    expect(end.code).toBe(0);
    expect(end.stdout).toContain('Completeness: not checked');
  });

  it('finds a commit that changed production past the chain', async () => {
    const foreign = await commit('base/deployment.yaml');

    const end = await verify('--repo', clone, '--output', 'json');

    expect(end.code).toBe(1);
    expect(JSON.parse(end.stdout)).toMatchObject({ verdict: 'incomplete', faults: [{ where: `commit ${foreign}` }] });
  });

  it('counts what was fetched before a local branch', async () => {
    const head = git('rev-parse', 'main');
    git('update-ref', 'refs/remotes/origin/main', head);
    await commit('prod/local-only.yaml');

    expect((await verify('--repo', clone)).code).toBe(0);
  });

  it('is broken by one changed byte', async () => {
    const file = path.join(bundle, 'statements.jsonl');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"index":3', '"index":4'));

    const end = await verify('--repo', clone);

    expect(end.code).toBe(1);
    expect(end.stdout).toContain('Verdict: broken');
  });

  it('is broken when a published checkpoint is of another history', async () => {
    const other = chain('b'.repeat(40));
    git('checkout', '--quiet', evidenceBranch);
    await writeFile(path.join(clone, 'checkpoint'), checkpointOf(other));
    git('commit', '--quiet', '--all', '--message=another');
    git('checkout', '--quiet', 'main');

    expect(await verify('--repo', clone)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('Verdict: broken') as string,
    });
  });

  it('is broken for another key, and for another fingerprint', async () => {
    const fingerprint = keyFingerprint(createSigningKey().publicKey);
    expect((await verify('--fingerprint', fingerprint)).code).toBe(1);

    await writeFile(keyFile, printPublicKey(createSigningKey().publicKey));
    expect((await verify()).code).toBe(1);
  });

  it('follows no link out of the export', async () => {
    const outside = path.join(root, 'outside');
    await writeFile(outside, await readFile(path.join(bundle, 'report.csv')));
    await unlink(path.join(bundle, 'report.csv'));
    await symlink(outside, path.join(bundle, 'report.csv'));

    const end = await verify();

    expect(end).toMatchObject({ code: 1, stdout: '' });
    expect(end.stderr).toContain('report.csv');
  });

  it.each([
    ['a folder that is no export', (): readonly string[] => [clone, '--key', keyFile]],
    ['a key that is not there', (): readonly string[] => [bundle, '--key', path.join(root, 'none.pem')]],
    ['a clone that is none', (): readonly string[] => [bundle, '--key', keyFile, '--repo', bundle]],
    [
      'a branch that the clone lacks',
      (): readonly string[] => [bundle, '--key', keyFile, '--repo', clone, '--branch', 'x'],
    ],
  ])('refuses %s', async (_what, args) => {
    expect(await runCli(root, ['audit', 'verify', ...args()])).toMatchObject({ code: 1, stdout: '' });
  });

  it('runs no program that a clone names', async () => {
    const mark = path.join(root, 'ran');
    const script = path.join(root, 'evil.sh');
    await writeFile(script, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    for (const name of ['core.fsmonitor', 'core.pager', 'gpg.program', 'diff.external']) git('config', name, script);
    git('config', 'log.showSignature', 'true');
    await mkdir(path.join(clone, '.git', 'hooks'), { recursive: true });
    await writeFile(path.join(clone, '.git/hooks/post-checkout'), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });

    expect((await verify('--repo', clone)).code).toBe(0);
    await expect(readFile(mark)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
