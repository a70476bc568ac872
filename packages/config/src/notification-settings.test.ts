import { describe, expect, it } from 'vitest';
import { parseNotificationSettings } from './notification-settings.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('parseNotificationSettings', () => {
  it('is empty without variables', () => {
    expect(parseNotificationSettings({})).toEqual({});
  });

  it('reads every channel, and all kinds unless some are named', () => {
    const settings = parseNotificationSettings({
      SLIPWAY_SMTP_URL: 'smtp://user:p%40ss@mail.test:587',
      SLIPWAY_MAIL_FROM: 'slipway@mail.test',
      SLIPWAY_WEBHOOK_URL: 'https://hooks.test/in',
      SLIPWAY_WEBHOOK_SECRET: secret,
      SLIPWAY_SLACK_URL: 'https://slack.test/services/x',
      SLIPWAY_SLACK_KINDS: 'recovery, failure',
      SLIPWAY_PUBLIC_URL: 'https://slipway.test/',
    });

    expect(settings.mail).toMatchObject({ from: 'slipway@mail.test', kinds: ['failure', 'recovery', 'waiting'] });
    expect(settings.mail?.url.host).toBe('mail.test:587');
    expect(settings.webhook?.secret).toBe(secret);
    expect(settings.slack?.kinds).toEqual(['failure', 'recovery']);
    expect(settings.teams).toBeUndefined();
    expect(settings.publicUrl).toBe('https://slipway.test');
  });

  it('names every variable that is wrong, and no value', () => {
    const variables = {
      SLIPWAY_SMTP_URL: 'http://user:hunter2@mail.test',
      SLIPWAY_WEBHOOK_URL: 'https://hooks.test/in',
      SLIPWAY_WEBHOOK_SECRET: 'hunter2',
      SLIPWAY_TEAMS_URL: 'not a url hunter2',
      SLIPWAY_WEBHOOK_KINDS: 'success',
    };

    const parse = (): unknown => parseNotificationSettings(variables);

    expect(parse).toThrow(/SLIPWAY_SMTP_URL.*SLIPWAY_WEBHOOK_KINDS.*SLIPWAY_TEAMS_URL.*SLIPWAY_WEBHOOK_SECRET/);
    expect(parse).not.toThrow(/hunter2/);
  });

  it('wants a sender for mail', () => {
    expect(() => parseNotificationSettings({ SLIPWAY_SMTP_URL: 'smtp://mail.test' })).toThrow(/SLIPWAY_MAIL_FROM/);
  });
});
