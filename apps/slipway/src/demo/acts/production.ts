import type { FreezeView, PullRequestView } from '@slipway/api';
import { api, waitFor } from '../outside.ts';
import type { Act } from '../report.ts';
import { Traffic } from '../traffic.ts';
import type { World } from '../world.ts';
import { askForPromotion } from './delivery.ts';
import { addressOf, environment, page, pullRequest, settled } from './look.ts';
import { ship } from './ship.ts';
import { followTicket, ticketOpened } from './tickets.ts';

/** What the release of this act says at the foot of every page. */
export const goodVersion = 'Guestbook 2.1';

/** Act 4: a freeze holds the promotion back; then a second person, a ticket, and a canary under real requests. */
export async function productionAct(world: World, act: Act): Promise<void> {
  await ship(world, act, { branch: 'anniversary', subject: 'web: say the new version', version: goodVersion });
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const frozen = { application: 'guestbook', environment: 'prod', to: until, reason: 'stock-taking' };
  const freeze = await api<FreezeView>(world.url, world.carol, '/api/v1/freezes', frozen);
  const promotion = await askForPromotion(world, act);
  await judgeTicket(world, act, promotion.id);
  await judgeFreeze(world, act, { freeze, promotion: promotion.id });
  const prod = await environment(world, 'prod');
  const traffic = new Traffic(addressOf(prod));
  try {
    await api(world.url, world.carol, `/api/v1/freezes/${encodeURIComponent(freeze.id)}/end`, {});
    act.tell('Carol ended the freeze: the approved promotion goes in by itself, under the requests of people');
    await judgeCanary(world, act, { promotion: promotion.id, traffic });
  } finally {
    await traffic.stop();
  }
  const after = await settled(world, 'prod', (view) => view.pending === undefined);
  act.check('prod runs the release', (await page(after)).includes(goodVersion), await page(after));
}

async function judgeTicket(world: World, act: Act, promotion: string): Promise<void> {
  const ticket = await ticketOpened(world, promotion);
  act.check(
    'a release ticket opens: who, what changed, what to go back to',
    ticket.openedBy === 'carol' &&
      ticket.commits.some((commit) => commit.subject.includes('say the new version')) &&
      ticket.manifestDiff.includes('@@') &&
      ticket.rollbackTo !== undefined,
    `${ticket.title}; ${ticket.commits.length} commits; ${ticket.rollbackTo?.command ?? 'no way back'}`,
  );
}

async function judgeFreeze(
  world: World,
  act: Act,
  facts: { readonly freeze: FreezeView; readonly promotion: string },
): Promise<void> {
  const path = `/api/v1/promotions/${encodeURIComponent(facts.promotion)}`;
  await api(world.url, world.dora, `${path}/approve`, { verdict: 'approved' });
  const prod = await environment(world, 'prod');
  const request = await waitFor('the approved pull request', async () => {
    const view: PullRequestView = await pullRequest(world, 'guestbook-config', prod.promotion?.pullRequest ?? 0);
    return view.reviews.some((review) => review.counts) ? view : undefined;
  });
  act.check(
    'a freeze holds it back, approved as it is, and says until when',
    request.state === 'open' && prod.closed?.until === facts.freeze.to && prod.why?.includes(facts.freeze.to) === true,
    prod.why ?? 'no reason given',
  );
}

async function judgeCanary(
  world: World,
  act: Act,
  facts: { readonly promotion: string; readonly traffic: Traffic },
): Promise<void> {
  const { traffic } = facts;
  const { ticket, weights } = await followTicket(world, facts.promotion, traffic);
  act.check(
    'the canary takes 10, 50, then all of the requests',
    [10, 50].every((weight) => weights.includes(weight)),
    `weights seen: ${weights.join(' → ')}`,
  );
  const shares = [10, 50].map((weight) => {
    const { versions } = traffic.tally(`weight ${weight}`);
    const all = Object.values(versions).reduce((sum, count) => sum + count, 0);
    return { weight, share: Math.round(((versions[goodVersion] ?? 0) / Math.max(1, all)) * 100), all };
  });
  act.check(
    'people get the new version by those shares',
    shares.every(({ weight, share, all }) => all > 10 && share > weight / 3 && share < weight + 25),
    shares.map(({ weight, share, all }) => `${share} % of ${all} answers at weight ${weight}`).join(', '),
  );
  const failed = weights.reduce((sum, weight) => sum + traffic.tally(`weight ${weight}`).failed, 0);
  act.check('nobody is turned away', failed === 0, `${failed} failed requests`);
  act.check(
    'the ticket closes with the outcome, the approval and what was measured',
    ticket.outcome === 'succeeded' && ticket.approvals.includes('dora') && ticket.deployment?.canary !== undefined,
    `${ticket.outcome ?? 'open'}, approved by ${ticket.approvals.join(', ')}; ${ticket.message}`,
  );
}
