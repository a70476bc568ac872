import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PromotionView, PullRequestView, RollbackPreviewView } from '@slipway/api';
import { api, ask, git, mustGit, waitFor } from '../outside.ts';
import type { Act } from '../report.ts';
import { Traffic } from '../traffic.ts';
import type { World } from '../world.ts';
import { fault } from './bad-release.ts';
import { askForPromotion } from './delivery.ts';
import { addressOf, environment, page, pullRequest, settled } from './look.ts';
import { goodVersion } from './production.ts';
import { ship } from './ship.ts';
import { followTicket } from './tickets.ts';

const wrongVersion = 'Gestbook 2.3';
const wrongBanner = 'Wellcome to all';
const place = '/api/v1/applications/guestbook/environments/prod';

/** Act 6: a wrong release passes every check, with wrong settings beside it; both are rolled back by Git. */
export async function wrongReleaseAct(world: World, act: Act): Promise<void> {
  const before = await page(await environment(world, 'prod'), '/');
  await pushSettings(world);
  await ship(world, act, {
    branch: 'no-drawers',
    subject: 'web: no drawers',
    version: wrongVersion,
    edits: { 'app.js': (text) => text.replace(fault, '') },
  });
  await waitFor('the settings in stage', async () =>
    (await page(await environment(world, 'stage'), '/')).includes(wrongBanner) ? true : undefined,
  );
  await settled(world, 'stage', (view) => view.pending === undefined && view.promotion === undefined);
  await release(world, act);
  const rollback = await askForRollback(world, act);
  await approveBoth(world, act, rollback);
  const prod = await settled(world, 'prod', (view) => view.pending === undefined);
  const after = await page(prod, '/');
  act.check(
    'old behaviour and old settings are back, by HTTP',
    (await page(prod)).includes(goodVersion) && !after.includes(wrongBanner) && bannerOf(after) === bannerOf(before),
    `${await page(prod)}, banner "${bannerOf(after)}"`,
  );
  await judgeHistory(world, act);
}

function bannerOf(html: string): string {
  return /class="banner"[^>]*>([^<]*)</.exec(html)?.[1] ?? '';
}

async function pushSettings(world: World): Promise<void> {
  const settings = path.join(world.desk, 'guestbook-settings');
  await mustGit(world.ada, settings, ['pull', '-q', 'origin', 'main']);
  for (const name of ['qa', 'e2e', 'stage', 'prod']) {
    const file = path.join(settings, 'guestbook', name, 'settings.json');
    await writeFile(file, `${JSON.stringify({ banner: wrongBanner }, null, 2)}\n`);
  }
  await mustGit(world.ada, settings, ['commit', '-q', '-a', '-m', 'Welcome everybody']);
  await mustGit(world.ada, settings, ['push', '-q', 'origin', 'main']);
}

/** The wrong release goes all the way: nothing of it fails. */
async function release(world: World, act: Act): Promise<void> {
  const promotion = await askForPromotion(world, act);
  const traffic = new Traffic(addressOf(await environment(world, 'prod')));
  try {
    await api(world.url, world.dora, `/api/v1/promotions/${encodeURIComponent(promotion.id)}/approve`, {
      verdict: 'approved',
    });
    const { ticket } = await followTicket(world, promotion.id, traffic);
    act.check('the wrong release passes the canary', ticket.outcome === 'succeeded', ticket.message);
  } finally {
    await traffic.stop();
  }
  const prod = await settled(world, 'prod', (view) => view.pending === undefined);
  const html = await page(prod, '/');
  act.check(
    'prod says what is wrong, and so do its settings',
    html.includes(wrongVersion) && html.includes(wrongBanner),
    `${wrongVersion}, "${wrongBanner}"`,
  );
}

/** Carol looks at what would be taken back, then asks for it. */
async function askForRollback(world: World, act: Act): Promise<PromotionView> {
  const preview = await api<RollbackPreviewView>(world.url, world.carol, `${place}/rollback-preview`);
  act.check(
    'it shows what will be reverted before anyone presses the button',
    preview.isAllowed && preview.isProven && preview.reverts.length > 0 && preview.renderedDiff.includes(wrongBanner),
    `${preview.reverts.map((one) => one.subject).join('; ')}; ${preview.paths.length} files`,
  );
  const asked = await api<PromotionView>(world.url, world.carol, `${place}/rollbacks`, {
    reason: 'names are misspelt',
  });
  act.tell('Carol asked for a rollback of both');
  return asked;
}

