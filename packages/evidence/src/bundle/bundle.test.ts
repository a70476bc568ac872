import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { EvidenceStatement, PredicateKind } from '@slipway/domain';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import {
  buildMerkleTree,
  bundleFiles,
  createSigningKey,
  createStatementSigner,
  defaultRequirements,
  keyFingerprint,
  leafHash,
  payloadDigest,
  signEnvelope,
  printPublicKey,
  signCheckpoint,
  verifyBundle,
  writeBundle,
  type CloneReader,
  type KeptStatement,
  type SigningKey,
  type VerifyOptions,
} from '../index.ts';

const key = createSigningKey();
const origin = 'slipway.test/log';
const period = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
const sha = (digit: string): string => digit.repeat(64);
const commitOf = (digit: string): string => digit.repeat(40);

interface Step {
  readonly id: string;
  readonly kind: PredicateKind;
  readonly digest?: string;
  readonly predicate?: Readonly<Record<string, unknown>>;
  readonly links?: readonly string[];
  readonly at?: string;
}

/** One change all the way: code commit to production. */
function chain(n: string, commit = commitOf(n)): readonly Step[] {
  const stage = { application: 'shop', environment: 'stage', commit: commitOf('e'), protected: false };
  const prod = { application: 'shop', environment: 'prod', commit, protected: true, release: `sha256:${sha(n)}` };
  return [
    { id: `change/${n}`, kind: 'change', predicate: { subject: '<b>=1+1</b>', author: 'ann' } },
    { id: `review/${n}`, kind: 'review', predicate: { verdict: 'approved', account: 'bea' }, links: [`change/${n}`] },
    { id: `stage/${n}`, kind: 'stage', predicate: { conclusion: 'success' }, links: [`change/${n}`] },
    { id: `run/${n}`, kind: 'pipelineRun', links: [`change/${n}`, `review/${n}`, `stage/${n}`] },
    { id: `provenance/${n}`, kind: 'provenance', digest: sha(n), links: [`run/${n}`] },
    { id: `manifest/${n}`, kind: 'manifestCommit', digest: sha(n), links: [`provenance/${n}`] },
    { id: `deployed-stage/${n}`, kind: 'deployment', predicate: stage, links: [`manifest/${n}`] },
    { id: `verified-stage/${n}`, kind: 'verification', predicate: stage, links: [`deployed-stage/${n}`] },
    {
      id: `promotion/${n}`,
      kind: 'promotion',
      predicate: { ...prod, approvals: [{ account: 'cleo' }] },
      links: [`verified-stage/${n}`],
    },
    {
      id: `authorised/${n}`,
      kind: 'authorisation',
      digest: sha(n),
      predicate: { ...prod, paths: ['prod', 'base'] },
      links: [`promotion/${n}`],
    },
    { id: `deployed/${n}`, kind: 'deployment', digest: sha(n), predicate: prod, links: [`authorised/${n}`] },
    { id: `verified/${n}`, kind: 'verification', predicate: prod, links: [`deployed/${n}`] },
  ];
}

function record(steps: readonly Step[], by: SigningKey = key): readonly KeptStatement[] {
  const signer = createStatementSigner({ privateKey: by.privateKey, keyId: keyFingerprint(by.publicKey) });
  const digests = new Map<string, string>();
  return steps.map(
    ({ id, kind, digest = sha('0'), predicate = {}, links = [], at = '2026-01-10T00:00:00.000Z' }, index) => {
      const statement: EvidenceStatement = {
        id,
        kind,
        subjects: [{ name: id, digest: { sha256: digest } }],
        predicate,
        links,
      };
      const signed = signer.sign(
        statement,
        links.map((link) => ({ id: link, digest: digests.get(link) ?? `sha256:${sha('f')}` })),
        at,
      );
      digests.set(id, signed.payloadDigest);
      return { id, kind, ...signed, recordedAt: at, index };
    },
  );
}

function checkpointOf(statements: readonly KeptStatement[], by: SigningKey = key): string {
  const tree = buildMerkleTree(statements.map(({ envelope }) => leafHash(Buffer.from(envelope))));
  return signCheckpoint({ origin, size: tree.size, root: tree.rootAt(tree.size) }, by.privateKey);
}

