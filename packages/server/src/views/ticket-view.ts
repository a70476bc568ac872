import type { TicketSummary, TicketView } from '@slipway/api';
import type { Digest, EnvironmentDeployment, ReleaseTicket } from '@slipway/domain';
import { text } from 'node:stream/consumers';
import type { ServerServices } from '../server-services.ts';

/** A ticket in a list. */
export function viewTicketSummary(ticket: ReleaseTicket): TicketSummary {
  const { id, number, application, environment, kind, title, release, openedBy, openedAt, message, approvals } = ticket;
  const { fromRelease, reason, pullRequest, outcome, closedAt } = ticket;
  return {
    ...{ id, number, application, environment, kind, title, release, openedBy, openedAt, message },
    approvals: [...approvals],
    ...(fromRelease === undefined ? {} : { fromRelease }),
    ...(reason === undefined ? {} : { reason }),
    ...(pullRequest === undefined ? {} : { pullRequest }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(closedAt === undefined ? {} : { closedAt }),
  };
}

/** A ticket with its diffs, its deployment as it stands now, and what was checked. */
export async function viewTicket(services: ServerServices, ticket: ReleaseTicket): Promise<TicketView> {
  const { store } = services.delivery;
  const promotion = (await store.get('promotion', ticket.id))?.value;
  const desired = (await store.get('desiredState', `${ticket.application}/${ticket.environment}`))?.value;
  const deployment = await deploymentOf(services, ticket, promotion?.renderDigest);
  const verifications =
    deployment === undefined ? [] : await store.list('verification', { match: { deployment: deployment.id } });
  const pullRequest = ticket.pullRequest ?? promotion?.pullRequest;
  return {
    ...viewTicketSummary(ticket),
    ...(pullRequest === undefined ? {} : { pullRequest }),
    // Until it closes, what the promotion says now is what people want to know.
    ...(ticket.outcome === undefined && promotion !== undefined ? { message: promotion.message } : {}),
    repository: desired?.repository ?? '',
    commits: ticket.commits.map((commit) => ({ ...commit })),
    manifestDiff: await readDiff(services, ticket.manifestDiff),
    configDiff: await readDiff(services, ticket.configDiff),
    ...(ticket.rollbackTo === undefined ? {} : { rollbackTo: ticket.rollbackTo }),
    ...(deployment === undefined ? {} : { deployment: viewDeployment(deployment) }),
    verifications: verifications.map(({ value: { name, phase, message } }) => ({ name, phase, message })),
    ...(promotion?.breakGlass === undefined ? {} : { breakGlass: promotion.breakGlass }),
  };
}

/** The deployment that closed it; before that the newest of its render. */
async function deploymentOf(
  services: ServerServices,
  ticket: ReleaseTicket,
  renderDigest: Digest | undefined,
): Promise<EnvironmentDeployment | undefined> {
  const { store } = services.delivery;
  if (ticket.deployment !== undefined) return (await store.get('deployment', ticket.deployment))?.value;
  if (renderDigest === undefined) return undefined;
  const match = { application: ticket.application, environment: ticket.environment, renderDigest };
  return (await store.list('deployment', { match, newestFirst: true, limit: 1 }))[0]?.value;
}

function viewDeployment(deployment: EnvironmentDeployment): TicketView['deployment'] {
  const { id, phase, message, startedAt, finishedAt } = deployment;
  const canary: unknown = Reflect.get(deployment, 'canary');
  return { id, phase, message, startedAt, canary, ...(finishedAt === undefined ? {} : { finishedAt }) };
}

async function readDiff(services: ServerServices, digest: Digest | undefined): Promise<string> {
  return digest === undefined ? '' : text(services.delivery.content.open(digest));
}