/** First the settings in their repository, then one pull request that reverts the manifests and pins the result. */
async function approveBoth(world: World, act: Act, asked: PromotionView): Promise<void> {
  const first = await waitFor('the revert of the settings', async () => {
    const open = await api<readonly { readonly repository: string; readonly number: number }[]>(
      world.url,
      world.ben,
      '/api/v1/pull-requests?state=open',
    );
    return open.find((one) => one.repository === 'guestbook-settings');
  });
  const settings = `/api/v1/repositories/guestbook-settings/pull-requests/${first.number}`;
  const request: PullRequestView = await waitFor('its merge result', async () => {
    const view = await pullRequest(world, 'guestbook-settings', first.number);
    return view.mergeCommit === undefined ? undefined : view;
  });
  await api(world.url, world.ben, `${settings}/reviews`, { verdict: 'approved', head: request.head, body: 'Yes.' });
  await api(world.url, world.ada, `${settings}/merge`, {});
  act.check(
    'the settings are taken back first, by a reviewed pull request',
    true,
    `guestbook-settings#${first.number}`,
  );
  const path = `/api/v1/promotions/${encodeURIComponent(asked.id)}`;
  const promotion = await waitFor('the revert of the manifests', async () => {
    const view = await api<PromotionView>(world.url, world.carol, path);
    return view.pullRequest === undefined ? undefined : view;
  });
  await waitFor('its merge result', async () =>
    (await pullRequest(world, 'guestbook-config', promotion.pullRequest ?? 0)).mergeCommit === undefined
      ? undefined
      : true,
  );
  const own = await ask(`${world.url}${path}/approve`, {
    method: 'POST',
    token: world.carol.token,
    body: { verdict: 'approved' },
  });
  act.check("the promoter's own approval is refused here too", own.status === 403, own.text.slice(0, 120));
  const startedAt = performance.now();
  await api(world.url, world.dora, `${path}/approve`, { verdict: 'approved' });
  await waitFor('the old version', async () =>
    (await page(await environment(world, 'prod'))).includes(goodVersion) ? true : undefined,
  );
  act.tell(`The old version answered ${((performance.now() - startedAt) / 1000).toFixed(1)} s after the approval`);
}

/** Git holds everything, and nobody can make it forget. */
async function judgeHistory(world: World, act: Act): Promise<void> {
  const config = path.join(world.desk, 'guestbook-config');
  await mustGit(world.ada, config, ['pull', '-q', 'origin', 'main']);
  const log = await mustGit(world.ada, config, ['log', '--format=%s%n%b', '-8', '--', 'overlays/prod']);
  const pin = await readFile(path.join(config, 'overlays/prod/app-config/pin.yaml'), 'utf8');
  const head = await mustGit(world.ada, world.desk, [
    'ls-remote',
    `${world.url}/git/guestbook-settings.git`,
    'refs/heads/main',
  ]);
  act.check(
    'Git history holds it all: the release, its revert, and the pin of what came of the settings',
    /This reverts commit [0-9a-f]{40}/.test(log) && pin.includes(head.split(/\s/)[0] ?? 'nothing'),
    log.split('\n').find((line) => line.startsWith('Revert')) ?? log.split('\n')[0] ?? '',
  );
  const reset = await git(world.ada, config, ['push', '--force', 'origin', 'HEAD~2:refs/heads/main']);
  act.check('a reset of the branch is refused', reset.exitCode !== 0, lastRemoteLine(reset.text));
  const again = await ask(`${world.url}${place}/promotions`, { method: 'POST', token: world.carol.token, body: {} });
  act.check(
    'nothing rolls forward until the hold is lifted',
    again.status === 409 && again.text.includes('held by'),
    again.text.slice(0, 160),
  );
}

function lastRemoteLine(text: string): string {
  return text
    .split('\n')
    .filter((line) => line.includes('remote:') || line.includes('rejected'))
    .join(' ')
    .slice(0, 200);
}
