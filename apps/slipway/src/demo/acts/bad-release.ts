import { setTimeout as sleep } from 'node:timers/promises';
import type { HoldView, PullRequestView, TicketView } from '@slipway/api';
import { api, ask, waitFor } from '../outside.ts';
import type { Act } from '../report.ts';
import { Traffic } from '../traffic.ts';
import type { World } from '../world.ts';
import { askForPromotion } from './delivery.ts';
import { addressOf, environment, page, pullRequest } from './look.ts';
import { goodVersion } from './production.ts';
import { ship } from './ship.ts';
import { followTicket } from './tickets.ts';

/** Fails for some visitors only: every test before production passes. */
export const fault = "    if (author?.startsWith('Z') === true) throw new Error('no drawer for Z');\n";
const anchor = "    const author = context.req.query('author') || undefined;\n";

/** Act 5: part of the answers are 5xx; the canary is aborted, what ran before serves on, and the revert waits for a person. */
export async function badReleaseAct(world: World, act: Act): Promise<void> {
  await ship(world, act, {
    branch: 'drawers',
    subject: 'web: keep visitors in drawers',
    version: 'Guestbook 2.2',
    edits: { 'app.js': (text) => text.replace(anchor, `${anchor}${fault}`) },
  });
  const promotion = await askForPromotion(world, act);
  const traffic = new Traffic(addressOf(await environment(world, 'prod')));
  try {
    await api(world.url, world.dora, `/api/v1/promotions/${encodeURIComponent(promotion.id)}/approve`, {
      verdict: 'approved',
    });
    const { ticket, weights } = await followTicket(world, promotion.id, traffic);
    traffic.mark('after');
    await sleep(3_000);
    const after = traffic.tally('after');
    act.check('the canary is aborted', ticket.outcome === 'aborted' && Math.max(...weights) <= 50, ticket.message);
    const failed = traffic.failed();
    const told = requestsOf(ticket);
    act.check(
      'the report says how many requests failed',
      failed > 0 && told?.failed === failed,
      `${told?.failed ?? 'nothing'} of ${told?.total ?? '?'} to the canary, says the operator; people saw ${failed}`,
    );
    act.check(
      'none failed after the abort',
      after.requests > 30 && after.failed === 0,
      `${after.failed} of ${after.requests} failed`,
    );
  } finally {
    await traffic.stop();
  }
  const prod = await environment(world, 'prod');
  act.check('the stable version serves on', (await page(prod)).includes(goodVersion), await page(prod));
  await judgeAftermath(world, act);
}

/** What the operator counted at the canary. */
function requestsOf(ticket: TicketView): { readonly total: number; readonly failed: number } | undefined {
  const requests: unknown = Reflect.get(Object(ticket.deployment?.canary), 'requests');
  return typeof requests === 'object' && requests !== null
    ? { total: Number(Reflect.get(requests, 'total')), failed: Number(Reflect.get(requests, 'failed')) }
    : undefined;
}

async function judgeAftermath(world: World, act: Act): Promise<void> {
  const holds = await api<readonly HoldView[]>(world.url, world.ada, '/api/v1/holds?application=guestbook');
  const again = await ask(`${world.url}/api/v1/applications/guestbook/environments/prod/promotions`, {
    method: 'POST',
    token: world.carol.token,
    body: {},
  });
  act.check(
    'a hold keeps everybody from trying again',
    holds.some((hold) => hold.cause === 'abort') && again.status === 409,
    holds.map((hold) => hold.reason).join('; '),
  );
  const revert = await waitFor('the revert', async () => {
    const { promotion } = await environment(world, 'prod');
    return promotion?.kind === 'rollback' && promotion.pullRequest !== undefined ? promotion : undefined;
  });
  const request: PullRequestView = await waitFor('its merge result', async () => {
    const view = await pullRequest(world, 'guestbook-config', revert.pullRequest ?? 0);
    return view.mergeCommit === undefined ? undefined : view;
  });
  act.check(
    'the revert is open, not merged',
    request.state === 'open',
    `pull request ${request.number}: ${request.title}`,
  );
  await judgeWord(world, act);
  await api(world.url, world.dora, `/api/v1/promotions/${encodeURIComponent(revert.id)}/approve`, {
    verdict: 'approved',
  });
  await waitFor('the end of the hold', async () => {
    const left = await api<readonly HoldView[]>(world.url, world.ada, '/api/v1/holds?application=guestbook');
    return left.length === 0 ? true : undefined;
  });
  const prod = await environment(world, 'prod');
  act.check(
    'a person merges it: the branch says again what runs, and the hold is over',
    prod.pending === undefined && (await page(prod)).includes(goodVersion),
    'Dora approved',
  );
}

/** Word to the author of what was aborted. */
async function judgeWord(world: World, act: Act): Promise<void> {
  const item = await waitFor('word to the author', async () => {
    const { items } = await api<{
      readonly items: readonly { readonly kind: string; readonly subject: string; readonly body: string }[];
    }>(world.url, world.ada, '/api/v1/inbox');
    return items.find((one) => one.kind === 'failure' && /abort/i.test(one.subject));
  });
  act.check('the author is told at once', true, `${item.subject}: ${item.body.split('\n')[0] ?? ''}`);
}
