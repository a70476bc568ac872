import type { Name } from '@slipway/domain';
import { identifyProcess, socketFolder } from '@slipway/host';
import type { GitHost } from '@slipway/ports';
import { randomBytes } from 'node:crypto';
import { chmod, readdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { ForgeError } from './forge-error.ts';
import { writeHookFiles, type HookFiles } from './hook-files.ts';
import { parseHookQuestion, type HookQuestion } from './hook-question.ts';
import type { ReceiveDecision, ReceivedPush } from './push.ts';
import { createTurns, type Turns } from './turns.ts';

/** One push under way. */
export interface PushTicket {
  /** For Git's environment; the hook finds the server by it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Absent until the server said yes to this push. */
  accepted(): Pick<ReceivedPush, 'updates' | 'pushOptions'> | undefined;
  /** To be called when Git has ended: the next push to this repository may be decided. */
  end(): void;
}

export interface PushToDecide {
  readonly repository: Name;
  readonly account: string;
  readonly gitDir: string;
  readonly decide: (push: ReceivedPush, signal: AbortSignal) => Promise<ReceiveDecision>;
}

/** Where Git's pre-receive hook asks whether a push may be taken in. */
export interface ReceiveHooks {
  readonly hooksPath: string;
  readonly git: GitHost;
  readonly stateDir: string;
  /** @throws {@link ForgeError} `FORGE_HOOK_BROKEN`: then Git must not be started. */
  begin(push: PushToDecide): Promise<PushTicket>;
  close(): Promise<void>;
}

interface Pending extends PushToDecide {
  readonly ended: AbortController;
  accepted: Pick<ReceivedPush, 'updates' | 'pushOptions'> | undefined;
  release: (() => void) | undefined;
  isAsked: boolean;
}

interface Asking {
  readonly git: GitHost;
  readonly pending: Map<string, Pending>;
  readonly turns: Turns;
  readonly onFault: (error: unknown) => void;
}

const maxQuestion = 8_388_608;

/**
 * Writes the hook and listens for it on a Unix socket that only this user reaches.
 *
 * @param options - `onFault` hears of what went wrong while a push was decided; the push is refused then.
 */
export async function startReceiveHooks(options: {
  readonly stateDir: string;
  readonly git: GitHost;
  readonly onFault: (error: unknown) => void;
}): Promise<ReceiveHooks> {
  const files = await writeHookFiles(options.stateDir);
  const pending = new Map<string, Pending>();
  const asking: Asking = { git: options.git, pending, turns: createTurns(), onFault: options.onFault };
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    listenTo(socket, asking);
  });
  const file = await listen(server, socketFolder(options.stateDir, 'forge'));
  return {
    hooksPath: files.folder,
    git: options.git,
    stateDir: options.stateDir,
    begin: (push) => begin(push, { files, pending, file }),
    async close() {
      for (const push of pending.values()) push.ended.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
      await rm(file, { force: true });
    },
  };
}

/** One socket a process; those of processes that died are swept. */
async function listen(server: Server, folder: string): Promise<string> {
  for (const name of await readdir(folder)) {
    const pid = /^hook-(\d+)-[0-9a-f]+\.sock$/.exec(name)?.[1];
    if (pid !== undefined && identifyProcess(Number(pid)) === undefined)
      await rm(path.join(folder, name), { force: true });
  }
  const file = path.join(folder, `hook-${process.pid}-${randomBytes(4).toString('hex')}.sock`);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(file, resolve);
  });
  await chmod(file, 0o600);
  server.unref();
  return file;
}

async function begin(
  push: PushToDecide,
  {
    files,
    pending,
    file,
  }: { readonly files: HookFiles; readonly pending: Map<string, Pending>; readonly file: string },
): Promise<PushTicket> {
  await files.check();
  const secret = randomBytes(32).toString('hex');
  const entry: Pending = {
    ...push,
    ended: new AbortController(),
    accepted: undefined,
    release: undefined,
    isAsked: false,
  };
  pending.set(secret, entry);
  return {
    environment: { SLIPWAY_PUSH_SECRET: secret, SLIPWAY_PUSH_SOCKET: file },
    accepted: () => entry.accepted,
    end() {
      pending.delete(secret);
      entry.ended.abort();
      entry.release?.();
    },
  };
}

function listenTo(socket: Socket, asking: Asking): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.setTimeout(180_000, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  const take = (chunk: string): void => {
    text += chunk;
    const end = text.indexOf('\n');
    if (text.length > maxQuestion) socket.destroy();
    if (end === -1) return;
    socket.off('data', take);
    socket.resume();
    void reply(text.slice(0, end), asking).then((answer) => socket.end(answer));
  };
  socket.on('data', take);
}

/** Never throws: whatever goes wrong is a refusal. */
async function reply(line: string, asking: Asking): Promise<string> {
  const refusal = (text: string): string => JSON.stringify({ verdict: 'refused', text });
  const question = parseHookQuestion(line);
  const push = question === undefined ? undefined : asking.pending.get(question.secret);
  if (question === undefined || push === undefined || push.isAsked) return refusal('slipway: unknown push');
  push.isAsked = true;
  try {
    const decision = await decideInTurn(push, question, asking);
    // The one place that lets a push in.
    if (decision.kind === 'accepted' && !push.ended.signal.aborted) {
      push.accepted = { updates: question.updates, pushOptions: question.pushOptions };
      return JSON.stringify({ verdict: 'accepted', text: '' });
    }
    push.release?.();
    return refusal(decision.kind === 'refused' ? printRefusal(decision) : 'slipway: the push has ended');
  } catch (error) {
    push.release?.();
    const what = `The push to "${push.repository}" could not be decided`;
    asking.onFault(new ForgeError('FORGE_HOOK_FAILED', what, { cause: error, facts: { repository: push.repository } }));
    return refusal('slipway: the server could not check this push, so it is refused; try again');
  }
}

/** From its decision until its refs have moved, a push has the repository to itself. */
async function decideInTurn(push: Pending, question: HookQuestion, asking: Asking): Promise<ReceiveDecision> {
  push.release = await asking.turns.take(push.gitDir, push.ended.signal);
  const reader = await asking.git.open(push.gitDir, quarantineOf(push.gitDir, question.quarantine));
  const { repository, account } = push;
  const { updates, pushOptions } = question;
  return push.decide({ repository, account, updates, pushOptions, reader }, push.ended.signal);
}

/** Git names it by way of its working folder, links resolved; only its last part is ours to believe. */
function quarantineOf(gitDir: string, named: string | undefined): { readonly quarantine?: string } {
  if (named === undefined) return {};
  const folder = path.basename(named);
  if (/^(tmp_objdir-)?incoming-[A-Za-z0-9]+$/.test(folder)) return { quarantine: path.join(gitDir, 'objects', folder) };
  throw new ForgeError('FORGE_HOOK_FAILED', 'A push has no quarantine');
}

function printRefusal(decision: Extract<ReceiveDecision, { kind: 'refused' }>): string {
  const lines = decision.refs.map(({ ref, reason }) => `slipway: ${ref}: ${reason}`);
  // It goes to a terminal: nothing in it may move a cursor.
  return ['', ...lines, `slipway: ${decision.message}`, ''].map((line) => line.replace(/\p{Cc}/gu, ' ')).join('\n');
}
