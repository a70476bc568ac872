import { renderEnvironment, treeAt } from '@slipway/manifests';
import {
  type Branch,
  type CommitId,
  type DesiredState,
  entryGates,
  InvariantError,
  parseBranch,
  type Promotion,
  type Release,
  shortDigest,
  type Signature,
  statementIds,
  type TicketOutcome,
  type UnmetGate,
} from '@slipway/domain';
import { readEntryFacts, type StoreTransaction } from '@slipway/ports';
import { appConfigOfRelease } from '../app-config/app-config-of-release.ts';
import { observeEffect } from '../environments/observe-config.ts';
import type { DeliveryServices } from '../services.ts';
import { promotionStatement } from '../statements.ts';
import { tellPromotion } from '../tell-outcome.ts';
import { checksOf } from '../verification/start-verifications.ts';
import { closeTicket } from '../release/close-ticket.ts';
import { openTicket } from '../release/open-ticket.ts';
import { changeTrailer, commitMessage, type ManifestEdit } from '../writer/manifest-edit.ts';
import { OverlayTree } from '../writer/overlay-tree.ts';
import { tellBreakGlass } from '../rollback/tell-break-glass.ts';
import { rollbackWhenReady } from '../rollback/carry-rollback.ts';
import { applyPromotion, promotionTitle } from './promotion-edit.ts';
import { readEnvironment } from './upstream-facts.ts';
import { signatureOf } from './signature-of.ts';

/** The effect of a promotion: a commit in the config repository, or a pull request for a protected environment. Safe to repeat. */
export async function carryPromotion(services: DeliveryServices, id: string): Promise<void> {
  const promotion = (await services.store.get('promotion', id))?.value;
  if (promotion === undefined || promotion.phase !== 'running' || promotion.commit !== undefined) return;
  const desired = (await services.store.get('desiredState', `${promotion.application}/${promotion.environment}`))
    ?.value;
  if (desired === undefined) throw new InvariantError(`promotion ${id} has no environment`);
  const edit =
    promotion.rollback === undefined
      ? await editOf(services, promotion)
      : await rollbackWhenReady(services, promotion.rollback, { promotion, desired });
  if (edit === undefined) return;
  if (desired.definition.class === 'protected') await openTicketFor(services, { promotion, desired, edit });
  const needsPerson = desired.definition.class === 'protected' && promotion.breakGlass === undefined;
  if (needsPerson) await openRequest(services, { promotion, desired, edit });
  else await landDirectly(services, { promotion, desired, edit });
}

/** What the promotion leaves is what its edit makes of the head as it is. */
async function openTicketFor(services: DeliveryServices, { promotion, desired, edit }: Carried): Promise<void> {
  const repository = await services.openRepository(desired.repository);
  const head = await repository.readRef(`refs/heads/${desired.branch}`);
  if (head === undefined) throw new InvariantError(`${desired.repository} lost branch ${desired.branch}`);
  const tree = treeAt(repository, head);
  const outcome = await edit.apply(tree);
  const after = outcome.kind === 'changes' ? new OverlayTree(tree, outcome.changes) : tree;
  await openTicket(services, { promotion, desired, after });
}

/** What could not be carried ends the promotion, with the reason. */
export function promotionErrored(services: DeliveryServices, id: string, error: Error): Promise<void> {
  return endPromotion(services, id, { phase: 'errored', message: error.message });
}

/** Ends a promotion that goes on no further, and its ticket. */
export async function endPromotion(
  services: DeliveryServices,
  id: string,
  { outcome, ...end }: Pick<Promotion, 'phase' | 'message'> & { readonly outcome?: TicketOutcome },
): Promise<void> {
  await services.store.transact(async (tx) => {
    const promotion = (await tx.lock('promotion', id))?.value;
    if (promotion === undefined || promotion.phase !== 'running') return;
    const now = services.now();
    // What left no commit broke no glass: there is nothing for somebody to look at afterwards.
    const { breakGlass, ...rest } = promotion;
    const broken = promotion.commit === undefined || breakGlass === undefined ? {} : { breakGlass };
    const ended: Promotion = { ...rest, ...broken, ...end, finishedAt: now };
    await tx.put('promotion', id, ended);
    await tellPromotion(tx, ended);
    const usual = end.phase === 'succeeded' || end.phase === 'errored' ? end.phase : 'aborted';
    await closeTicket(tx, { id, outcome: outcome ?? usual, message: end.message, now });
  });
}

