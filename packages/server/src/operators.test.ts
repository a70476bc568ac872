import { createSigningKey, keyFingerprint, printPublicKey, type SigningKey, signReport } from '@slipway/evidence';
import { parseBranch, parseCommitId, parseDigest, parseName, statementIds } from '@slipway/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openServerWorld, type ServerWorld } from '../test-support/server-world.ts';

const revision = parseCommitId('1'.repeat(40));
const renderDigest = parseDigest(`sha256:${'2'.repeat(64)}`);
const release = parseDigest(`sha256:${'3'.repeat(64)}`);
const report = {
  application: 'guestbook',
  environment: 'qa',
  revision,
  renderDigest,
  phase: 'succeeded',
  reason: 'Healthy',
  message: 'All is well.',
  inventory: ['Service qa/web'],
  written: 1,
  startedAt: '2026-01-02T03:04:05.000Z',
  observed: {},
};

const definition = {
  path: 'overlays/qa',
  namespace: parseName('guestbook-qa'),
  target: parseName('local'),
  class: 'open',
  approvals: 0,
  soakMs: 0,
  rolloutDeadlineMs: 60_000,
  windows: [],
  dependencies: [],
  verifications: [],
} as const;

describe('operators', () => {
  let world: ServerWorld;
  let admin: string;
  let operator: string;
  let names = 0;
  beforeAll(async () => {
    world = await openServerWorld();
    await world.account('root', ['admin']);
    admin = await world.token('root');
    await authoriseQa(world);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    operator = (await add(`operator-${(names += 1)}`)).secret;
  });

  const post = (path: string, token: string, body: unknown): Promise<Response> =>
    world.ask(`/api/v1${path}`, { method: 'POST', token, body });
  const add = async (name: string): Promise<{ readonly secret: string }> =>
    (await (await post('/operators', admin, { name })).json()) as { readonly secret: string };
  const enrol = (key: SigningKey, token = operator): Promise<Response> =>
    post('/operator/enrol', token, { publicKey: printPublicKey(key.publicKey) });
  const removeKey = (): Promise<Response> =>
    world.ask(`/api/v1/operators/operator-${names}/key`, { method: 'DELETE', token: admin });
  const send = (key: SigningKey, fields: object = report, token = operator): Promise<Response> => {
    const signer = { privateKey: key.privateKey, keyId: keyFingerprint(key.publicKey) };
    return post('/operator/deployments', token, { envelope: signReport(fields, signer) });
  };
  const codeOf = async (response: Response): Promise<string> =>
    ((await response.json()) as { readonly code: string }).code;

  it('enrol one key, as often as they like, and hear the key of the server', async () => {
    const key = createSigningKey();
    const [first, again] = [await enrol(key), await enrol(key)];

    expect([first.status, again.status]).toEqual([200, 200]);
    expect(await again.json()).toEqual({
      account: `operator-${names}`,
      keyId: keyFingerprint(key.publicKey),
      serverKey: world.services.serverKey,
    });
  });

  it('enrol one of two keys when both come at once', async () => {
    const answers = await Promise.all([enrol(createSigningKey()), enrol(createSigningKey())]);

    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409]);
  });

  it('enrol another key only when an admin has removed the first, which never comes back', async () => {
    const [lost, next] = [createSigningKey(), createSigningKey()];
    await enrol(lost);
    expect(await codeOf(await enrol(next))).toBe('OPERATOR_KEY_TAKEN');

    expect((await removeKey()).status).toBe(204);

    expect((await enrol(next)).status).toBe(200);
    expect(await codeOf(await enrol(lost))).toBe('OPERATOR_KEY_REMOVED');
    expect((await removeKey()).status).toBe(204);
    expect((await removeKey()).status).toBe(404);
  });

  it('enrol no private key and no nonsense', async () => {
    for (const publicKey of ['nonsense', '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n'])
      expect(await codeOf(await post('/operator/enrol', operator, { publicKey }))).toBe('EVIDENCE_KEY_INVALID');
  });

  it('are not heard before they have enrolled, nor after their key was removed, nor with another key', async () => {
    const key = createSigningKey();
    expect(await codeOf(await send(key))).toBe('OPERATOR_KEY_UNKNOWN');
    await enrol(key);
    expect(await codeOf(await send(createSigningKey()))).toBe('REPORT_REFUSED');
    await removeKey();
    expect(await codeOf(await send(key))).toBe('OPERATOR_KEY_UNKNOWN');

    expect(await world.store.list('deployment')).toEqual([]);
  });

  it('are not heard in the name of another one', async () => {
    const key = createSigningKey();
    await enrol(key);
    const other = (await add('other')).secret;
    await enrol(createSigningKey(), other);

    expect(await codeOf(await send(key, report, other))).toBe('REPORT_REFUSED');
  });

  it.each([
    ['without its render', { ...report, renderDigest: undefined }, 'REQUEST_INVALID'],
    ['with a phase nobody knows', { ...report, phase: 'splendid' }, 'REQUEST_INVALID'],
    ['about no commit', { ...report, revision: 'main' }, 'COMMIT_ID_INVALID'],
  ])('send no report %s', async (_what, fields, code) => {
    const key = createSigningKey();
    await enrol(key);

    expect(await codeOf(await send(key, fields))).toBe(code);
  });

  it('are named in the evidence with their key and the report they signed, which is kept', async () => {
    const key = createSigningKey();
    await enrol(key);

    // A field of a newer operator is no reason to refuse what is known.
    expect((await send(key, { ...report, weather: 'fine' })).status).toBe(204);

    const [deployment] = await world.store.list('deployment');
    const id = statementIds.deployment(deployment?.value.id ?? '');
    const [kept] = await world.store.statements({ ids: [id] });
    const { payload } = JSON.parse(kept?.envelope ?? '{}') as { readonly payload: string };
    const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString()) as {
      readonly predicate: { readonly operator: string; readonly report: { readonly digest: string } };
    };
    expect(predicate).toMatchObject({
      operator: `operator-${names}`,
      report: { keyId: keyFingerprint(key.publicKey), digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    });
    expect([...world.reports.keys()]).toEqual([predicate.report.digest]);
  });

  it('get another token from an admin, and the one before ends', async () => {
    const next = (await add(`operator-${names}`)).secret;

    expect((await enrol(createSigningKey())).status).toBe(401);
    expect((await enrol(createSigningKey(), next)).status).toBe(200);
  });

  it('are never people', async () => {
    await world.account('ada', ['viewer']);

    expect((await post('/operators', admin, { name: 'ada' })).status).toBe(409);
  });
});

/** An environment in which one render is authorised, as delivery leaves it. */
async function authoriseQa(world: ServerWorld): Promise<void> {
  const [application, environment] = [parseName('guestbook'), parseName('qa')];
  const statement = statementIds.authorisation('guestbook/qa', renderDigest, revision);
  await world.store.transact(async (tx) => {
    await tx.record({
      id: statement,
      kind: 'authorisation',
      subjects: [{ name: 'render', digest: { sha256: renderDigest.slice(7) } }],
      predicate: { application, environment },
      links: [],
    });
    await tx.put('desiredState', 'guestbook/qa', {
      id: 'guestbook/qa',
      application,
      environment,
      repository: parseName('config'),
      branch: parseBranch('main'),
      definition: { ...definition, name: environment },
      order: 0,
      isEntry: true,
      head: revision,
      authorised: { revision, renderDigest, release, statement },
      updatedAt: world.clock.now,
    });
  });
}
