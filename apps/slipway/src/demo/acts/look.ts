import type { BoardView, EnvironmentView, PullRequestView, RunView } from '@slipway/api';
import { api, ask, waitFor } from '../outside.ts';
import type { World } from '../world.ts';

/** A pull request as its author sees it. */
export function pullRequest(world: World, repository: string, number: number): Promise<PullRequestView> {
  return api(world.url, world.ada, `/api/v1/repositories/${repository}/pull-requests/${number}`);
}

/** Waits until every check on the merge result of a head has ended. */
export function checked(world: World, repository: string, number: number, head: string): Promise<PullRequestView> {
  return waitFor(
    `checks of ${repository}#${number}`,
    async () => {
      const view = await pullRequest(world, repository, number);
      const isDone =
        view.head === head && view.checks.length >= 3 && view.checks.every((check) => check.phase === 'finished');
      return isDone ? view : undefined;
    },
    240_000,
  );
}

/** Runs of one commit, once all have ended. */
export function finishedRuns(world: World, commit: string, count: number): Promise<readonly RunView[]> {
  return waitFor(
    `runs of ${commit.slice(0, 12)}`,
    async () => {
      const runs = await api<readonly RunView[]>(world.url, world.ada, '/api/v1/runs?repository=guestbook&limit=100');
      const own = runs.filter((run) => run.commit === commit);
      return own.length >= count && own.every((run) => run.phase === 'finished') ? own : undefined;
    },
    300_000,
  );
}

export async function environment(world: World, name: string): Promise<EnvironmentView> {
  const board = await api<BoardView>(world.url, world.ada, '/api/v1/applications/guestbook/board');
  const found = board.environments.find((one) => one.environment === name);
  if (found === undefined) throw new Error(`there is no environment ${name}`);
  return found;
}

/** Waits until an environment runs, healthy and verified, something that `isWanted` accepts. */
export function settled(
  world: World,
  name: string,
  isWanted: (view: EnvironmentView) => boolean,
  timeoutMs = 180_000,
): Promise<EnvironmentView> {
  return waitFor(
    `environment ${name}`,
    async () => {
      const view = await environment(world, name);
      const isDone =
        view.running?.phase === 'succeeded' && view.verifications.every((one) => one.phase === 'succeeded');
      return isDone && isWanted(view) ? view : undefined;
    },
    timeoutMs,
  );
}

/** Where people reach the web service of an environment. */
export function addressOf(view: EnvironmentView): string {
  const web = view.services.find((service) => service.name === 'web');
  if (web === undefined) throw new Error(`environment ${view.environment} has no Service web`);
  return web.url;
}

/** What the deployed web service answers, by plain HTTP. */
export async function page(view: EnvironmentView, path = '/version'): Promise<string> {
  return (await ask(`${addressOf(view)}${path}`)).text;
}

/** How long a message may be, in the words of the deployed application; nothing is written by asking. */
export async function messageLimit(view: EnvironmentView): Promise<string> {
  const web = view.services.find((service) => service.name === 'web');
  const body = new URLSearchParams({ author: 'demo', message: 'x'.repeat(1_000) });
  const response = await fetch(`${web?.url ?? ''}/entries`, {
    method: 'POST',
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  });
  return /has (\d+) characters at most/.exec(await response.text())?.[1] ?? `status ${response.status}`;
}
