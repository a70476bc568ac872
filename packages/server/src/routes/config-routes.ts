import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { AppConfigInForce, ReadAppConfig } from '@slipway/delivery';
import { type CommitId, isCommitId } from '@slipway/domain';
import { addRoute, type Call } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';
import { springEnvironmentOf } from '../views/app-config-view.ts';
import { sendEvents } from './send-events.ts';

const query = z.object({
  /** `30s` at most `60s`: with If-None-Match, how long to wait for something newer. */
  wait: z
    .string()
    .regex(/^(?:[1-9]|[1-5]\d|60)s$/)
    .optional(),
});
type ConfigCall = Call<unknown, z.output<typeof query>>;

/** A body with the strong validator of its bytes (RFC 9110, "ETag"). */
interface Answer {
  readonly etag: string;
  readonly body: Uint8Array;
  readonly type: string;
}

/** Makes the answer as it is now; absent while nothing is in force. */
type Compose = () => Promise<Answer | undefined>;

/** The live config endpoint: only what is authorised, in the layout of Spring Cloud Config and as files. */
export function addConfigRoutes(app: FastifyInstance, services: ServerServices, readAppConfig: ReadAppConfig): void {
  const right = 'config-reader';
  for (const url of ['/config/:application/:profile', '/config/:application/:profile/:label'] as const) {
    const summary = "An environment's app config as Spring Cloud Config lays it out; live by long poll or events";
    addRoute(app, { method: 'GET', url, right, summary, query }, (call) => {
      const place = placeOf(call);
      const compose: Compose = async () => {
        const found = await readAppConfig(place, place.commit);
        if (found === undefined) return undefined;
        const text = JSON.stringify(springEnvironmentOf({ ...place, profile: place.environment }, found));
        return answerOf(Buffer.from(text), 'application/json; charset=utf-8');
      };
      const isStream = call.request.headers.accept?.includes('text/event-stream') === true;
      return isStream ? follow(services, call, compose) : answer(services, call, compose);
    });
  }
  addRoute(
    app,
    {
      method: 'GET',
      url: '/config/:application/:profile/:label/*',
      right,
      summary: "One file of an environment's app config, as it is",
      query,
    },
    (call) => {
      const place = placeOf(call);
      const path = call.param('*');
      return answer(services, call, async () => fileOf(await readAppConfig(place, place.commit), path));
    },
  );
}

function fileOf(inForce: AppConfigInForce | undefined, path: string): Answer | undefined {
  const file = inForce?.files.find((one) => one.path === path);
  return file === undefined ? undefined : answerOf(file.content, 'application/octet-stream');
}

function answerOf(body: Uint8Array, type: string): Answer {
  return { etag: `"${createHash('sha256').update(body).digest('base64url')}"`, body, type };
}

interface Place {
  readonly application: string;
  readonly environment: string;
  readonly label: string | null;
  /** Absent for what is in force now. */
  readonly commit?: CommitId;
}

function placeOf(call: ConfigCall): Place {
  const params = call.request.params as Readonly<Record<string, string>>;
  const label = params['label'] ?? null;
  const place = { application: call.param('application'), environment: call.param('profile'), label };
  if (label === null || label === 'current') return place;
  if (isCommitId(label)) return { ...place, commit: label };
  throw new ServerError(
    'NOT_FOUND',
    `${JSON.stringify(label.slice(0, 100))} is neither "current" nor a full commit hash`,
  );
}

/** Answers now, or when there is something that the caller does not have. */
async function answer(services: ServerServices, call: ConfigCall, compose: Compose): Promise<unknown> {
  const known = (call.request.headers['if-none-match'] ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  const isKnown = (found: Answer | undefined): boolean =>
    found !== undefined && (known.includes(found.etag) || known.includes('*'));
  const { wait } = call.query;
  const waitMs = wait === undefined ? 0 : Number.parseInt(wait, 10) * 1_000;
  const found = await composeWithin(services, call, { compose, isEnough: (one) => !isKnown(one), waitMs });
  if (found === undefined) throw new ServerError('NOT_FOUND', 'No app config of that name is in force there');
  void call.reply.headers({ etag: found.etag, 'cache-control': 'private, no-cache', vary: 'accept, authorization' });
  if (isKnown(found)) return call.reply.code(304).send();
  return call.reply.type(found.type).send(Buffer.from(found.body));
}

/** Looks again after each change of the environment, until it is enough, the time is over or the caller has gone. */
async function composeWithin(
  services: ServerServices,
  call: ConfigCall,
  looking: {
    readonly compose: Compose;
    readonly isEnough: (found: Answer | undefined) => boolean;
    readonly waitMs: number;
  },
): Promise<Answer | undefined> {
  const changes = new Changes(services, call);
  try {
    const until = Date.now() + looking.waitMs;
    for (;;) {
      const seen = changes.count;
      const found = await looking.compose();
      const restMs = until - Date.now();
      if (restMs <= 0 || looking.isEnough(found) || changes.isGone) return found;
      await changes.after(seen, restMs);
    }
  } finally {
    changes.stop();
  }
}

/** The same answer as events named `config`, the ETag as id; one that the caller names as its last is not sent again. */
async function follow(services: ServerServices, call: ConfigCall, compose: Compose): Promise<unknown> {
  const { reply } = call;
  const events = sendEvents(call.request, reply);
  const changes = new Changes(services, call);
  events.onClose(() => changes.stop());
  const last = call.request.headers['last-event-id'];
  const run = async (): Promise<void> => {
    let sent = typeof last === 'string' ? last : undefined;
    while (!changes.isGone) {
      const seen = changes.count;
      const found = await compose();
      if (found !== undefined && found.etag !== sent)
        events.send('config', Buffer.from(found.body).toString(), found.etag);
      sent = found?.etag ?? sent;
      await changes.after(seen);
    }
  };
  run().catch((error: unknown) => {
    services.onFault(error);
    events.end();
  });
  await Promise.resolve();
  return reply;
}

/** Counts changes of one environment, so that none is missed between looking and waiting. */
class Changes {
  count = 0;
  isGone = false;
  readonly #unsubscribe: () => void;
  #wake: () => void = () => undefined;

  constructor(services: ServerServices, call: ConfigCall) {
    const id = `${call.param('application')}/${call.param('profile')}`;
    this.#unsubscribe = services.delivery.store.onChange((change) => {
      if (change.noun !== 'desiredState' || change.id !== id) return;
      this.count += 1;
      this.#wake();
    });
    // A caller that left before we got here says so no more.
    if (call.reply.raw.destroyed) this.stop();
    else call.reply.raw.once('close', () => this.stop());
  }

  /** Resolves at the first change after `seen`, after the time, or when the caller has gone. */
  async after(seen: number, waitMs?: number): Promise<void> {
    if (this.count !== seen || this.isGone) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (waitMs !== undefined) timer = setTimeout(resolve, waitMs);
    });
    clearTimeout(timer);
    this.#wake = () => undefined;
  }

  stop(): void {
    this.isGone = true;
    this.#unsubscribe();
    this.#wake();
  }
}
