import {
  releasesView,
  type ReleaseView,
  ticketsView,
  type TicketSummary,
  type TicketView,
  ticketView,
} from '@slipway/api';
import { CliError } from '../../cli/cli-error.ts';
import type { ServerOptions } from '../../cli/options.ts';
import { printable, printTable } from '../../cli/print-table.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { type ApiClient, apiPath } from '../../client/api-client.ts';
import { connectServer } from '../../client/settings.ts';

/** Lists what ran in an environment. */
export async function listReleases(
  context: CommandContext,
  [application = '', environment = '']: readonly string[],
  options: ServerOptions,
): Promise<undefined> {
  const client = await connectServer(context, options);
  const path = apiPath`/api/v1/applications/${application}/environments/${environment}/releases`;
  const releases = await client.get(path, releasesView);
  context.answer(releases, () => printable(printTable(releases.map(printRelease))) || 'Nothing has run there yet.');
}

/** Lists tickets. */
export async function listTickets(
  context: CommandContext,
  [application]: readonly string[],
  options: ServerOptions,
): Promise<undefined> {
  const client = await connectServer(context, options);
  const tickets = await client.get('/api/v1/release-tickets', ticketsView, { query: { application } });
  context.answer(tickets, () => printable(printTable(tickets.map(printSummary))) || 'There is no ticket yet.');
}

/** Shows one ticket. */
export async function showTicket(
  context: CommandContext,
  [name = '']: readonly string[],
  options: ServerOptions,
): Promise<undefined> {
  const client = await connectServer(context, options);
  const id = await idOf(client, name);
  const ticket = await client.get(apiPath`/api/v1/release-tickets/${id}`, ticketView);
  context.answer(ticket, () => printable(printTicket(ticket)));
}

async function idOf(client: ApiClient, name: string): Promise<string> {
  const [, application, number] = /^([a-z0-9-]+)#(\d+)$/.exec(name) ?? [];
  if (application === undefined) return name;
  const tickets = await client.get('/api/v1/release-tickets', ticketsView, { query: { application, limit: 200 } });
  const found = tickets.find((ticket) => ticket.number === Number(number));
  if (found === undefined) throw new CliError('CLI_USAGE', `${application} has no ticket ${number ?? ''}`);
  return found.id;
}

function printRelease(release: ReleaseView): readonly string[] {
  const { deployment, phase, finishedAt, isCurrent, wasRolledBack, failedVerifications, missingImages, changes } =
    release;
  const marks = [
    ...(isCurrent ? ['runs now'] : []),
    ...(wasRolledBack ? ['rolled back from'] : []),
    ...failedVerifications.map((one) => `${one} failed`),
    ...missingImages.map((one) => `image gone: ${one}`),
  ];
  const what = changes.map((change) => change.subject).join('; ');
  const short = release.release.replace('sha256:', '').slice(0, 12);
  return [short, phase, finishedAt ?? '', deployment, marks.join(', '), what];
}

function printSummary(ticket: TicketSummary): readonly string[] {
  const { application, number, environment, title, openedBy, outcome, openedAt } = ticket;
  return [`${application}#${number}`, environment, outcome ?? 'open', openedAt, `by ${openedBy}`, title];
}

function printTicket(ticket: TicketView): string {
  const { application, number, title, outcome, message, commits, rollbackTo, deployment, breakGlass } = ticket;
  const section = (name: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', name, ...lines.map((line) => `  ${line}`)];
  const diff = (name: string, text: string): readonly string[] => (text === '' ? [] : ['', name, text.trimEnd()]);
  return [
    `Release ticket ${application}#${number}: ${title}`,
    `${outcome ?? 'open'}: ${message}`,
    `Opened by ${ticket.openedBy} at ${ticket.openedAt}${ticket.reason === undefined ? '' : `: ${ticket.reason}`}`,
    ticket.approvals.length === 0 ? 'Approved by nobody yet' : `Approved by ${ticket.approvals.join(', ')}`,
    ...(ticket.pullRequest === undefined ? [] : [`Pull request ${ticket.repository}#${ticket.pullRequest}`]),
    ...(breakGlass === undefined
      ? []
      : [
          `Went in past its approvals by ${breakGlass.by}; ${breakGlass.reviewedBy === undefined ? `to be reviewed until ${breakGlass.reviewUntil}` : `reviewed by ${breakGlass.reviewedBy}`}`,
        ]),
    ...(deployment === undefined ? [] : [`Deployment ${deployment.phase}: ${deployment.message}`]),
    ...section(
      'Checks',
      ticket.verifications.map((one) => `${one.name} ${one.phase}: ${one.message}`),
    ),
    ...section(
      'Commits',
      commits.map((one) => `${one.repository} ${one.commit.slice(0, 12)} ${one.subject} (${one.author})`),
    ),
    ...(rollbackTo === undefined ? [] : ['', `To go back: ${rollbackTo.command}`]),
    ...diff('Configuration', ticket.configDiff),
    ...diff('Manifests', ticket.manifestDiff),
  ].join('\n');
}
