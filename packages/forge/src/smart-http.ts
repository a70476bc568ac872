import { runProgram } from '@slipway/host';
import type { Name } from '@slipway/domain';
import { lstat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { runBackend } from './backend.ts';
import { ForgeError } from './forge-error.ts';
import { readCredentials, routeRequest, type Credentials, type GitRequest } from './http-request.ts';
import { landedUpdates } from './landed-updates.ts';
import type { LandedPush, ReceiveDecision, ReceivedPush } from './push.ts';
import type { PushTicket, ReceiveHooks } from './receive-hooks.ts';

export type Authorisation =
  | { readonly kind: 'allowed'; readonly account: string }
  | { readonly kind: 'unauthenticated' }
  | { readonly kind: 'denied'; readonly reason: string };

export interface SmartHttpOptions {
  /** Path before `/<name>.git/`, without a slash at its end. */
  readonly prefix: string;
  readonly hooks: ReceiveHooks;
  /** Absent when there is no such repository. Asked only after the caller may know. */
  readonly openRepository: (name: Name) => Promise<{ readonly gitDir: string } | undefined>;
  readonly authorise: (ask: {
    readonly credentials: Credentials | undefined;
    readonly repository: Name;
    readonly action: 'read' | 'write';
  }) => Promise<Authorisation>;
  /** Everything that is not an explicit yes refuses the push, an exception too. */
  readonly decideReceive: (push: ReceivedPush, signal: AbortSignal) => Promise<ReceiveDecision>;
  /** Called when refs have really moved, before the client hears of it. */
  readonly onPushed: (push: LandedPush) => Promise<void>;
  /** Hears of what the client is told only in general words. */
  readonly onFault: (error: unknown) => void;
  /** Of one push's pack. @default 1073741824 */
  readonly maxPushBytes?: number;
  /** Of one request. @default 600000 */
  readonly timeoutMs?: number;
  /** @default 'git' */
  readonly gitProgram?: string;
}

/** Room for the list of refs around a pack, and for what Git reads ahead. */
const bodySlack = 16_777_216;
const maxFetchBytes = 16_777_216;

/**
 * Serves `/<prefix>/<name>.git` for Git over HTTP.
 *
 * @returns a handler for node:http; false when the request is not below the prefix and nothing was done.
 */
export function createSmartHttpHandler(
  options: SmartHttpOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  let program: Promise<string> | undefined;
  return async (request, response) => {
    const route = routeRequest(options.prefix, request);
    if (route.kind === 'elsewhere') return false;
    try {
      if (route.kind === 'refused') refuse(response, route.status, route.text);
      else
        await serve({ request, response }, route.request, {
          ...options,
          findBackend: () => (program ??= findBackend(options)),
        });
    } catch (error) {
      options.onFault(error);
      refuse(response, 500, 'the server could not do this; try again');
    }
    return true;
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

type Serving = SmartHttpOptions & { readonly findBackend: () => Promise<string> };

async function serve(exchange: Exchange, asked: GitRequest, options: Serving): Promise<void> {
  const { request, response } = exchange;
  const action = asked.service === 'git-receive-pack' ? 'write' : 'read';
  const credentials = readCredentials(request.headers.authorization);
  const answer = await options.authorise({ credentials, repository: asked.repository, action });
  if (answer.kind === 'unauthenticated') {
    response.setHeader('WWW-Authenticate', 'Basic realm="slipway", charset="UTF-8"');
    refuse(response, 401, 'a token is needed: give it as the password');
    return;
  }
  if (answer.kind === 'denied') {
    refuse(response, 403, answer.reason);
    return;
  }
  if (asked.kind === 'call' && request.headers['content-type'] !== `application/x-${asked.service}-request`) {
    refuse(response, 415, 'this is not a request of Git');
    return;
  }
  const repository = await options.openRepository(asked.repository);
  if (repository === undefined) {
    refuse(response, 404, 'not found');
    return;
  }
  await checkOwner(repository.gitDir);
  const call = { exchange, asked, account: answer.account, gitDir: repository.gitDir };
  if (asked.kind === 'call' && action === 'write') await receive(call, options);
  else await answerWith(call, options, undefined);
}

interface Call {
  readonly exchange: Exchange;
  readonly asked: GitRequest;
  readonly account: string;
  readonly gitDir: string;
}

async function receive(call: Call, options: Serving): Promise<void> {
  const { gitDir, account, asked } = call;
  const { repository } = asked;
  const ticket = await options.hooks.begin({ repository, account, gitDir, decide: options.decideReceive });
  try {
    await answerWith(call, options, ticket);
  } finally {
    ticket.end();
  }
}

async function answerWith(call: Call, options: Serving, ticket: PushTicket | undefined): Promise<void> {
  const { exchange, asked, account, gitDir } = call;
  const { maxPushBytes = 1_073_741_824, timeoutMs = 600_000, hooks } = options;
  const program = await options.findBackend();
  const end = await runBackend(
    exchange,
    {
      program,
      gitDir,
      account,
      maxPushBytes,
      request: asked,
      hooksPath: hooks.hooksPath,
      ticket: ticket?.environment ?? {},
    },
    {
      timeoutMs,
      maxBodyBytes: ticket === undefined ? maxFetchBytes : maxPushBytes + bodySlack,
      mustFinish: () => ticket?.accepted() !== undefined,
    },
  );
  const accepted = ticket?.accepted();
  if (accepted !== undefined) {
    const updates = await landedUpdates(await hooks.git.open(gitDir), accepted.updates);
    const push: LandedPush = { repository: asked.repository, account, updates, pushOptions: accepted.pushOptions };
    if (updates.length > 0) await options.onPushed(push).catch(options.onFault);
  }
  if (end.hasAnswered) exchange.response.end();
  else refuse(exchange.response, end.exitCode === 0 ? 500 : 400, 'Git did not answer');
}

/** Git of another user would refuse it, or need `safe.directory`. */
async function checkOwner(gitDir: string): Promise<void> {
  const { uid } = await lstat(gitDir);
  if (uid === process.getuid?.()) return;
  throw new ForgeError('FORGE_REPOSITORY_FOREIGN', `A repository belongs to uid ${uid}`, { facts: { uid } });
}

async function findBackend({ gitProgram = 'git' }: SmartHttpOptions): Promise<string> {
  const { stdout } = await runProgram(gitProgram, ['--exec-path']);
  return path.join(stdout.toString().trim(), 'git-http-backend');
}

function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`${text.replace(/\p{Cc}/gu, ' ')}\n`);
}
