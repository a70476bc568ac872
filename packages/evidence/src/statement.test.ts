import { InvariantError, type EvidenceStatement } from '@slipway/domain';
import { describe, expect, it } from 'vitest';
import { createSigningKey, createStatementSigner, parseStatement, payloadDigest, verifyEnvelope } from './index.ts';

const key = createSigningKey();
const signer = createStatementSigner({ privateKey: key.privateKey, keyId: 'log' });
const at = '2026-01-02T03:04:05.000Z';
const statement: EvidenceStatement = {
  id: 'review/1',
  kind: 'review',
  subjects: [{ name: 'shop', digest: { gitCommit: 'a'.repeat(40) } }],
  predicate: { verdict: 'approved', account: 'bea' },
  links: ['change/1'],
};
const links = [{ id: 'change/1', digest: `sha256:${'1'.repeat(64)}` }];

describe('createStatementSigner', () => {
  it('writes an in-toto statement as canonical JSON', () => {
    const { envelope, payloadDigest: digest } = signer.sign(statement, links, at);

    const { payload, payloadType } = verifyEnvelope(envelope, [key.publicKey]);
    expect(payloadType).toBe('application/vnd.in-toto+json');
    expect(Buffer.from(payload).toString()).toBe(
      '{"_type":"https://in-toto.io/Statement/v1","predicate":{"account":"bea","id":"review/1",' +
        `"links":[{"digest":"sha256:${'1'.repeat(64)}","id":"change/1"}],"recordedAt":"${at}","verdict":"approved"},` +
        `"predicateType":"https://slipway.dev/predicate/review/v1","subject":[{"digest":{"gitCommit":"${'a'.repeat(40)}"},"name":"shop"}]}`,
    );
    expect(digest).toBe(payloadDigest(payload));
  });

  it('gives the same envelope for the same statement, whatever the order of its keys', () => {
    const turned = { ...statement, predicate: { account: 'bea', verdict: 'approved' } };

    expect(signer.sign(turned, links, at)).toEqual(signer.sign(statement, links, at));
  });

  it('is read back', () => {
    const { envelope } = signer.sign(statement, links, at);

    expect(parseStatement(verifyEnvelope(envelope, [key.publicKey]).payload)).toMatchObject({
      id: 'review/1',
      kind: 'review',
      recordedAt: at,
      digests: [`gitCommit:${'a'.repeat(40)}`],
      links,
    });
  });

  it.each([
    ['other links', { ...statement, links: ['change/2'] }],
    ['a predicate with a reserved field', { ...statement, predicate: { id: 'mine' } }],
    ['a subject without digest', { ...statement, subjects: [{ name: 'x', digest: {} }] }],
  ])('refuses %s as our own fault', (_, wrong) => {
    expect(() => signer.sign(wrong, links, at)).toThrow(InvariantError);
  });
});

describe('parseStatement', () => {
  const good = '"recordedAt":"2026-01-01T00:00:00Z","links":[]';
  const type = '"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slipway.dev/predicate/change/v1"';
  it.each([
    '{}',
    'null',
    `{${type},"subject":[],"predicate":{${good}}}`,
    `{${type},"subject":[{}],"predicate":{"id":"a",${good}}}`,
    `{${type},"subject":[],"predicate":{"id":"a","recordedAt":"never","links":[]}}`,
    `{${type},"subject":[],"predicate":{"id":"a","recordedAt":"2026-01-01","links":[{}]}}`,
    `{"_type":"https://in-toto.io/Statement/v1","predicateType":"constructor","subject":[],"predicate":{"id":"a",${good}}}`,
  ])('refuses %j', (text) => {
    expect(() => parseStatement(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'EVIDENCE_STATEMENT_INVALID' }),
    );
  });
});
