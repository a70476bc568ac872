import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import {
  type CommitId,
  type DesiredState,
  type Digest,
  parseDigest,
  type Promotion,
  type Release,
  type ReleaseTicket,
  shortDigest,
  statementIds,
  type TicketCommit,
} from '@slipway/domain';
import { diffRenders, renderEnvironment, type SourceTree, treeAt } from '@slipway/manifests';
import type { RecordReader } from '@slipway/ports';
import { promotionTitle } from '../promotion/promotion-edit.ts';
import { readEnvironment } from '../promotion/upstream-facts.ts';
import type { DeliveryServices } from '../services.ts';
import { ticketStatement } from './ticket-statement.ts';

/** More commits than this are counted, not named. */
const mostCommits = 100;

/**
 * Opens the ticket of a promotion to a protected environment: who, what changed, back to what. One that is open stays. Safe to repeat.
 *
 * @param after - the config repository as the promotion leaves it.
 */
export async function openTicket(
  services: DeliveryServices,
  facts: { readonly promotion: Promotion; readonly desired: DesiredState; readonly after: SourceTree },
): Promise<void> {
  const { promotion, desired, after } = facts;
  if ((await services.store.get('releaseTicket', promotion.id)) !== undefined) return;
  const { definition, authorised, repository: name } = desired;
  const next = await renderEnvironment(services.renderer, after, definition);
  const before =
    authorised === undefined
      ? undefined
      : await renderEnvironment(
          services.renderer,
          treeAt(await services.openRepository(name), authorised.revision),
          definition,
        );
  const manifestDiff = await keepText(services, diffRenders(before?.text ?? '', next.text));
  const configDiff = await keepText(services, diffRenders(configOf(before?.text ?? ''), configOf(next.text)));
  const content = {
    commits: await commitsBetween(services, { from: authorised?.release, to: promotion.release }),
    ...(manifestDiff === undefined ? {} : { manifestDiff }),
    ...(configDiff === undefined ? {} : { configDiff }),
  };
  await services.store.transact(async (tx) => {
    await tx.lockName(`release-tickets/${desired.application}`);
    if ((await tx.get('releaseTicket', promotion.id)) !== undefined) return;
    const all = await tx.list('releaseTicket', { match: { application: desired.application }, limit: 100_000 });
    const running = (await readEnvironment(tx, desired)).deployment;
    const back = running?.phase === 'succeeded' ? rollbackTo(desired, running) : undefined;
    const ticket: ReleaseTicket = {
      id: promotion.id,
      number: all.length + 1,
      application: desired.application,
      environment: desired.environment,
      kind: promotion.kind,
      title: promotionTitle(promotion, { name: desired.environment }),
      release: promotion.release,
      ...(authorised === undefined ? {} : { fromRelease: authorised.release }),
      openedBy: promotion.requestedBy,
      openedAt: services.now(),
      ...(promotion.reason === undefined ? {} : { reason: promotion.reason }),
      ...content,
      approvals: [],
      ...(back === undefined ? {} : { rollbackTo: back }),
      message: promotion.message,
    };
    await tx.put('releaseTicket', ticket.id, ticket);
    const links = back === undefined ? [] : [statementIds.deployment(back.deployment)];
    await tx.record(ticketStatement(ticket, 'opened', links));
  });
}

function rollbackTo(
  desired: DesiredState,
  running: { readonly id: string; readonly release: Digest },
): NonNullable<ReleaseTicket['rollbackTo']> {
  const to = shortDigest(running.release);
  const command = `slipway rollback ${desired.application} ${desired.environment} --to ${to} --reason "…"`;
  return { deployment: running.id, release: running.release, command };
}

/** Commits of code repositories that one release has and the other has not; for a way back those that are taken out. */
async function commitsBetween(
  services: DeliveryServices,
  releases: { readonly from: Digest | undefined; readonly to: Digest },
): Promise<readonly TicketCommit[]> {
  const [from, to] = await Promise.all([releases.from, releases.to].map((id) => headsOf(services.store, id)));
  const found: TicketCommit[] = [];
  for (const [repository, commit] of to ?? []) {
    const old = from?.get(repository);
    if (old === commit) continue;
    const git = await services.openRepository(repository as Release['application']);
    const isBack = old !== undefined && (await git.isAncestor(commit, old));
    const [head, since] = isBack ? [old, commit] : [commit, old];
    const commits = await git.log(head, { ...(since === undefined ? {} : { since }), limit: mostCommits });
    for (const one of commits) {
      const subject = one.message.split('\n', 1)[0] ?? '';
      found.push({ repository, commit: one.id, subject, author: one.author.name });
    }
  }
  return found.slice(0, mostCommits);
}

/** Newest commit of each code repository in a release. */
async function headsOf(reader: RecordReader, id: Digest | undefined): Promise<ReadonlyMap<string, CommitId>> {
  const release = id === undefined ? undefined : (await reader.get('release', id))?.value;
  const changes = await Promise.all((release?.changes ?? []).map((change) => reader.get('change', change)));
  const known = changes.flatMap((change) => (change === undefined ? [] : [change.value]));
  const oldestFirst = known.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  return new Map(oldestFirst.map(({ repository, commit }) => [repository, commit]));
}

/** The ConfigMaps of a render. */
function configOf(text: string): string {
  return text
    .split(/^---$/m)
    .filter((object) => /^kind: ConfigMap$/m.test(object))
    .join('---');
}

/** Keeps a text by its digest; absent when it is empty. */
async function keepText(services: DeliveryServices, text: string): Promise<Digest | undefined> {
  if (text === '') return undefined;
  const digest = parseDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`);
  if (await services.content.has(digest)) return digest;
  const folder = await services.content.draftFolder();
  try {
    const file = path.join(folder, 'text');
    await writeFile(file, text);
    await services.content.take(file, digest);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return digest;
}
