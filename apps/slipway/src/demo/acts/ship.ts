import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EnvironmentView, PullRequestView } from '@slipway/api';
import { api, mustGit } from '../outside.ts';
import type { Act } from '../report.ts';
import type { World } from '../world.ts';
import { checked, pullRequest, settled } from './look.ts';

/** A change of the web service as its author makes it. */
export interface WebChange {
  readonly branch: string;
  readonly subject: string;
  /** What stands at the foot of every page from then on. */
  readonly version: string;
  /** Other edits, by file below `services/web/src`. */
  readonly edits?: Readonly<Record<string, (text: string) => string>>;
}

/** Takes a change from a branch to stage: pull request, checks, a reviewer, merge, and all that follows by itself. */
export async function ship(world: World, act: Act, change: WebChange): Promise<EnvironmentView> {
  const code = path.join(world.desk, 'guestbook');
  await rm(code, { recursive: true, force: true });
  await mustGit(world.ada, world.desk, ['clone', '-q', `${world.url}/git/guestbook.git`, code]);
  await mustGit(world.ada, code, ['checkout', '-q', '-b', change.branch]);
  const edits = {
    'greeting.js': (text: string) => text.replace(/versionText = '[^']*'/, `versionText = '${change.version}'`),
    ...change.edits,
  };
  for (const [name, edit] of Object.entries(edits)) {
    const file = path.join(code, 'services/web/src', name);
    const text = await readFile(file, 'utf8');
    const next = edit(text);
    if (next === text) throw new Error(`${name} is not what this change expects`);
    await writeFile(file, next);
  }
  await mustGit(world.ada, code, ['commit', '-q', '-a', '-m', change.subject]);
  await mustGit(world.ada, code, ['push', '-q', 'origin', change.branch]);
  const head = await mustGit(world.ada, code, ['rev-parse', 'HEAD']);
  const at = '/api/v1/repositories/guestbook/pull-requests';
  const opening = { title: change.subject, source: change.branch };
  const { number } = await api<PullRequestView>(world.url, world.ada, at, opening);
  act.tell(`Ada opened pull request ${number}: ${change.subject}`);
  const view = await checked(world, 'guestbook', number, head);
  const bad = view.checks.filter((check) => check.conclusion !== 'success');
  if (bad.length > 0) throw new Error(`${bad.map((check) => check.pipeline).join(', ')} did not succeed`);
  await api(world.url, world.ben, `${at}/${number}/reviews`, { verdict: 'approved', head, body: 'Reads well.' });
  await api(world.url, world.ada, `${at}/${number}/merge`, {});
  const merged = (await pullRequest(world, 'guestbook', number)).mergedCommit;
  act.tell('Ben approved, it is merged; qa, e2e and stage follow by themselves');
  return settled(world, 'stage', (stage) => runs(stage, merged), 240_000);
}

/** Tells whether an environment runs the web image of a commit. */
export function runs(view: EnvironmentView, commit: string | undefined): boolean {
  return view.running?.images.some((image) => image.name === 'guestbook/web' && image.tag === commit) === true;
}
