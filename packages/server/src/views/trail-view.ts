import type { TrailView } from '@slipway/api';
import { type Change, type PredicateKind, statementIds } from '@slipway/domain';
import { parseStatement } from '@slipway/evidence';
import type { KeptStatement, Store } from '@slipway/ports';

const titles: Readonly<Record<PredicateKind, string>> = {
  change: 'Change',
  review: 'Review',
  stage: 'Stage',
  pipelineRun: 'Pipeline run',
  provenance: 'Provenance of an image',
  manifestCommit: 'Commit in the config repository',
  authorisation: 'Authorised render',
  deployment: 'Deployment',
  verification: 'Verification',
  promotion: 'Promotion',
  releaseTicket: 'Release ticket',
  hold: 'Hold',
  canaryControl: 'Word on a canary',
  revocation: 'Authorisation revoked',
  refusal: 'Refusal',
  gate: 'Gate',
};

/** Everything signed that rests on a change, in the order it was recorded. */
export async function viewTrail(store: Store, change: Change): Promise<TrailView> {
  const statements = await readLog(store);
  const known = new Set([statementIds.change(change.id)]);
  const links: TrailView['links'] = [];
  for (const kept of statements) {
    const statement = parseStatement(payloadOf(kept));
    const isOwn = known.has(statement.id) || statement.links.some((link) => known.has(link.id));
    if (!isOwn) continue;
    known.add(statement.id);
    const { id: _id, recordedAt: _at, links: _links, ...predicate } = statement.predicate;
    links.push({
      statement: statement.id,
      kind: statement.kind,
      title: titles[statement.kind],
      at: kept.recordedAt,
      digest: kept.payloadDigest,
      ...(kept.index === undefined ? {} : { index: kept.index }),
      predicate,
    });
  }
  return {
    change: change.id,
    repository: change.repository,
    commit: change.commit,
    subject: change.subject,
    author: change.author.name,
    links,
  };
}

async function readLog(store: Store): Promise<readonly KeptStatement[]> {
  await store.sequence();
  const all: KeptStatement[] = [];
  for (;;) {
    const page = await store.statements({ from: all.length, limit: 1_000 });
    all.push(...page);
    if (page.length < 1_000) return all;
  }
}

function payloadOf(kept: KeptStatement): Buffer {
  const { payload } = JSON.parse(kept.envelope) as { readonly payload: string };
  return Buffer.from(payload, 'base64');
}
