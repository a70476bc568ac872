import { setTimeout as sleep } from 'node:timers/promises';
import {
  applicationsView,
  type BoardView,
  boardView,
  type EnvironmentView,
  healthView,
  type HealthView,
  notificationChannelsView,
  type NotificationChannelsView,
  pullRequestsView,
  type PullRequestSummary,
  type RunView,
  runsView,
} from '@slipway/api';
import { printable, printDuration, printTable } from '../cli/print-table.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { describeChannel } from './describe-channel.ts';
import { type ApiClient, apiPath } from '../client/api-client.ts';
import { readEvents } from '../client/read-events.ts';
import { connectServer } from '../client/settings.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { StatusOptions } from './status.ts';

/** Everything `status` shows. */
export interface Status {
  readonly server: HealthView;
  readonly applications: readonly BoardView[];
  readonly runs: readonly RunView[];
  readonly pullRequests: readonly PullRequestSummary[];
  readonly channels: NotificationChannelsView['channels'];
}

const shownRuns = 10;
/** Changes come in bursts; one picture a burst. */
const calmMs = 250;

/** Prints the state once, or again after each change until Ctrl-C. */
export async function status(context: CommandContext, options: StatusOptions): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  if (options.watch !== true) {
    const state = await readStatus(client);
    context.answer(state, () => printStatus(state));
    return undefined;
  }
  let shown = '';
  const show = async (): Promise<void> => {
    const state = await readStatus(client);
    const text = context.output === 'json' ? JSON.stringify(state) : printStatus(state);
    if (text !== shown) context.print(shown === '' || context.output === 'json' ? text : `\n${text}`);
    shown = text;
  };
  await show();
  await afterChanges(client, context.signal, show);
  return undefined;
}

/** Calls back after every burst of changes, until the server ends the stream or the signal. */
async function afterChanges(client: ApiClient, signal: AbortSignal, show: () => Promise<void>): Promise<void> {
  const seen = { isDirty: false, wake: (): void => undefined };
  const listen = async (): Promise<'ended'> => {
    const headers = { authorization: `Bearer ${client.token ?? ''}` };
    for await (const event of readEvents(`${client.url}/api/v1/events`, { headers, signal })) {
      if (event.name !== 'change') continue;
      seen.isDirty = true;
      seen.wake();
    }
    return 'ended';
  };
  const listening = listen();
  // A failure before the race below looks at it is not lost, only later.
  listening.catch(() => undefined);
  while (!signal.aborted) {
    const woken = seen.isDirty ? Promise.resolve() : new Promise<void>((resolve) => (seen.wake = resolve));
    if ((await Promise.race([listening, woken])) === 'ended') return;
    await sleep(calmMs, undefined, { signal });
    seen.isDirty = false;
    await show();
  }
}

async function readStatus(client: ApiClient): Promise<Status> {
  const [server, applications, runs, pullRequests, { channels }] = await Promise.all([
    client.get('/api/v1/health', healthView),
    client.get('/api/v1/applications', applicationsView),
    client.get('/api/v1/runs', runsView, { query: { limit: shownRuns } }),
    client.get('/api/v1/pull-requests', pullRequestsView, { query: { state: 'open' } }),
    client.get('/api/v1/notification-channels', notificationChannelsView),
  ]);
  const boards = await Promise.all(
    applications.map(({ application }) => client.get(apiPath`/api/v1/applications/${application}/board`, boardView)),
  );
  return { server, applications: boards, runs, pullRequests, channels };
}

/** The state as text for people. */
export function printStatus(state: Status): string {
  const { isolation } = state.server.isolation;
  const parts = [
    `Server ${state.server.version}, isolation ${isolation}, operator ${state.server.operatorSeenAt === undefined ? 'not seen' : `seen ${state.server.operatorSeenAt}`}`,
    ...printChannels(state.channels),
    ...state.applications.map(printBoard),
  ];
  if (state.applications.length === 0) parts.push('No application yet: push a config repository with a slipway.yaml.');
  if (state.pullRequests.length > 0)
    parts.push(
      `Open pull requests\n${printTable(state.pullRequests.map((one) => [`  ${one.repository}#${one.number}`, one.author, one.title]))}`,
    );
  if (state.runs.length > 0) parts.push(`Runs, newest first\n${printTable(state.runs.map(runRow))}`);
  return printable(parts.join('\n\n'));
}

/** One line for all channels; none where no channel is configured. */
function printChannels(channels: Status['channels']): readonly string[] {
  const told = channels.filter(({ state, waiting }) => state !== 'off' || waiting > 0).map(describeChannel);
  return told.length === 0 ? [] : [`Notifications: ${told.join('; ')}`];
}

function printBoard(board: BoardView): string {
  const rows = [...board.environments].sort((a, b) => a.order - b.order).map(environmentRow);
  const notes = board.environments.flatMap((one) => notesOf(one).map((note) => `  ${one.environment}: ${note}`));
  return [`Application ${board.application} (${board.repository})`, printTable(rows), ...notes].join('\n');
}

function environmentRow(one: EnvironmentView): readonly string[] {
  const { running } = one;
  if (running === undefined) return [`  ${one.environment}`, '-', 'nothing runs', ''];
  const subjects = running.changes.map((change) => change.subject).join('; ');
  return [`  ${one.environment}`, shortRelease(running.release), `${running.phase} ${running.reason}`.trim(), subjects];
}

function notesOf(one: EnvironmentView): readonly string[] {
  const { promotion, fault, why, running } = one;
  return [
    ...(running === undefined || running.phase === 'succeeded' ? [] : [running.message]),
    ...(fault === undefined ? [] : [fault]),
    ...(promotion === undefined ? [] : [`promotion ${promotion.id} ${promotion.phase}: ${promotion.message}`]),
    ...(why === undefined ? [] : [why]),
  ].filter((note) => note !== '');
}

function runRow(run: RunView): readonly string[] {
  const took = run.durationMs === undefined ? '' : printDuration(run.durationMs);
  return [`  ${run.id}`, run.conclusion ?? run.phase, took, run.subject];
}

function shortRelease(release: string): string {
  return release.replace('sha256:', '').slice(0, 12);
}
