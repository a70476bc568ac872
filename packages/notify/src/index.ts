export { createMailNotifier, type MailOptions } from './create-mail-notifier.ts';
export { createWebhookNotifier, type WebhookOptions } from './create-webhook-notifier.ts';
export { createSlackNotifier, type ChatOptions } from './create-slack-notifier.ts';
export { createTeamsNotifier } from './create-teams-notifier.ts';
export { drainChannel, type OutboxServices } from './drain-channel.ts';
export { recordChannels, type ConfiguredChannel } from './record-channels.ts';
