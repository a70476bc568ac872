import type { TicketSummary, TicketView } from '@slipway/api';
import { api, waitFor } from '../outside.ts';
import type { Traffic } from '../traffic.ts';
import type { World } from '../world.ts';

/** A release ticket as anybody may read it. */
export function ticketOf(world: World, promotion: string): Promise<TicketView> {
  return api(world.url, world.ada, `/api/v1/release-tickets/${encodeURIComponent(promotion)}`);
}

/** Waits until a ticket is there. */
export function ticketOpened(world: World, promotion: string): Promise<TicketView> {
  return waitFor('the release ticket', async () => {
    const all = await api<readonly TicketSummary[]>(world.url, world.ada, '/api/v1/release-tickets');
    return all.some((one) => one.id === promotion) ? ticketOf(world, promotion) : undefined;
  });
}

/** Weight of the canary that a ticket tells of; absent when there is none. */
export function weightOf(ticket: TicketView): number | undefined {
  const canary = ticket.deployment?.canary;
  const weight: unknown = typeof canary === 'object' && canary !== null ? Reflect.get(canary, 'weight') : undefined;
  return typeof weight === 'number' ? weight : undefined;
}

/** Follows a ticket to its outcome; traffic is counted by the weight that stood when it was sent. */
export async function followTicket(
  world: World,
  promotion: string,
  traffic: Traffic,
): Promise<{ readonly ticket: TicketView; readonly weights: readonly number[] }> {
  const weights: number[] = [];
  const ticket = await waitFor(
    'the outcome of the release ticket',
    async () => {
      const now = await ticketOf(world, promotion);
      const weight = weightOf(now);
      if (weight !== undefined && weights.at(-1) !== weight) {
        weights.push(weight);
        traffic.mark(`weight ${weight}`);
      }
      if (now.deployment?.phase === 'aborted') traffic.mark('after');
      return now.outcome === undefined ? undefined : now;
    },
    240_000,
  );
  return { ticket, weights };
}
