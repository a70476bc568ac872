import type { BoardView, CanaryView, EnvironmentView } from '@slipway/api';
import { type ExplainedEnvironment, explainApplication } from '@slipway/delivery';
import type { Account, CanaryReport } from '@slipway/domain';
import type { RecordReader } from '@slipway/ports';
import { permissionOf, promoterGates } from '../access/promoter-gates.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';

/** The environments board of one application, as one account may act on it. */
export async function viewBoard(services: ServerServices, application: string, account: Account): Promise<BoardView> {
  const { store, now } = services.delivery;
  const explained = await explainApplication(store, application, now());
  const [first] = explained;
  if (first === undefined) throw new ServerError('NOT_FOUND', `There is no application ${application}`);
  const environments = await Promise.all(explained.map((one) => viewEnvironment(services, one, account)));
  return { application, repository: first.desired.repository, environments };
}

async function viewEnvironment(
  services: ServerServices,
  one: ExplainedEnvironment,
  account: Account,
): Promise<EnvironmentView> {
  const { desired, promotion, why } = one;
  const running = await viewRunning(services.delivery.store, one);
  const role = promoterGates(account);
  const unmet = [...role, ...one.unmet];
  return {
    application: desired.application,
    environment: desired.environment,
    class: desired.definition.class,
    order: desired.order,
    namespace: desired.definition.namespace,
    target: desired.definition.target,
    ...(running === undefined ? {} : { running }),
    verifications: one.verifications.map(({ id, name, phase, message, startedAt, finishedAt }) => ({
      id,
      name,
      phase,
      message,
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(finishedAt === undefined ? {} : { finishedAt }),
    })),
    ...(desired.pending === undefined ? {} : { pending: desired.pending }),
    ...(desired.fault === undefined ? {} : { fault: desired.fault }),
    ...(promotion === undefined ? {} : { promotion: viewOpen(promotion) }),
    ...viewEntry(one, services.delivery.now()),
    ...(why === undefined ? {} : { why }),
    canPromote: { isAllowed: unmet.length === 0, unmet: [...unmet] },
    canHold: permissionOf(role),
    services: await viewServices(services, one),
    updatedAt: desired.updatedAt,
  };
}

/** What keeps things out of it, and what went in regardless. */
function viewEntry(
  { holds, window, unreviewed }: ExplainedEnvironment,
  now: string,
): Pick<EnvironmentView, 'holds' | 'closed' | 'breakGlass'> {
  const closed =
    window.kind === 'open'
      ? {}
      : { closed: { reason: window.reason, ...(window.until === undefined ? {} : { until: window.until }) } };
  const glass = unreviewed?.breakGlass;
  if (unreviewed === undefined || glass === undefined) return { holds: [...holds], ...closed };
  const { by, reviewUntil } = glass;
  const breakGlass = { promotion: unreviewed.id, by, reviewUntil, isOverdue: now > reviewUntil };
  return { holds: [...holds], ...closed, breakGlass };
}

function viewOpen(
  promotion: NonNullable<ExplainedEnvironment['promotion']>,
): NonNullable<EnvironmentView['promotion']> {
  const { id, kind, release, phase, message, requestedBy, pullRequest } = promotion;
  return { id, kind, release, phase, message, requestedBy, ...(pullRequest === undefined ? {} : { pullRequest }) };
}

function viewCanary(canary: CanaryReport): CanaryView {
  return { ...canary, metrics: [...canary.metrics] };
}

async function viewRunning(reader: RecordReader, one: ExplainedEnvironment): Promise<EnvironmentView['running']> {
  const { authorised } = one.desired;
  if (authorised === undefined) return undefined;
  const release = (await reader.get('release', authorised.release))?.value;
  const changes = await Promise.all((release?.changes ?? []).map((change) => reader.get('change', change)));
  const { deployment } = one;
  return {
    revision: authorised.revision,
    release: authorised.release,
    renderDigest: authorised.renderDigest,
    phase: deployment?.phase ?? 'pending',
    reason: deployment?.reason ?? 'WaitingForOperator',
    message: deployment?.message ?? 'The operator has not reported it yet.',
    ...(deployment?.healthySince === undefined ? {} : { healthySince: deployment.healthySince }),
    ...(deployment?.canary === undefined ? {} : { canary: viewCanary(deployment.canary) }),
    images: (release?.images ?? []).map((image) => ({ name: image.name, tag: image.newTag, digest: image.digest })),
    changes: changes.flatMap((stored) => {
      if (stored === undefined) return [];
      return [{ id: stored.value.id, subject: stored.value.subject, author: stored.value.author.name }];
    }),
  };
}

/** What is applied there: until the operator has begun with what is new, what it applied before. */
async function inventoryOf(
  services: ServerServices,
  { deployment, desired }: ExplainedEnvironment,
): Promise<readonly string[]> {
  if (deployment !== undefined && deployment.inventory.length > 0) return deployment.inventory;
  const { application, environment } = desired;
  const match = { application, environment };
  const before = await services.delivery.store.list('deployment', { match, newestFirst: true, limit: 10 });
  return before.find(({ value }) => value.inventory.length > 0)?.value.inventory ?? [];
}

async function viewServices(services: ServerServices, one: ExplainedEnvironment): Promise<EnvironmentView['services']> {
  // An inventory key reads `Service namespace/name`.
  const names = (await inventoryOf(services, one)).flatMap((key) => {
    const [kind, place] = key.split(' ');
    const name = place?.split('/').at(-1);
    return kind === 'Service' && name !== undefined ? [name] : [];
  });
  const found = await Promise.all(
    names.map(async (name) => ({
      name,
      address: await services.delivery.findService(one.desired.definition, { name, port: 80 }).catch(() => undefined),
    })),
  );
  return found.flatMap(({ name, address }) =>
    address === undefined ? [] : [{ name, url: `http://${address.host}:${address.port}` }],
  );
}