async function exportBundle(
  statements: readonly KeptStatement[],
  by: SigningKey = key,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const input = { statements, checkpoint: checkpointOf(statements, by), origin, period, signingKey: by.privateKey };
  await writeBundle((path, bytes) => void files.set(path, bytes), input);
  return files;
}

function verify(
  files: ReadonlyMap<string, Uint8Array>,
  options: Partial<VerifyOptions> = {},
): ReturnType<typeof verifyBundle> {
  return verifyBundle((path) => Promise.resolve(files.get(path)), {
    publicKeyPem: printPublicKey(key.publicKey),
    ...options,
  });
}

const statements = record([...chain('1'), ...chain('2')]);
const bundle = await exportBundle(statements);

describe('verifyBundle', () => {
  it('finds a whole bundle whole, with the chain of each change in order', async () => {
    const verdict = await verify(bundle, { expectedFingerprint: keyFingerprint(key.publicKey) });

    expect(verdict.faults).toEqual([]);
    expect(verdict).toMatchObject({ verdict: 'whole', completeness: 'not checked', statements: 24, period });
    expect(verdict.changes.map(({ commit }) => commit)).toEqual([commitOf('1'), commitOf('2')]);
    expect(verdict.changes[0]?.links.map(({ id }) => id)).toEqual(chain('1').map(({ id }) => id));
  });

  it.each(['change', 'pipelineRun', 'provenance', 'manifestCommit', 'promotion', 'authorisation'] as const)(
    'finds a change without %s incomplete',
    async (kind) => {
      const lost = chain('1').filter((step) => step.kind !== kind);
      const kept = new Set(lost.map(({ id }) => id));
      const steps = lost.map((step) => ({ ...step, links: (step.links ?? []).filter((link) => kept.has(link)) }));

      const verdict = await verify(await exportBundle(record(steps)));

      expect(verdict.verdict).toBe('incomplete');
      expect(verdict.faults[0]?.what).toContain(`no ${kind}`);
      expect(verdict.faults[0]?.where).toContain(commitOf('1'));
    },
  );

  it('does not take the provenance of another image', async () => {
    const steps = chain('1').map((step) => (step.kind === 'provenance' ? { ...step, digest: sha('9') } : step));

    const verdict = await verify(await exportBundle(record(steps)));

    expect(verdict.verdict).toBe('incomplete');
    expect(verdict.faults[0]?.what).toContain('no provenance');
  });

  it('does not take the chain of the change before for a change without its own', async () => {
    const prod = { application: 'shop', environment: 'prod', commit: commitOf('7'), protected: true };
    const bare: readonly Step[] = [
      { id: 'authorised/7', kind: 'authorisation', digest: sha('7'), predicate: prod, links: ['authorised/1'] },
      { id: 'deployed/7', kind: 'deployment', digest: sha('7'), predicate: prod, links: ['authorised/7'] },
    ];

    const verdict = await verify(await exportBundle(record([...chain('1'), ...bare])));

    expect(verdict.changes.map((change) => change.verdict)).toEqual(['whole', 'incomplete']);
  });

  it('does not take what a manifest commit before it rests on', async () => {
    const lost = ['provenance/2', 'run/2', 'stage/2', 'review/2', 'change/2'];
    const second = chain('2')
      .filter(({ id }) => !lost.includes(id))
      .map((step) => (step.id === 'manifest/2' ? { ...step, links: ['manifest/1'] } : step));

    const verdict = await verify(await exportBundle(record([...chain('1'), ...second])));

    expect(verdict.changes.map((change) => change.verdict)).toEqual(['whole', 'incomplete']);
    expect(verdict.faults[0]?.what).toBe('Its chain shows no change, no pipelineRun, no provenance');
  });

  it('follows a rollback to the chain of the release that it restores', async () => {
    const prod = { application: 'shop', environment: 'prod', commit: commitOf('8'), protected: true };
    const back: readonly Step[] = [
      { id: 'promotion/8', kind: 'promotion', predicate: prod, links: ['deployed/1'], digest: sha('1') },
      { id: 'authorised/8', kind: 'authorisation', digest: sha('1'), predicate: prod, links: ['promotion/8'] },
      { id: 'deployed/8', kind: 'deployment', digest: sha('1'), predicate: prod, links: ['authorised/8'] },
    ];

    expect(await verify(await exportBundle(record([...chain('1'), ...chain('2'), ...back])))).toMatchObject({
      verdict: 'whole',
    });
  });

  it('follows an authorisation at a later commit to the promotion of the same render', async () => {
    const promoted = { application: 'shop', environment: 'prod', commit: commitOf('6'), protected: true };
    const steps = chain('1').map((step) =>
      step.id === 'promotion/1' ? { ...step, digest: sha('1'), predicate: promoted } : step,
    );

    expect(await verify(await exportBundle(record(steps)))).toMatchObject({ verdict: 'whole', faults: [] });
  });

  it('does not follow it to a promotion of another render', async () => {
    const promoted = { application: 'shop', environment: 'prod', commit: commitOf('6'), protected: true };
    const steps = chain('1').map((step) =>
      step.id === 'promotion/1' ? { ...step, digest: sha('9'), predicate: promoted } : step,
    );

    expect((await verify(await exportBundle(record(steps)))).faults[0]?.what).toContain('no promotion');
  });

  it('counts who approved the change by account when it is asked to, not who reviewed its code', async () => {
    const requirements = { mandatory: [], bound: [], approvals: 1 };

    expect(await verify(bundle, { requirements })).toMatchObject({ verdict: 'whole' });
    expect(await verify(bundle, { requirements: { ...requirements, approvals: 2 } })).toMatchObject({
      verdict: 'incomplete',
    });
  });

  it('does not take promotion and approval of the release that a rollback restores for its own', async () => {
    const prod = { application: 'shop', environment: 'prod', commit: commitOf('8'), protected: true };
    const back: readonly Step[] = [
      { id: 'authorised/8', kind: 'authorisation', digest: sha('1'), predicate: prod, links: ['deployed/1'] },
      { id: 'deployed/8', kind: 'deployment', digest: sha('1'), predicate: prod, links: ['authorised/8'] },
    ];

    const verdict = await verify(await exportBundle(record([...chain('1'), ...back])), {
      requirements: { ...defaultRequirements, approvals: 1 },
    });

    expect(verdict.changes.map((change) => change.verdict)).toEqual(['whole', 'incomplete']);
    expect(verdict.faults[0]?.what).toBe('Its chain shows no promotion, too few approvals');
  });

  it('leaves out what happened in another period', async () => {
    const later = chain('2').map((step) => ({ ...step, at: '2026-02-01T00:00:00.000Z' }));

    const verdict = await verify(await exportBundle(record([...chain('1'), ...later])));

    expect(verdict.changes.map(({ commit }) => commit)).toEqual([commitOf('1')]);
  });

  it('names a link to other content', async () => {
    const steps = chain('1');
    const other = record(steps.map((step) => (step.id === 'run/1' ? { ...step, predicate: { forged: true } } : step)));
    const mixed = record(steps).map((kept, index) => (kept.id === 'run/1' ? (other[index] ?? kept) : kept));

    const verdict = await verify(await exportBundle(mixed));

    expect(verdict.verdict).toBe('broken');
    expect(verdict.faults[0]).toMatchObject({ where: 'statement provenance/1 (index 4)' });
  });

  it('refuses a bundle made with another key, even though it is whole in itself', async () => {
    const forger = createSigningKey();

    const verdict = await verify(await exportBundle(record(chain('1'), forger), forger));

    expect(verdict.verdict).toBe('broken');
    expect(verdict.statements).toBe(0);
  });

  it('refuses a key without the expected fingerprint', async () => {
    expect(await verify(bundle, { expectedFingerprint: `sha256:${sha('0')}` })).toMatchObject({
      verdict: 'broken',
      changes: [],
    });
  });

  it('refuses a truncated, a reordered and an empty log', async () => {
    const lines = Buffer.from(bundle.get(bundleFiles.statements) ?? [])
      .toString()
      .split('\n')
      .slice(0, -1);
    const turned = [...lines.slice(0, 3), lines[4] ?? '', lines[3] ?? '', ...lines.slice(5)];

    for (const changed of [lines.slice(0, -1), lines.slice(1), turned, []]) {
      const files = new Map(bundle).set(
        bundleFiles.statements,
        Buffer.from(changed.map((line) => `${line}\n`).join('')),
      );
      expect((await verify(files)).verdict).toBe('broken');
    }
  });

  it.each(Object.values(bundleFiles))('refuses a bundle without %s', async (path) => {
    const files = new Map(bundle);
    files.delete(path);

    expect((await verify(files)).verdict).toBe('broken');
  });

  it('names the statement when a byte of its line is flipped', async () => {
    const bytes = Buffer.from(bundle.get(bundleFiles.statements) ?? []);
    let start = 0;
    for (const [index] of statements.entries()) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(start + 200) ^ 1, start + 200);
      start = bytes.indexOf(0x0a, start) + 1;

      const verdict = await verify(new Map(bundle).set(bundleFiles.statements, changed));

      expect(verdict.verdict).toBe('broken');
      expect(verdict.faults[0]?.where).toContain(`(index ${index})`);
    }
  });

  it('finds any flipped bit of any file', async () => {
    const small = await exportBundle(record(chain('1')));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...small.keys()), fc.nat(), fc.nat(7), async (path, seed, bit) => {
        const bytes = Buffer.from(small.get(path) ?? []);
        const at = seed % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);

        expect((await verify(new Map(small).set(path, bytes))).verdict).toBe('broken');
      }),
      { numRuns: 400 },
    );
  });

  it('finds a report that tells another story, even when its manifest was sealed again', async () => {
    const told = text(bundle, bundleFiles.reportJson);
    const report = Buffer.from(told.replace('author: ann', 'author: bob'));
    const old = payloadDigest(Buffer.from(told));
    const payload = Buffer.from(text(bundle, bundleFiles.manifest).replace(old, payloadDigest(report)));
    const signer = { privateKey: key.privateKey, keyId: keyFingerprint(key.publicKey) };
    const seal = signEnvelope({ payloadType: 'application/vnd.slipway.audit-manifest.v1+json', payload }, [signer]);
    const files = new Map<string, Uint8Array>(bundle)
      .set(bundleFiles.reportJson, report)
      .set(bundleFiles.manifest, payload)
      .set(bundleFiles.seal, Buffer.from(seal));

    const { verdict, faults } = await verify(files);

    expect(verdict).toBe('broken');
    expect(faults).toMatchObject([{ where: bundleFiles.reportJson, what: 'It is not what the statements tell' }]);
  });
});