interface Carried {
  readonly promotion: Promotion;
  readonly desired: DesiredState;
  readonly edit: ManifestEdit;
}

async function editOf(services: DeliveryServices, promotion: Promotion): Promise<ManifestEdit> {
  const release = (await services.store.get('release', promotion.release))?.value;
  if (release === undefined) throw new InvariantError(`promotion ${promotion.id} has no release`);
  const appConfig = await appConfigOfRelease(services, promotion, release);
  return {
    id: `promotion/${promotion.id}`,
    author: await authorOf(services, promotion, release),
    subject: promotionTitle(promotion, { name: promotion.environment }),
    trailers: [
      ['Slipway-Release', release.id],
      ['Slipway-Environment', promotion.environment],
      ['Slipway-Requested-By', promotion.requestedBy],
      ...release.changes.map((change) => ['Slipway-Source', change] as const),
    ],
    apply: (tree) => applyPromotion(services.renderer, tree, { promotion, release, ...appConfig }),
  };
}

/** The person whose change it is: the promoter, else the author of the newest change in the release. */
async function authorOf(services: DeliveryServices, promotion: Promotion, release: Release): Promise<Signature> {
  const promoter = await signatureOf(services.store, promotion.requestedBy);
  if (promoter !== undefined) return promoter;
  const changes = await Promise.all(release.changes.map((change) => services.store.get('change', change)));
  const newest = changes
    .flatMap((change) => (change === undefined ? [] : [change.value]))
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0];
  return newest?.author ?? services.committer;
}

async function landDirectly(services: DeliveryServices, carried: Carried): Promise<void> {
  const { promotion, desired, edit } = carried;
  const [gate] = promotion.kind === 'rollback' ? [] : await gatesNow(services, desired);
  // What came up since it was asked for keeps it out too: automation never breaks a hold.
  if (gate !== undefined) return endPromotion(services, promotion.id, { phase: 'aborted', message: gate.message });
  const writer = await services.writerOf(desired.repository, desired.branch);
  const landed = await writer.submit(edit);
  if (!landed.isChange && (await isBackAlready(services, carried))) return endUnneeded(services, promotion);
  await settlePromotion(services, promotion.id, { commit: landed.commit, approvals: [], reviews: [] });
}

/** What a rollback goes back to is authorised there: nothing was left to take back, neither on the branch nor in what may run. */
async function isBackAlready(services: DeliveryServices, { promotion, desired }: Carried): Promise<boolean> {
  if (promotion.rollback === undefined) return false;
  const target = (await services.store.get('deployment', promotion.rollback.toDeployment))?.value;
  return target?.renderDigest === desired.authorised?.renderDigest;
}

function endUnneeded(services: DeliveryServices, { id }: Promotion): Promise<void> {
  return endPromotion(services, id, { phase: 'succeeded', message: 'The environment is back there already.' });
}

async function gatesNow(services: DeliveryServices, desired: DesiredState): Promise<readonly UnmetGate[]> {
  const entry = await readEntryFacts(services.store, desired, services.now());
  return entryGates({ environment: desired.definition, ...entry });
}

/** Commit, render and statement of a promotion whose commit stands on the branch; then the branch is looked at anew. */
export async function settlePromotion(
  services: DeliveryServices,
  id: string,
  landed: { readonly commit: CommitId; readonly approvals: readonly string[]; readonly reviews: readonly string[] },
): Promise<void> {
  const promotion = (await services.store.get('promotion', id))?.value;
  const desired =
    promotion === undefined
      ? undefined
      : (await services.store.get('desiredState', `${promotion.application}/${promotion.environment}`))?.value;
  if (promotion === undefined || desired === undefined) throw new InvariantError(`promotion ${id} does not exist`);
  const repository = await services.openRepository(desired.repository);
  const rendered = await renderEnvironment(services.renderer, treeAt(repository, landed.commit), desired.definition);
  await services.checkpoint('promotion-landed');
  await services.store.transact(async (tx) => {
    const known = (await tx.lock('promotion', id))?.value;
    if (known === undefined || known.commit !== undefined) return;
    const { commit, approvals } = landed;
    const message = 'Its commit stands in the config repository; the operator applies it.';
    const next: Promotion = { ...known, commit, approvals, renderDigest: rendered.renderDigest, message };
    await tx.put('promotion', id, next);
    await tellBreakGlass(tx, next);
    const upstream =
      known.rollback === undefined
        ? await upstreamStatements(tx, desired)
        : [statementIds.deployment(known.rollback.toDeployment)];
    await tx.record(
      promotionStatement(next, {
        isProtected: desired.definition.class === 'protected',
        reviews: landed.reviews,
        upstream,
      }),
    );
    await tx.effect({
      kind: observeEffect,
      key: `${desired.repository}/observe/promotion/${id}`,
      payload: { repository: desired.repository },
    });
  });
}

