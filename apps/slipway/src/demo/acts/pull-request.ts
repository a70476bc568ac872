import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PullRequestView } from '@slipway/api';
import { api, ask, git, mustGit, waitFor } from '../outside.ts';
import type { Act } from '../report.ts';
import { checkOutExample, type World } from '../world.ts';
import { slipway } from '../slipway.ts';
import { checked, environment, finishedRuns, pullRequest } from './look.ts';

/** What the change says at the foot of every page. */
export const newVersion = 'Guestbook 2.0';

const untested = `
/** How the page greets at an hour of the day. */
export function greetingAt(hour) {
  if (hour < 12) return 'Good morning';
  if (hour < 18) return 'Good afternoon';
  return 'Good evening';
}
`;

const missingTest = `
test('greets by the hour', () => {
  for (const [hour, text] of [[8, 'Good morning'], [12, 'Good afternoon'], [18, 'Good evening']]) {
    assert.equal(greetingAt(hour), text);
  }
});
`;

/** Act 1: red first, with the uncovered lines named; then green; the author may not approve, a reviewer may; merge. */
export async function pullRequestAct(world: World, act: Act): Promise<void> {
  const code = await begin(world, act);
  await mustGit(world.ada, code, ['checkout', '-q', '-b', 'greeting']);
  const source = path.join(code, 'services/web/src/greeting.js');
  await writeFile(
    source,
    (await readFile(source, 'utf8')).replace(/versionText = '[^']*'/, `versionText = '${newVersion}'`),
  );
  await appendFile(source, untested);
  const red = await pushHead(world, code, 'web: greet by the hour');
  const opened = await api<PullRequestView>(world.url, world.ada, '/api/v1/repositories/guestbook/pull-requests', {
    title: 'Greet by the hour; `$(touch /tmp/pwned)` is only text',
    source: 'greeting',
  });
  act.tell(`Ada opened pull request ${opened.number}`);
  await judgeRed(world, act, await checked(world, 'guestbook', opened.number, red));
  const test = path.join(code, 'services/web/test/greeting.test.js');
  await addTest(test);
  const green = await pushHead(world, code, 'web: test the greeting');
  const view = await checked(world, 'guestbook', opened.number, green);
  act.check(
    'green with the test',
    view.checks.every((check) => check.conclusion === 'success'),
    view.checks.map((check) => `${check.pipeline} ${check.conclusion ?? check.phase}`).join(', '),
  );
  await reviewAndMerge(world, act, { number: opened.number, head: green });
}

/** First commits of the three repositories; three pipelines finish together and all their commits land. */
async function begin(world: World, act: Act): Promise<string> {
  const config = await checkOutExample(world, 'guestbook-config');
  await mustGit(world.ada, config, ['push', '-q', 'origin', 'main']);
  const settings = await checkOutExample(world, 'guestbook-settings');
  await mustGit(world.ada, settings, ['push', '-q', 'origin', 'main']);
  await openLiveConfig(world, act);
  const code = await checkOutExample(world, 'guestbook');
  await mustGit(world.ada, code, ['push', '-q', 'origin', 'main']);
  const first = await mustGit(world.ada, code, ['rev-parse', 'HEAD']);
  act.tell('The three repositories are pushed; the first commit builds three images');
  const runs = await finishedRuns(world, first, 3);
  act.check(
    'the first commit of every service is built',
    runs.every((run) => run.conclusion === 'success'),
    runs.map((run) => `${run.pipeline} ${run.conclusion ?? ''}`).join(', '),
  );
  const direct = await git(world.ada, code, ['push', 'origin', `${first}~0:refs/heads/main`, '--force']);
  await mustGit(world.ada, code, ['commit', '-q', '--allow-empty', '-m', 'straight to main']);
  const refused = await git(world.ada, code, ['push', 'origin', 'main']);
  act.check(
    'a push to the protected branch is refused',
    refused.exitCode !== 0 && /pull request/.test(refused.text),
    lastLine(refused.text) || direct.text,
  );
  await mustGit(world.ada, code, ['reset', '-q', '--hard', first]);
  return code;
}

