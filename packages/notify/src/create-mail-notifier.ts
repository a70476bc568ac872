import { connect, isIP, type Socket } from 'node:net';
import { type NotificationMessage, type Notifier, NotifyError } from '@slipway/ports';
import { createTransport } from 'nodemailer';
import { messageKey } from './message-key.ts';
import { bodyOf, subjectOf } from './message-text.ts';
import { mailErrorOf } from './mail-error.ts';

export interface MailOptions {
  /** `smtp://user:password@host:port` (STARTTLS) or `smtps://…`; `?tls=optional` lets a server without TLS pass. */
  readonly url: URL;
  /** Address that mail comes from. */
  readonly from: string;
  /** Further certificate authorities, PEM. */
  readonly ca?: string;
  /** Milliseconds for one message, connecting included. @default 30000 */
  readonly timeoutMs?: number;
}

/**
 * Notifications by mail, one connection a message: it can be ended at any moment, and a server that was away is met anew.
 *
 * A repetition has the same Message-ID and Date. TLS is demanded unless the server is on this machine or the URL says otherwise, and
 * a certificate is always checked.
 */
export function createMailNotifier(options: MailOptions): Notifier {
  return {
    channel: 'mail',
    target: options.url.host,
    async send(message, { signal } = {}) {
      const { to } = message;
      if (to === undefined || !/^[^\s<>,;"\\\p{Cc}]+@[^\s<>,;"\\\p{Cc}]+$/u.test(to))
        throw new NotifyError('NOTIFY_REFUSED', 'The account has no usable mail address');
      const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000);
      const ending = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      try {
        await sendOnce(options, mailOf(options, message, to), ending);
      } catch (error) {
        throw mailErrorOf(error, { host: options.url.host, isTimeout: timeout.aborted });
      }
    },
    close: () => Promise.resolve(),
  };
}

type Mail = NonNullable<Parameters<ReturnType<typeof createTransport>['sendMail']>[0]>;

function mailOf(options: MailOptions, message: NotificationMessage, to: string): Mail {
  const domain =
    options.from
      .split('@')
      .at(-1)
      ?.replace(/[^A-Za-z0-9.-]/g, '') ?? 'slipway';
  return {
    from: { name: 'Slipway', address: options.from },
    to: { name: '', address: to },
    envelope: { from: options.from, to: [to] },
    subject: subjectOf(message),
    text: `${bodyOf(message)}\n\n${message.url}\n`,
    messageId: `<${messageKey(message.id)}@${domain}>`,
    date: new Date(message.createdAt),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Slipway-Kind': message.kind },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** nodemailer takes no signal, so the socket is ours: ending it ends the sending. */
async function sendOnce(options: MailOptions, mail: Mail, ending: AbortSignal): Promise<void> {
  ending.throwIfAborted();
  const { url } = options;
  const isImplicit = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port === '' ? (isImplicit ? 465 : 587) : url.port);
  const socket = connect({ host, port });
  const end = (): void => void socket.destroy(new Error('ended'));
  ending.addEventListener('abort', end, { once: true });
  try {
    await connected(socket);
    const credentials =
      url.username === ''
        ? {}
        : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } };
    const transport = createTransport({
      host,
      port,
      secure: isImplicit,
      requireTLS: !isImplicit && !isLoopback(host) && url.searchParams.get('tls') !== 'optional',
      connection: socket,
      tls: {
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(isIP(host) === 0 ? { servername: host } : {}),
      },
      ...credentials,
    });
    await transport.sendMail(mail);
  } finally {
    ending.removeEventListener('abort', end);
    socket.destroy();
  }
}

async function connected(socket: Socket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