function text(files: ReadonlyMap<string, Uint8Array>, path: string): string {
  return Buffer.from(files.get(path) ?? []).toString();
}

describe('writeBundle', () => {
  const input = { statements, checkpoint: checkpointOf(statements), origin, period, signingKey: key.privateKey };
  it.each([
    ['EVIDENCE_LOG_TRUNCATED', { ...input, statements: statements.slice(0, -1) }],
    ['EVIDENCE_LOG_TRUNCATED', { ...input, statements: statements.slice(1) }],
    ['EVIDENCE_SIGNATURE_REFUSED', { ...input, signingKey: createSigningKey().privateKey }],
    ['EVIDENCE_CHECKPOINT_INVALID', { ...input, origin: 'other' }],
    ['EVIDENCE_PERIOD_INVALID', { ...input, period: { from: 'x', to: 'y' } }],
  ])('refuses with %s (%#)', async (code, wrong) => {
    const written: string[] = [];

    await expect(writeBundle((path) => void written.push(path), wrong)).rejects.toMatchObject({ code });
    expect(written).toEqual([]);
  });

  it('writes the same bytes again', async () => {
    expect(await exportBundle(statements)).toEqual(bundle);
  });

  it('prints what people wrote as text: no markup, no formula', () => {
    const html = Buffer.from(bundle.get(bundleFiles.reportHtml) ?? []).toString();

    expect(html).toContain('&lt;b&gt;=1+1&lt;/b&gt;');
    expect(html).not.toContain('<b>');
    expect(html).not.toMatch(/<script/i);
  });
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A real config repository; `commit` writes a file and gives the commit's id. */
function openRepository(): { commit(path: string, text: string): string; git(...args: readonly string[]): string } {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-evidence-'));
  folders.push(folder);
  const git = (...args: readonly string[]): string =>
    execFileSync(
      'git',
      ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t.test', '-c', 'commit.gpgsign=false', ...args],
      {
        encoding: 'utf8',
        timeout: 10_000,
        env: { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1' },
      },
    ).trim();
  git('init', '-q', '-b', 'main');
  const commit = (path: string, text: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    git('add', '-A');
    git('commit', '-q', '-m', path);
    return git('rev-parse', 'HEAD');
  };
  return { commit, git };
}

function readClone(git: (...args: readonly string[]) => string, notes: readonly string[]): CloneReader {
  const log = (paths: readonly string[], ...more: readonly string[]): readonly string[] =>
    git('log', '--first-parent', '--format=%H', ...more, '--', ...paths)
      .split('\n')
      .filter(Boolean);
  return {
    commitsChanging: async (paths) => log(paths, '--reverse', 'main'),
    lastChange: async (commit, paths) => log(paths, '-1', commit)[0],
    checkpoints: async () => notes.map((note, index) => ({ commit: commitOf(String(index)), note })),
  };
}

describe('verifyBundle with a clone', () => {
  it('is complete when every commit of the closure has its chain', async () => {
    const { commit, git } = openRepository();
    commit('prod/first.yaml', 'before the log began');
    const one = commit('prod/a.yaml', '1');
    commit('other/a.yaml', 'not of the closure');
    commit('base/a.yaml', '2');
    const two = commit('other/a.yaml', 'head when it was authorised');
    const log = record([...chain('1', one), ...chain('2', two)]);
    const notes = [checkpointOf(log.slice(0, 5)), checkpointOf(log)];

    const verdict = await verify(await exportBundle(log), { clone: readClone(git, notes) });

    expect(verdict).toMatchObject({ verdict: 'whole', completeness: 'checked', faults: [] });
  });

  it('names a commit that came past the chain', async () => {
    const { commit, git } = openRepository();
    const one = commit('prod/a.yaml', '1');
    const direct = commit('base/a.yaml', 'pushed by hand');
    const two = commit('prod/a.yaml', '2');
    const log = record([...chain('1', one), ...chain('2', two)]);

    const verdict = await verify(await exportBundle(log), { clone: readClone(git, [checkpointOf(log)]) });

    expect(verdict).toMatchObject({
      verdict: 'incomplete',
      completeness: 'checked',
      faults: [{ where: `commit ${direct}` }],
    });
  });

  it('is broken by a checkpoint that the log contradicts, and by one of another key', async () => {
    const { commit, git } = openRepository();
    const log = record(chain('1', commit('prod/a.yaml', '1')));
    const rewritten = record(chain('3', commitOf('3'))).slice(0, 6);

    for (const note of [checkpointOf(rewritten), checkpointOf(log.slice(0, 6), createSigningKey())]) {
      const verdict = await verify(await exportBundle(log), { clone: readClone(git, [note, checkpointOf(log)]) });
      expect(verdict.verdict).toBe('broken');
      expect(verdict.faults[0]?.where).toContain(commitOf('0'));
    }
  });

  it('is broken by a published log that became shorter, and incomplete when the bundle is shorter than the published log', async () => {
    const { commit, git } = openRepository();
    const log = record(chain('1', commit('prod/a.yaml', '1')));
    const longer = checkpointOf([...log, ...log]);

    const shrunk = await verify(await exportBundle(log), {
      clone: readClone(git, [checkpointOf(log), checkpointOf(log.slice(0, 5))]),
    });
    const short = await verify(await exportBundle(log), { clone: readClone(git, [longer]) });
    const silent = await verify(await exportBundle(log), { clone: readClone(git, []) });

    expect([shrunk.verdict, short.verdict, silent.verdict]).toEqual(['broken', 'incomplete', 'incomplete']);
  });

  it('says that completeness is not checked when nobody knows the paths', async () => {
    const { commit, git } = openRepository();
    const steps = chain('1', commit('prod/a.yaml', '1')).map(({ predicate = {}, ...step }) => {
      const { paths: _, ...rest } = predicate;
      return { ...step, predicate: rest };
    });
    const log = record(steps);
    const clone = readClone(git, [checkpointOf(log)]);
    const closures = [{ application: 'shop', environment: 'prod', paths: ['prod'] }];

    expect(await verify(await exportBundle(log), { clone })).toMatchObject({
      verdict: 'incomplete',
      completeness: 'not checked',
    });
    expect(await verify(await exportBundle(log), { clone, closures })).toMatchObject({
      verdict: 'whole',
      completeness: 'checked',
    });
  });
});