/** Statements of the environment before that let the release in: its deployment and every check. */
async function upstreamStatements(tx: StoreTransaction, desired: DesiredState): Promise<readonly string[]> {
  const [upstream] = await tx.list('desiredState', {
    match: { application: desired.application, order: desired.order - 1 },
  });
  if (upstream === undefined) return [];
  const state = await readEnvironment(tx, upstream.value);
  if (state.deployment?.phase !== 'succeeded') return [];
  const names = checksOf(upstream.value);
  const checks = state.verifications.filter((one) => names.includes(one.name) && one.phase === 'succeeded');
  return [
    statementIds.deployment(state.deployment.id),
    ...checks.map((one) => statementIds.verification(one.id, one.attempt)),
  ];
}

async function openRequest(services: DeliveryServices, carried: Carried): Promise<void> {
  const { promotion, desired, edit } = carried;
  const source = await writeBranch(services, carried);
  if (source === undefined) return endUnneeded(services, promotion);
  const { number } = await services.openPullRequest({
    repository: desired.repository,
    source,
    target: desired.branch,
    title: edit.subject,
    body: describeRequest(promotion),
    author: promotion.requestedBy,
    promotion: promotion.id,
  });
  await services.store.transact(async (tx) => {
    const known = (await tx.lock('promotion', promotion.id))?.value;
    if (known === undefined || known.pullRequest !== undefined) return;
    await tx.put('promotion', promotion.id, {
      ...known,
      pullRequest: number,
      message: `Pull request ${number} waits for a second person.`,
    });
  });
}

function describeRequest(promotion: Promotion): string {
  const { release, environment, from, rollback, reason } = promotion;
  if (rollback === undefined)
    return `Release ${release} goes from environment ${from ?? 'none'} to environment ${environment}.`;
  return `Environment ${environment} goes back to ${rollback.toRevision}, which ran healthy there (${rollback.toDeployment}). ${reason ?? ''}`.trim();
}

/** Writes the promotion's branch on the head as it is; one that carries it already stays. Absent when a rollback is back already. */
async function writeBranch(services: DeliveryServices, carried: Carried): Promise<Branch | undefined> {
  const { promotion, desired, edit } = carried;
  const repository = await services.openRepository(desired.repository);
  const branch = parseBranch(
    `slipway/${promotion.kind === 'rollback' ? 'rollback' : 'promote'}/${promotion.environment}/${shortDigest(promotion.release)}-${promotion.id.split('.').slice(1).join('-')}`,
  );
  const ref = `refs/heads/${branch}`;
  const known = await repository.readRef(ref);
  if (known !== undefined) {
    const { trailers } = await repository.readCommit(known);
    if (trailers.some(([key, value]) => key === changeTrailer && value === edit.id)) return branch;
  }
  const head = await repository.readRef(`refs/heads/${desired.branch}`);
  if (head === undefined) throw new InvariantError(`${desired.repository} lost branch ${desired.branch}`);
  const outcome = await edit.apply(treeAt(repository, head));
  if (outcome.kind === 'nothing' && (await isBackAlready(services, carried))) return undefined;
  const changes = outcome.kind === 'changes' ? outcome.changes : [];
  const plan = {
    changes,
    author: edit.author,
    committer: services.committer,
    message: commitMessage(edit),
    at: promotion.requestedAt,
  };
  const [commit] = await repository.commitChain(head, [plan]);
  if (commit === undefined) throw new InvariantError('a promotion made no commit');
  await services.checkpoint('promotion-branch-written');
  await repository.updateRef(ref, commit, known);
  return branch;
}
