import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ReceiverMood } from '@slipway/ports/contract';
import { SMTPServer } from 'smtp-server';

/** A mail as a real SMTP server took it. */
export interface TakenMail {
  readonly to: readonly string[];
  readonly from: string;
  readonly isEncrypted: boolean;
  readonly user: string | undefined;
  /** Header by lower-case name, unfolded. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A real SMTP server on the loopback. */
export interface MailServer {
  readonly port: number;
  readonly taken: TakenMail[];
  mood: ReceiverMood;
  close(): Promise<void>;
}

export interface MailServerOptions {
  /** Offers STARTTLS with this certificate, or speaks TLS from the start. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly isImplicit?: boolean };
  /** Demands this login. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Port to take again; default any. */
  readonly port?: number;
}

export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const state: { mood: ReceiverMood } = { mood: 'take' };
  const taken: TakenMail[] = [];
  const { tls, login } = options;
  const server = new SMTPServer({
    ...(tls === undefined ? {} : { key: tls.key, cert: tls.cert, secure: tls.isImplicit === true }),
    disabledCommands: [...(tls === undefined ? ['STARTTLS'] : []), ...(login === undefined ? ['AUTH'] : [])],
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    logger: false,
    onConnect(_session, callback) {
      if (state.mood === 'silent') return;
      callback(state.mood === 'away' ? coded(421) : null);
    },
    onAuth(auth, _session, callback) {
      const isKnown = auth.username === login?.user && auth.password === login?.password;
      if (!isKnown || state.mood === 'unauthorised') callback(coded(535));
      else callback(null, { user: auth.username });
    },
    onRcptTo(_address, _session, callback) {
      callback(state.mood === 'defer' ? coded(450) : state.mood === 'refuse' ? coded(550) : null);
    },
    onData(stream, session, callback) {
      void text(stream).then((raw) => {
        const { mailFrom, rcptTo } = session.envelope;
        const [head = '', ...rest] = raw.split('\r\n\r\n');
        taken.push({
          to: rcptTo.map(({ address }) => address),
          from: mailFrom === false ? '' : mailFrom.address,
          isEncrypted: session.secure,
          user: typeof session.user === 'string' ? session.user : undefined,
          headers: readHeaders(head),
          body: rest.join('\r\n\r\n').replaceAll('\r\n', '\n'),
        });
        callback(null);
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    taken,
    get mood() {
      return state.mood;
    },
    set mood(mood) {
      state.mood = mood;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function coded(responseCode: number): Error {
  return Object.assign(new Error('a test says so'), { responseCode });
}

function readHeaders(head: string): ReadonlyMap<string, string> {
  const lines = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
}
