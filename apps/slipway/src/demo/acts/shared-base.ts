import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { api, ask, mustGit, waitFor } from '../outside.ts';
import type { Act } from '../report.ts';
import type { World } from '../world.ts';
import { promote } from './delivery.ts';
import { Traffic } from '../traffic.ts';
import { addressOf, environment, messageLimit, settled } from './look.ts';

/** The limit that the shared base sets, before and after. */
const limit = '120';

/** Act 3b: a change of the shared base, and a direct push to prod's path, wait for prod's gates. */
export async function sharedBaseAct(world: World, act: Act): Promise<void> {
  const config = path.join(world.desk, 'guestbook-config');
  await mustGit(world.ada, config, ['pull', '-q', 'origin', 'main']);
  const base = path.join(config, 'base/kustomization.yaml');
  await writeFile(base, (await readFile(base, 'utf8')).replace(/MESSAGE_MAX_LENGTH=.*/, `MESSAGE_MAX_LENGTH=${limit}`));
  await mustGit(world.ada, config, ['commit', '-q', '-a', '-m', 'base: shorter messages']);
  await mustGit(world.ada, config, ['push', '-q', 'origin', 'main']);
  const revision = await mustGit(world.ada, config, ['rev-parse', 'HEAD']);
  act.tell('Ada pushed a change of the shared base');
  await limitSeen(world, 'qa');
  act.check('it is live in qa', true, `messages of ${limit} characters at most, says the deployed application`);
  const pending = await waitFor('pending in prod', async () => {
    const view = await environment(world, 'prod');
    return view.pending === undefined ? undefined : view;
  });
  const { diff } = await api<{ readonly diff: string }>(
    world.url,
    world.ada,
    '/api/v1/applications/guestbook/environments/prod/pending-diff',
  );
  act.check(
    'in prod it is pending, with its diff',
    diff.includes(`MESSAGE_MAX_LENGTH: "${limit}"`),
    `${pending.pending?.reason ?? ''} ${diff.split('\n').length} lines`,
  );
  act.check(
    'prod still has the old limit',
    (await messageLimit(pending)) !== limit,
    `${await messageLimit(pending)} characters, by HTTP`,
  );
  await limitSeen(world, 'stage');
  await settled(world, 'stage', (view) => view.pending === undefined && view.promotion === undefined);
  // Every pod changes, so every service is judged: without requests nothing could be said of them.
  const traffic = new Traffic(addressOf(await environment(world, 'prod')));
  try {
    await promote(world, act);
    await limitSeen(world, 'prod');
    await settled(world, 'prod', (view) => view.pending === undefined);
  } finally {
    await traffic.stop();
  }
  const prod = await environment(world, 'prod');
  act.check(
    "it passed prod's gates and is live",
    (await messageLimit(prod)) === limit,
    `revision ${revision.slice(0, 12)} and its promotion`,
  );
  await pushDirectly(world, act, config);
}

/** A push to prod's own folder is reported and not applied; taking it back clears it. */
async function pushDirectly(world: World, act: Act, config: string): Promise<void> {
  await mustGit(world.ada, config, ['pull', '-q', 'origin', 'main']);
  const before = (await environment(world, 'prod')).running?.renderDigest;
  const overlay = path.join(config, 'overlays/prod/kustomization.yaml');
  await writeFile(overlay, (await readFile(overlay, 'utf8')).replace('count: 2', 'count: 3'));
  await mustGit(world.ada, config, ['commit', '-q', '-a', '-m', 'prod: three at once']);
  await mustGit(world.ada, config, ['push', '-q', 'origin', 'main']);
  const head = await mustGit(world.ada, config, ['rev-parse', 'HEAD']);
  const view = await waitFor('the direct push reported', async () => {
    const seen = await environment(world, 'prod');
    return seen.pending?.revision === head ? seen : undefined;
  });
  act.check("a direct push to prod's path is reported", view.pending !== undefined, view.pending?.reason ?? '');
  act.check(
    'and not applied',
    view.running?.renderDigest === before && view.running?.phase === 'succeeded',
    'the authorised render stays',
  );
  await mustGit(world.ada, config, ['revert', '--no-edit', 'HEAD']);
  await mustGit(world.ada, config, ['push', '-q', 'origin', 'main']);
  await waitFor('the pending push gone', async () =>
    (await environment(world, 'prod')).pending === undefined ? true : undefined,
  );
  const forced = await ask(`${world.url}/api/v1/me`, { token: world.ada.token });
  act.tell(`Taken back (${forced.status === 200 ? 'by an ordinary commit' : 'no answer'})`);
}

/** Waits until the deployed application itself says the new limit. */
async function limitSeen(world: World, name: string): Promise<void> {
  await waitFor(`the new limit in ${name}`, async () =>
    (await messageLimit(await environment(world, name))) === limit ? true : undefined,
  );
}
