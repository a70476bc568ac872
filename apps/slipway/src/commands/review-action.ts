import { promotionView, type PullRequestView, pullRequestView, ticketView } from '@slipway/api';
import { CliError } from '../cli/cli-error.ts';
import { printable } from '../cli/print-table.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { type ApiClient, apiPath } from '../client/api-client.ts';
import { connectServer } from '../client/settings.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { ReviewOptions } from './approve.ts';
import { printPromotion } from './print-promotion.ts';

type Verdict = 'approved' | 'changes-requested';
type Reviewing = ReviewOptions & { readonly verdict: Verdict };

/** Reviews a promotion, or a pull request when the id names one. */
export async function review(
  context: CommandContext,
  [id = '']: readonly string[],
  options: Reviewing,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const [, repository, number] = options.close === true ? await requestOf(client, id) : splitRequest(id);
  if (repository !== undefined && number !== undefined) {
    const reviewed = await reviewRequest(
      client,
      apiPath`/api/v1/repositories/${repository}/pull-requests/${number}`,
      options,
    );
    context.answer(reviewed, () => printRequest(reviewed, options.verdict));
    return undefined;
  }
  if (options.head !== undefined)
    throw new CliError('CLI_USAGE', '--head goes with a pull request; a promotion is one release and never moves');
  const body = { verdict: options.verdict, body: options.reason ?? '' };
  const promotion = await client.post(apiPath`/api/v1/promotions/${id}/approve`, promotionView, { body });
  context.answer(promotion, () => printPromotion(promotion));
  return undefined;
}

function splitRequest(id: string): readonly (string | undefined)[] {
  return /^([a-z0-9-]+)#(\d+)$/.exec(id) ?? [];
}

/** The pull request that an id names, or the one that carries the promotion of that id. */
async function requestOf(client: ApiClient, id: string): Promise<readonly (string | undefined)[]> {
  const named = splitRequest(id);
  if (named.length > 0) return named;
  const ticket = await client.get(apiPath`/api/v1/release-tickets/${id}`, ticketView);
  if (ticket.pullRequest === undefined) throw new CliError('CLI_USAGE', `Promotion ${id} has no pull request to close`);
  return [id, ticket.repository, String(ticket.pullRequest)];
}

async function reviewRequest(client: ApiClient, path: string, options: Reviewing): Promise<PullRequestView> {
  const head = options.head ?? (await client.get(path, pullRequestView)).head;
  const body = { verdict: options.verdict, body: options.reason ?? '', head };
  const reviewed = await client.post(`${path}/reviews`, pullRequestView, { body });
  return options.close === true ? client.post(`${path}/close`, pullRequestView) : reviewed;
}

function printRequest(request: PullRequestView, verdict: Verdict): string {
  const name = `${request.repository}#${request.number}`;
  const lines = [`${verdict === 'approved' ? 'Approved' : 'Rejected'} ${name} at ${request.head}`];
  if (request.state !== 'open') lines.push(`It is ${request.state}.`);
  else if (request.canMerge.isAllowed) lines.push('It can be merged.');
  else lines.push(...request.canMerge.unmet.map((gate) => `Still needed: ${gate.message}`));
  return printable(lines.join('\n'));
}
