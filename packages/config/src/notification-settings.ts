import { notificationKinds, type NotificationKind } from '@slipway/domain';
import { SettingError } from './setting-error.ts';

/** A channel of notifications as it is configured. URLs of chats and mail servers hold credentials. */
export interface ChannelSetting {
  readonly url: URL;
  readonly kinds: readonly NotificationKind[];
}

/** Ways for notifications out of the house; the inbox is always there. */
export interface NotificationSettings {
  readonly mail?: ChannelSetting & { readonly from: string };
  readonly webhook?: ChannelSetting & { readonly secret: string };
  readonly slack?: ChannelSetting;
  readonly teams?: ChannelSetting;
  /** How people reach the dashboard, for links in messages; default the server's own address. */
  readonly publicUrl?: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

const http = ['https:', 'http:'];
/** Standard Webhooks asks for 24 to 64 random bytes. */
const leastSecret = 24;

/**
 * Reads the channels from the program's variables; one that is not named is not there.
 *
 * @throws {@link SettingError} `SETTING_INVALID`, with every variable that is wrong and never with its value.
 */
export function parseNotificationSettings(variables: Variables): NotificationSettings {
  const faults: string[] = [];
  const reader = { variables, faults };
  const mail = readChannel(reader, 'SMTP', { protocols: ['smtp:', 'smtps:'], kinds: 'SLIPWAY_MAIL_KINDS' });
  const webhook = readChannel(reader, 'WEBHOOK', { protocols: http, kinds: 'SLIPWAY_WEBHOOK_KINDS' });
  const slack = readChannel(reader, 'SLACK', { protocols: http, kinds: 'SLIPWAY_SLACK_KINDS' });
  const teams = readChannel(reader, 'TEAMS', { protocols: http, kinds: 'SLIPWAY_TEAMS_KINDS' });
  const from = variables['SLIPWAY_MAIL_FROM'] ?? '';
  if (mail !== undefined && !/^[^\s<>,;"]+@[^\s<>,;"]+$/.test(from))
    faults.push('SLIPWAY_MAIL_FROM is not a mail address; SLIPWAY_SMTP_URL needs one');
  const secret = variables['SLIPWAY_WEBHOOK_SECRET'] ?? '';
  if (webhook !== undefined && secret.length < leastSecret)
    faults.push(`SLIPWAY_WEBHOOK_SECRET has fewer than ${leastSecret} characters; SLIPWAY_WEBHOOK_URL needs it`);
  const publicUrl = readUrl(reader, 'SLIPWAY_PUBLIC_URL', http);
  if (faults.length > 0) throw new SettingError(faults.join('; '));
  return {
    ...(mail === undefined ? {} : { mail: { ...mail, from } }),
    ...(webhook === undefined ? {} : { webhook: { ...webhook, secret } }),
    ...(slack === undefined ? {} : { slack }),
    ...(teams === undefined ? {} : { teams }),
    ...(publicUrl === undefined ? {} : { publicUrl: publicUrl.href.replace(/\/+$/, '') }),
  };
}

interface Reader {
  readonly variables: Variables;
  readonly faults: string[];
}

function readChannel(
  reader: Reader,
  name: 'SMTP' | 'WEBHOOK' | 'SLACK' | 'TEAMS',
  rule: { readonly protocols: readonly string[]; readonly kinds: string },
): ChannelSetting | undefined {
  const url = readUrl(reader, `SLIPWAY_${name}_URL`, rule.protocols);
  return url === undefined ? undefined : { url, kinds: readKinds(reader, rule.kinds) };
}

function readUrl(reader: Reader, name: string, protocols: readonly string[]): URL | undefined {
  const text = reader.variables[name];
  if (text === undefined || text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.hostname !== '' && protocols.includes(url.protocol)) return url;
  reader.faults.push(`${name} is not an address that begins with ${protocols.map((one) => `${one}//`).join(' or ')}`);
  return undefined;
}

function readKinds(reader: Reader, name: string): readonly NotificationKind[] {
  const text = reader.variables[name];
  if (text === undefined || text.trim() === '') return notificationKinds;
  const words = text.split(',').map((word) => word.trim());
  if (words.some((word) => !(notificationKinds as readonly string[]).includes(word)))
    reader.faults.push(`${name} is not a list of ${notificationKinds.join(', ')}`);
  return notificationKinds.filter((kind) => words.includes(kind));
}
