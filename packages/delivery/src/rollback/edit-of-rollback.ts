import {
  type AppConfigPin,
  type DesiredState,
  InvariantError,
  type Promotion,
  type Release,
  type Rollback,
  type Signature,
} from '@slipway/domain';
import type { GitRepository } from '@slipway/ports';
import { promotionTitle } from '../promotion/promotion-edit.ts';
import type { DeliveryServices } from '../services.ts';
import type { ManifestEdit } from '../writer/manifest-edit.ts';
import { applyRollback } from './rollback-edit.ts';
import { signatureOf } from '../promotion/signature-of.ts';

/** The edit that carries out a rollback: it reverts on whatever head it lands, and says so as Git does. */
export async function editOfRollback(
  services: DeliveryServices,
  rollback: Rollback,
  facts: { readonly promotion: Promotion; readonly desired: DesiredState; readonly pin?: AppConfigPin },
): Promise<ManifestEdit> {
  const { promotion, desired, pin } = facts;
  const target = await releaseOf(services, rollback.toDeployment);
  const repository = await services.openRepository(desired.repository);
  const { application, environment, fromRevision } = promotion;
  if (fromRevision === undefined) throw new InvariantError(`rollback ${promotion.id} goes from nowhere`);
  const course = {
    application,
    environment,
    part: rollback.part,
    from: fromRevision,
    to: rollback.toRevision,
    target,
    ...(pin === undefined ? {} : { pin }),
  };
  return {
    id: `promotion/${promotion.id}`,
    author: await authorOfRollback(services, promotion),
    subject: await rollbackTitle(repository, promotion, rollback),
    body: [promotion.reason ?? '', ...rollback.reverts.map((commit) => `This reverts commit ${commit}.`)].join('\n\n'),
    trailers: [
      ['Slipway-Release', promotion.release],
      ['Slipway-Environment', environment],
      ['Slipway-Requested-By', promotion.requestedBy],
      ['Slipway-Rollback-To', rollback.toRevision],
    ],
    apply: async (tree) => {
      const { changes } = await applyRollback({ renderer: services.renderer, repository }, tree, course);
      return changes.length === 0 ? { kind: 'nothing' } : { kind: 'changes', changes };
    },
  };
}

async function releaseOf(services: DeliveryServices, deployment: string): Promise<Release> {
  const record = (await services.store.get('deployment', deployment))?.value;
  const release = record === undefined ? undefined : (await services.store.get('release', record.release))?.value;
  if (release === undefined) throw new InvariantError(`deployment ${deployment} has no release`);
  return release;
}

/** Who a rollback's commits are by: the person who asked for it, else the service account. */
export async function authorOfRollback(services: DeliveryServices, promotion: Promotion): Promise<Signature> {
  return (await signatureOf(services.store, promotion.requestedBy)) ?? services.committer;
}

/** Git's own title of a revert where one commit is taken back. */
async function rollbackTitle(repository: GitRepository, promotion: Promotion, rollback: Rollback): Promise<string> {
  const [only, ...others] = rollback.reverts;
  if (only === undefined || others.length > 0) return promotionTitle(promotion, { name: promotion.environment });
  const { message } = await repository.readCommit(only);
  return `Revert "${message.split('\n', 1)[0] ?? ''}"`;
}
