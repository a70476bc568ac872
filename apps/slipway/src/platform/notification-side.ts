import type { Logger } from 'pino';
import type { NotificationSettings } from '@slipway/config';
import { type ChannelKind, channelKinds } from '@slipway/domain';
import {
  type ConfiguredChannel,
  createMailNotifier,
  createSlackNotifier,
  createTeamsNotifier,
  createWebhookNotifier,
  drainChannel,
  recordChannels,
} from '@slipway/notify';
import { ReconcileHost } from '@slipway/operator';
import type { UseCases } from './use-cases.ts';

/** What sends notifications while the server runs. */
export interface NotificationSide {
  /** Ends what is being sent; it is sent again at the next start. */
  stop(): Promise<void>;
}

export interface NotificationParts {
  readonly settings: NotificationSettings;
  /** Address of the server itself. */
  readonly url: string;
  readonly cases: UseCases;
  readonly checkpoint: (name: string) => Promise<void>;
  readonly log: Logger;
}

/** A lost wake-up, or a message of another replica that died, costs no more than this. */
const longestPauseMs = 30_000;
const shortestPauseMs = 100;

/** Records which channels there are and sends what waits in them, each channel for itself: one that hangs holds up no other. */
export async function startNotifications(parts: NotificationParts): Promise<NotificationSide> {
  const { cases, settings } = parts;
  const { store, now } = cases.pipeline;
  const publicUrl = settings.publicUrl ?? parts.url;
  const channels = openChannels(settings, publicUrl);
  await recordChannels(store, channels);
  const notifiers = channels.map(({ notifier }) => notifier);
  const services = { store, notifiers, now, random: Math.random, publicUrl, checkpoint: parts.checkpoint };
  const host = new ReconcileHost(
    async (channel, signal) => {
      const waitMs = await drainChannel(services, channel as ChannelKind, signal);
      return {
        kind: 'settled',
        nextCheckMs: Math.min(longestPauseMs, Math.max(shortestPauseMs, waitMs ?? longestPauseMs)),
      };
    },
    {
      concurrency: channelKinds.length,
      onPass: ({ key, outcome, error }) =>
        outcome === 'errored' ? parts.log.warn({ channel: key, err: error }, 'notifications failed') : undefined,
    },
  );
  const configured = new Set<string>(notifiers.map(({ channel }) => channel));
  cases.channels.wake = (channel) => {
    if (configured.has(channel)) host.wake(channel);
  };
  for (const channel of configured) host.wake(channel);
  return {
    async stop() {
      await host.stop();
      for (const notifier of notifiers) await notifier.close();
    },
  };
}

function openChannels(settings: NotificationSettings, source: string): readonly ConfiguredChannel[] {
  const { mail, webhook, slack, teams } = settings;
  const clock = (): number => Date.now() / 1_000;
  return [
    ...(mail === undefined ? [] : [{ notifier: createMailNotifier(mail), kinds: mail.kinds }]),
    ...(webhook === undefined
      ? []
      : [{ notifier: createWebhookNotifier({ ...webhook, source, clock }), kinds: webhook.kinds }]),
    ...(slack === undefined ? [] : [{ notifier: createSlackNotifier(slack), kinds: slack.kinds }]),
    ...(teams === undefined ? [] : [{ notifier: createTeamsNotifier(teams), kinds: teams.kinds }]),
  ];
}