/** Before the first pod starts: a pod finds the token when it starts, and reads its own environment's config with it. */
async function openLiveConfig(world: World, act: Act): Promise<void> {
  await waitFor('the environments of the delivery file', () => environment(world, 'prod'));
  for (const name of ['qa', 'e2e', 'stage', 'prod']) {
    const state = world.platform.folder.root;
    const made = await slipway(world, [
      'config',
      'token',
      'guestbook',
      '--environment',
      name,
      '--secret',
      '--state',
      state,
    ]);
    if (made.exitCode !== 0) throw new Error(`config token: ${made.text}`);
  }
  act.tell('An admin gave the pods of each environment a token that reads the app config of that environment');
}

async function pushHead(world: World, code: string, subject: string): Promise<string> {
  await mustGit(world.ada, code, ['commit', '-q', '-a', '-m', subject]);
  await mustGit(world.ada, code, ['push', '-q', 'origin', 'greeting']);
  return mustGit(world.ada, code, ['rev-parse', 'HEAD']);
}

async function judgeRed(world: World, act: Act, view: PullRequestView): Promise<void> {
  const web = view.checks.find((check) => check.pipeline === 'web');
  act.check(
    'red first: changed lines without coverage',
    web?.conclusion === 'failure' && !view.canMerge.isAllowed,
    view.canMerge.unmet.map((one) => one.message).join(' '),
  );
  const run = await api<{
    readonly stages: readonly {
      readonly name: string;
      readonly facts: { readonly uncovered?: readonly { readonly path: string; readonly ranges: string }[] };
    }[];
  }>(world.url, world.ada, `/api/v1/runs/${encodeURIComponent(web?.run ?? '')}`);
  const uncovered = run.stages.find((stage) => stage.name === 'coverage')?.facts.uncovered ?? [];
  act.check(
    'the lines are named',
    uncovered.some((one) => one.path === 'services/web/src/greeting.js'),
    uncovered.map((one) => `${one.path}: ${one.ranges}`).join('; '),
  );
  const item = await waitFor('word to the author', async () => {
    const inbox = await api<{
      readonly items: readonly { readonly kind: string; readonly subject: string; readonly body: string }[];
    }>(world.url, world.ada, '/api/v1/inbox');
    return inbox.items.find((one) => one.kind === 'failure');
  });
  act.check(
    'the author is told at once',
    item.body.includes('coverage'),
    `${item.subject}: ${item.body.split('\n')[0] ?? ''}`,
  );
}

async function addTest(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const imported = text.replace(
    /import \{([^}]*)\} from '\.\.\/src\/greeting\.js';/,
    (_whole, names: string) => `import {${names.trimEnd().replace(/,$/, '')}, greetingAt } from '../src/greeting.js';`,
  );
  await writeFile(file, `${imported}${missingTest}`);
}

async function reviewAndMerge(
  world: World,
  act: Act,
  facts: { readonly number: number; readonly head: string },
): Promise<void> {
  const at = `/api/v1/repositories/guestbook/pull-requests/${facts.number}`;
  const own = await ask(`${world.url}${at}/reviews`, {
    method: 'POST',
    token: world.ada.token,
    body: { verdict: 'approved', head: facts.head },
  });
  act.check("the author's own approval is refused", own.status === 403, own.text.slice(0, 160));
  const early = await ask(`${world.url}${at}/merge`, { method: 'POST', token: world.ada.token });
  act.check('without an approval it does not merge', early.status === 409, early.text.slice(0, 160));
  await api(world.url, world.ben, `${at}/reviews`, { verdict: 'approved', head: facts.head, body: 'Reads well.' });
  const view = await pullRequest(world, 'guestbook', facts.number);
  act.check(
    "a reviewer's approval counts",
    view.canMerge.isAllowed,
    view.reviews
      .filter((review) => review.counts)
      .map((review) => review.account)
      .join(', '),
  );
  const merged = await ask(`${world.url}${at}/merge`, { method: 'POST', token: world.ada.token });
  const state = (await pullRequest(world, 'guestbook', facts.number)).state;
  act.check('it merges', merged.status === 200 && state === 'merged', state);
}

function lastLine(text: string): string {
  return text
    .trim()
    .split('\n')
    .filter((line) => line.includes('remote:') || line.includes('rejected'))
    .join(' ')
    .slice(0, 200);
}
