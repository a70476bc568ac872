import type { ChildProcessByStdio } from 'node:child_process';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { createAnswerParser, type GitObject } from './batch-answers.ts';
import { GitError, quoted } from './git-error.ts';

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export interface ObjectReader {
  /** Type and size. Absent when there is no such object. */
  info(name: string, signal?: AbortSignal): Promise<GitObject | undefined>;
  /** @throws {@link GitError} `GIT_FILE_TOO_LARGE` above `maxBytes`, before anything is read. */
  contents(name: string, maxBytes: number, signal?: AbortSignal): Promise<GitObject | undefined>;
}

type Question = 'info' | 'contents';

interface Waiting {
  readonly question: Question;
  readonly resolve: (object: GitObject | undefined) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One `git cat-file --batch-command` that answers many questions and is ended after a pause.
 *
 * Names are hashes, or a hash with a path that {@link checkPath} passed: a line feed would be a second question.
 */
export function createObjectReader(start: () => Child, idleMs: number): ObjectReader {
  const sessions = createSessions(start, idleMs);
  const info: ObjectReader['info'] = (name, signal) => abortable(sessions.ask('info', name), signal);
  return {
    info,
    async contents(name, maxBytes, signal) {
      const found = await info(name, signal);
      if (found === undefined) return undefined;
      if (found.size > maxBytes) {
        const facts = { sizeBytes: found.size, maxBytes };
        throw new GitError('GIT_FILE_TOO_LARGE', `${quoted(name)} has ${found.size} bytes`, { facts });
      }
      return abortable(sessions.ask('contents', found.id), signal);
    },
  };
}

interface Session {
  ask(question: Question, name: string): Promise<GitObject | undefined>;
}

function createSessions(start: () => Child, idleMs: number): Session {
  let session: ReturnType<typeof openSession> | undefined;
  return {
    ask(question, name) {
      if (session === undefined || session.isEnded()) session = openSession(start(), idleMs);
      return session.ask(question, name);
    },
  };
}

const stallMs = 60_000;

function openSession(child: Child, idleMs: number): Session & { isEnded(): boolean } {
  const waiting: Waiting[] = [];
  let isEnded = false;
  let timer: NodeJS.Timeout | undefined;
  const end = (what: string, cause?: unknown): void => {
    isEnded = true;
    clearTimeout(timer);
    child.kill('SIGTERM');
    const error = new GitError('GIT_COMMAND_FAILED', `git cat-file ${what}`, { cause });
    for (const caller of waiting.splice(0)) caller.reject(error);
  };
  // An idle child neither keeps this process alive nor lives on after its pause.
  const rest = (): void => {
    clearTimeout(timer);
    const isIdle = waiting.length === 0;
    timer = setTimeout(() => end(isIdle ? 'was idle' : 'took longer than its limit'), isIdle ? idleMs : stallMs);
    if (isIdle) timer.unref();
    holdProcess(child, !isIdle);
  };
  const parse = createAnswerParser({
    expectsContent: () => waiting[0]?.question === 'contents',
    answer: (object) => waiting.shift()?.resolve(object),
  });
  child.stdout.on('data', (chunk: Buffer) => {
    try {
      parse(chunk);
      rest();
    } catch (error) {
      end('answered nonsense', error);
    }
  });
  child.stderr.resume();
  child.stdin.on('error', () => undefined);
  child.on('error', (error) => end('could not start', error));
  child.on('close', () => end('ended early'));
  return {
    isEnded: () => isEnded,
    ask: (question, name) =>
      new Promise((resolve, reject) => {
        waiting.push({ question, resolve, reject });
        child.stdin.write(`${question} ${name}\n`);
        rest();
      }),
  };
}

function holdProcess(child: Child, isHeld: boolean): void {
  const handles = [child, ...[child.stdin, child.stdout, child.stderr].filter((pipe) => pipe instanceof Socket)];
  for (const handle of handles) {
    if (isHeld) handle.ref();
    else handle.unref();
  }
}

/** The answer still arrives and is dropped: the questions behind it keep their places. */
async function abortable<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer;
  answer.catch(() => undefined);
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason instanceof Error ? signal.reason : new DOMException('Aborted', 'AbortError'));
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
