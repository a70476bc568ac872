import type { EnvironmentDeployment, Promotion, Release, Verification } from '@slipway/domain';
import { shortDigest } from '@slipway/domain';
import { authorsOf, notifyOutcome, type StoreTransaction } from '@slipway/ports';

/** Tells of a deployment that failed, or of the first that works after one; whoever made what is new in it, and whoever promoted it. */
export async function tellDeployment(tx: StoreTransaction, deployment: EnvironmentDeployment): Promise<void> {
  const { application, environment, phase, renderDigest, finishedAt } = deployment;
  if (finishedAt === undefined || phase === 'pending' || phase === 'running') return;
  const promotions = await tx.list('promotion', { match: { application, environment, renderDigest } });
  const promoters = promotions.map(({ value }) => value.requestedBy);
  const where = `${application} in environment ${environment}`;
  await notifyOutcome(
    tx,
    {
      subject: placeOf(deployment),
      isSuccess: phase === 'succeeded',
      order: finishedAt,
      concerned: [...new Set([...promoters, ...(await freshAuthors(tx, deployment))])],
    },
    {
      id: `deployment/${deployment.id}/${phase}`,
      subjects: {
        failure: `${where} ${phase === 'succeeded' ? 'works' : sayDeployment[phase]}`,
        recovery: `${where} recovered`,
      },
      body: [
        `${deployment.reason}: ${deployment.message}`,
        ...requestsOf(deployment),
        `Release ${shortDigest(deployment.release)}, revision ${deployment.revision}.`,
      ].join('\n'),
      link: linkOf(deployment),
      about: `deployment/${deployment.id}`,
      createdAt: finishedAt,
    },
  );
}

const sayDeployment = {
  failed: 'failed',
  errored: 'could not be deployed',
  aborted: 'was aborted as a canary',
} as const;

/** How many people got an error from a canary, where the target counts them. */
function requestsOf({ canary }: EnvironmentDeployment): readonly string[] {
  if (canary?.requests === undefined) return [];
  const { failed, total } = canary.requests;
  return [`${failed} of ${total} requests to the canary failed.`];
}

/** Tells of a promotion that could not be carried. The next deployment that works there is its recovery. */
export async function tellPromotion(tx: StoreTransaction, promotion: Promotion): Promise<void> {
  const { application, environment, id, phase, finishedAt } = promotion;
  if (finishedAt === undefined || phase !== 'errored') return;
  const what = promotion.kind === 'rollback' ? 'Rollback' : 'Promotion';
  await notifyOutcome(
    tx,
    {
      subject: placeOf(promotion),
      isSuccess: false,
      order: finishedAt,
      concerned: [...new Set([promotion.requestedBy, ...(await freshAuthors(tx, promotion))])],
    },
    {
      id: `promotion/${id}/${phase}`,
      subjects: {
        failure: `${what} of ${application} to environment ${environment} could not be carried out`,
        recovery: `${application} in environment ${environment} recovered`,
      },
      body: promotion.message,
      link: linkOf(promotion),
      about: `promotion/${id}`,
      createdAt: finishedAt,
    },
  );
}

/** Tells of a verification that failed, or passes again. */
export async function tellVerification(tx: StoreTransaction, verification: Verification): Promise<void> {
  const { application, environment, name, phase, finishedAt } = verification;
  if (finishedAt === undefined) return;
  const what = `Verification ${name} of ${application} in environment ${environment}`;
  const id = `verification/${verification.id}`;
  await notifyOutcome(
    tx,
    {
      subject: `verification/${application}/${environment}/${name}`,
      isSuccess: phase === 'succeeded',
      order: finishedAt,
      concerned: await freshAuthors(tx, verification),
    },
    {
      id: `${id}/${verification.attempt}`,
      subjects: {
        failure: `${what} ${phase === 'failed' ? 'failed' : 'could not run'}`,
        recovery: `${what} passes again`,
      },
      body: verification.message,
      link: linkOf(verification),
      about: id,
      createdAt: finishedAt,
    },
  );
}

type Placed = Pick<EnvironmentDeployment, 'application' | 'environment' | 'release'>;

function placeOf({ application, environment }: Placed): string {
  return `environment/${application}/${environment}`;
}

function linkOf({ application }: Placed): string {
  return `/environments/${encodeURIComponent(application)}`;
}

/** Authors of the changes that a release brings over what ran healthy there last. */
async function freshAuthors(tx: StoreTransaction, placed: Placed): Promise<readonly string[]> {
  const { application, environment } = placed;
  const match = { application, environment, phase: 'succeeded' };
  const healthy = await tx.list('deployment', { match, newestFirst: true, limit: 20 });
  const before = healthy.map(({ value }) => value.release).find((release) => release !== placed.release);
  const known = before === undefined ? [] : await changesOf(tx, before);
  const changes = await changesOf(tx, placed.release);
  return authorsOf(
    tx,
    changes.filter((change) => !known.includes(change)),
  );
}

async function changesOf(tx: StoreTransaction, release: Release['id']): Promise<readonly string[]> {
  return (await tx.get('release', release))?.value.changes ?? [];
}
