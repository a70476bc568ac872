import { notifierContract } from '@slipway/ports/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { type MailServer, type MailServerOptions, startMailServer } from '../test-support/mail-server.ts';
import { selfSigned } from '../test-support/self-signed.ts';
import { createMailNotifier, type MailOptions } from './create-mail-notifier.ts';

const password = 'pass/word:8';
const login = { user: 'slipway', password };

notifierContract(
  'mail',
  async () => {
    const server = await startMailServer({ login });
    const url = new URL(`smtp://slipway:${encodeURIComponent(password)}@127.0.0.1:${server.port}`);
    const notifier = createMailNotifier({ url, from: 'slipway@example.test', timeoutMs: 2_000 });
    return {
      notifier,
      received: () =>
        server.taken.map(({ headers, body, to }) => ({
          key: headers.get('message-id') ?? '',
          to,
          text: [...[...headers].map((pair) => pair.join(': ')), '', body].join('\n'),
        })),
      set: (mood) => {
        server.mood = mood;
      },
      secret: password,
      close: () => server.close(),
    };
  },
  { moods: ['away', 'silent', 'unauthorised', 'defer', 'refuse'], hasKey: true },
);

describe('createMailNotifier', () => {
  const servers: MailServer[] = [];
  const certificate = selfSigned();
  const letter = {
    id: 'run/1/mail/ada',
    kind: 'failure',
    to: 'ada@example.test',
    subject: 'Prüfung „ci“ failed',
    body: 'Stage test: 1 of 3 failed.',
    url: 'https://slipway.test/runs/1',
    about: 'run/1',
    recipients: ['ada'],
    createdAt: '2026-01-01T00:00:00.000Z',
  } as const;

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  async function open(
    options: MailServerOptions,
    change: { readonly url?: (port: number) => string } & Partial<Omit<MailOptions, 'url'>> = {},
  ): Promise<{ readonly server: MailServer; readonly notifier: ReturnType<typeof createMailNotifier> }> {
    const server = await startMailServer(options);
    servers.push(server);
    const { url = (port: number) => `smtp://localhost:${port}`, ...rest } = change;
    const notifier = createMailNotifier({
      from: 'slipway@example.test',
      timeoutMs: 5_000,
      ...rest,
      url: new URL(url(server.port)),
    });
    return { server, notifier };
  }

  it('writes a plain mail that says it is automatic, with the date of the event', async () => {
    const { server, notifier } = await open({});

    await notifier.send(letter);

    const [mail] = server.taken;
    expect(mail).toMatchObject({ to: ['ada@example.test'], from: 'slipway@example.test' });
    const { headers, body } = mail ?? { headers: new Map<string, string>(), body: '' };
    expect(headers.get('auto-submitted')).toBe('auto-generated');
    expect(headers.get('content-type')).toContain('text/plain');
    expect(headers.get('date')).toBe('Thu, 01 Jan 2026 00:00:00 +0000');
    expect(headers.get('subject')).toMatch(/^=\?UTF-8\?/);
    expect(body).toContain('Stage test: 1 of 3 failed.');
  });

  it.each([
    { how: 'STARTTLS', isImplicit: false, scheme: 'smtp' },
    { how: 'TLS from the start', isImplicit: true, scheme: 'smtps' },
  ])('logs in over $how', async ({ isImplicit, scheme }) => {
    const { server, notifier } = await open(
      { tls: { ...certificate, isImplicit }, login },
      {
        url: (port) => `${scheme}://slipway:${encodeURIComponent(password)}@localhost:${port}`,
        ca: certificate.cert,
      },
    );

    await notifier.send(letter);

    expect(server.taken).toMatchObject([{ isEncrypted: true, user: 'slipway' }]);
  });

  it('hands neither mail nor password to a server whose certificate nobody vouches for', async () => {
    const { server, notifier } = await open(
      { tls: certificate, login },
      { url: (port) => `smtp://slipway:${encodeURIComponent(password)}@localhost:${port}` },
    );

    await expect(notifier.send(letter)).rejects.toMatchObject({ code: 'NOTIFY_UNREACHABLE' });
    expect(server.taken).toEqual([]);
  });

  it.each(['ada@example.test\r\nRCPT TO:<x@example.test>', 'a@b.test, c@d.test', 'Ada <ada@example.test>', undefined])(
    'refuses an address that is not just one: %j',
    async (to) => {
      const { server, notifier } = await open({});
      const { to: _to, ...rest } = letter;

      await expect(notifier.send({ ...rest, ...(to === undefined ? {} : { to }) })).rejects.toMatchObject({
        code: 'NOTIFY_REFUSED',
      });
      expect(server.taken).toEqual([]);
    },
  );
});
