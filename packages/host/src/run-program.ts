import { execa, ExecaError } from 'execa';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { HostError } from './host-error.ts';
import { programPath } from './program-path.ts';

export interface ProgramOptions {
  readonly cwd?: string;
  /** The whole environment; PATH is added when absent. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array | Readable;
  /** @default 60000 */
  readonly timeoutMs?: number;
  /** Bytes of standard output kept. @default 67108864 */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Run as this uid and gid (only as root). */
  readonly uid?: number;
  readonly gid?: number;
  /** Exit codes that are answers, not errors. @default [0] */
  readonly accepts?: readonly number[];
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs a program to its end with an argument array, never a shell.
 *
 * @throws {@link HostError} `PROGRAM_MISSING`, `PROCESS_TIMEOUT`, `PROCESS_OUTPUT_TOO_LARGE`, or `PROCESS_FAILED` with the end of its
 *   standard error; facts carry `program` and `exitCode`. An aborted signal rethrows its reason.
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  try {
    const result = await execa(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      env: { PATH: programPath(), ...options.environment },
      extendEnv: false,
      encoding: 'buffer',
      timeout: options.timeoutMs ?? 60_000,
      maxBuffer: options.maxBytes ?? 67_108_864,
      stripFinalNewline: false,
    });
    return { exitCode: 0, stdout: Buffer.from(result.stdout), stderr: Buffer.from(result.stderr).toString() };
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    return acceptOrThrow(program, error, options);
  }
}

/** What an error of the launcher tells of the run. */
interface FailedRun {
  readonly code?: string;
  readonly exitCode?: number;
  readonly timedOut: boolean;
  readonly isMaxBuffer: boolean;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
}

function acceptOrThrow(program: string, error: FailedRun, options: ProgramOptions): ProgramResult {
  const stderr = asText(error.stderr);
  if (
    error.exitCode !== undefined &&
    !error.timedOut &&
    !error.isMaxBuffer &&
    (options.accepts ?? [0]).includes(error.exitCode)
  ) {
    return { exitCode: error.exitCode, stdout: asBuffer(error.stdout), stderr };
  }
  options.signal?.throwIfAborted();
  const facts = { program, exitCode: error.exitCode ?? -1 };
  if (error.code === 'ENOENT' && options.cwd !== undefined && !existsSync(options.cwd)) {
    throw new HostError('FOLDER_MISSING', `${options.cwd} is not there for ${program} to run in`, {
      facts,
      cause: error,
    });
  }
  if (error.code === 'ENOENT')
    throw new HostError('PROGRAM_MISSING', `${program} is not on this machine`, { facts, cause: error });
  if (error.timedOut)
    throw new HostError('PROCESS_TIMEOUT', `${program} took longer than its limit`, { facts, cause: error });
  if (error.isMaxBuffer)
    throw new HostError('PROCESS_OUTPUT_TOO_LARGE', `${program} printed more than its limit`, { facts, cause: error });
  throw new HostError('PROCESS_FAILED', `${program} failed: ${stderr.trim().slice(-2000)}`, { facts, cause: error });
}

function asBuffer(output: unknown): Buffer {
  return output instanceof Uint8Array ? Buffer.from(output) : Buffer.alloc(0);
}

function asText(output: unknown): string {
  return asBuffer(output).toString();
}
