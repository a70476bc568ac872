import type { Digest } from '@slipway/domain';
import type { Readable } from 'node:stream';
import type { Cancellable } from './git.ts';

/** Rungs of the isolation ladder, strongest first; written into every run. */
export const isolations = ['bubblewrap', 'namespaces', 'none'] as const;
export type Isolation = (typeof isolations)[number];

export interface IsolationFacts {
  readonly isolation: Isolation;
  /** No interface but the stage's own loopback. */
  readonly isNetworkIsolated: boolean;
  /** Files outside the workspace and the toolchain cannot be read. */
  readonly areFilesIsolated: boolean;
  /** True when the stage ran under another uid than the server's. */
  readonly isUidSeparate: boolean;
  /** Why no stronger rung, for people; empty when the strongest. */
  readonly because: string;
}

/** Access to hosts by the egress proxy: `host:port`, or `*.host:port`. Empty: no network. */
export interface NetworkAllowance {
  readonly allow: readonly string[];
}

export interface StageOutput {
  readonly name: string;
  /** Path inside the workspace, a file or a folder; checked to stay inside. */
  readonly path: string;
  /** A missing required output fails the stage. */
  readonly isRequired: boolean;
}

export interface ExecutionRequest {
  /** Deterministic: the same key re-attaches to what still runs, or clears what a crash left, and starts anew. */
  readonly key: string;
  /** Each is run in turn until one fails. A string is a shell command (`sh -eu -c`), an array is run as it is. */
  readonly commands: readonly (string | readonly string[])[];
  /** Tars unpacked into the workspace in order, inside the sandbox, by the stage's uid; `at` is a folder inside the workspace. */
  readonly inputs: readonly { readonly open: () => Readable; readonly at?: string }[];
  /** Folder inside the workspace where commands start; default its root. */
  readonly workingDirectory?: string;
  /** The whole environment but PATH, HOME, TMPDIR and the proxy's variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly network: NetworkAllowance;
  /**
   * TCP addresses of this machine that the stage may reach, each as a loopback port of its own: the environment variable
   * `name` holds `127.0.0.1:PORT`. For verifications: a relay to their own environment and nothing else.
   */
  readonly relays?: readonly { readonly name: string; readonly host: string; readonly port: number }[];
  readonly outputs: readonly StageOutput[];
  /** Values masked in the output, in the encodings of ci.md "Secret masking". */
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  /** Log bytes; beyond it the stage is ended with `output_limit`. */
  readonly maxOutputBytes: number;
  /** Untrusted work needs a rung with network and file isolation; without one: SandboxError `SANDBOX_REQUIRED`. */
  readonly trust: 'trusted' | 'untrusted';
}

export interface ExecutionResult {
  readonly outcome: 'exited' | 'timed_out' | 'output_limit' | 'cancelled' | 'output_missing';
  /** Of the last command run; absent when it was ended by a signal. */
  readonly exitCode?: number;
  /** The command that ended it, for people. */
  readonly command: string;
  readonly durationMs: number;
  readonly facts: IsolationFacts;
  /** Declared outputs that were there, each a tar file in the caller's `outputDir`, with the digest of its bytes. The tar is reproducible: sorted, mtime 0, owner 0; entries are named by their path from the workspace's root. */
  readonly outputs: readonly {
    readonly name: string;
    readonly file: string;
    readonly digest: Digest;
    readonly sizeBytes: number;
  }[];
}

export interface StageExecutor {
  /** Probed once at start. */
  readonly facts: IsolationFacts;
  /**
   * Runs commands in a sandbox; afterwards no process and no workspace is left, whatever happened.
   *
   * @param onLog - masked output in arrival order; `command` lines are announced by the executor itself.
   */
  execute(
    request: ExecutionRequest,
    sinks: { readonly onLog: (chunk: Uint8Array) => void; readonly outputDir: string },
    options?: Cancellable,
  ): Promise<ExecutionResult>;
}
