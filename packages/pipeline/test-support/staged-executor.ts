import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CodedError, parseDigest } from '@slipway/domain';
import type { ExecutionRequest, ExecutionResult, IsolationFacts, StageExecutor } from '@slipway/ports';
import { pack } from 'tar-stream';

/** What the commands of a stage come to: nothing said is exit code 0 and no outputs. */
export interface StagePlay {
  readonly exitCode?: number;
  readonly outcome?: ExecutionResult['outcome'];
  /** Text of each declared output's one file, by the output's name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the commands print. */
  readonly log?: string;
  readonly before?: (request: ExecutionRequest, signal: AbortSignal | undefined) => Promise<void>;
}

/** As the real one does when no rung isolates: untrusted work is refused. */
class NoSandboxError extends CodedError {
  readonly code = 'SANDBOX_REQUIRED';
}

/** An executor that plays stages by the first command of each, and remembers what it was asked for. */
export class StagedExecutor implements StageExecutor {
  readonly facts: IsolationFacts = {
    isolation: 'none',
    isNetworkIsolated: false,
    areFilesIsolated: false,
    isUidSeparate: false,
    because: 'a test plays the stages',
  };
  readonly requests: ExecutionRequest[] = [];
  readonly plays = new Map<string, StagePlay>();

  /** First commands of what ran, in order. */
  ran(): readonly string[] {
    return this.requests.map(commandOf);
  }

  async execute(
    request: ExecutionRequest,
    sinks: { readonly onLog: (chunk: Uint8Array) => void; readonly outputDir: string },
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<ExecutionResult> {
    if (request.trust === 'untrusted')
      throw new NoSandboxError('No sandbox works here', { retry: 'never', next: 'Install bubblewrap.' }, { facts: {} });
    this.requests.push(request);
    const command = commandOf(request);
    const play = this.plays.get(command) ?? {};
    sinks.onLog(Buffer.from(`$ ${command}\n`));
    await play.before?.(request, options.signal);
    if (play.log !== undefined) sinks.onLog(Buffer.from(play.log));
    const outputs = [];
    for (const { name, path: file } of request.outputs) {
      const text = play.files?.[name];
      if (text !== undefined) outputs.push({ name, ...(await keep(path.join(sinks.outputDir, name), file, text)) });
    }
    const isCancelled = options.signal?.aborted === true;
    return {
      outcome: isCancelled ? 'cancelled' : (play.outcome ?? 'exited'),
      exitCode: play.exitCode ?? 0,
      command,
      durationMs: 1,
      facts: this.facts,
      outputs,
    };
  }
}

function commandOf(request: ExecutionRequest): string {
  return String(request.commands[0]);
}

async function keep(
  tar: string,
  file: string,
  text: string,
): Promise<Pick<ExecutionResult['outputs'][number], 'file' | 'digest' | 'sizeBytes'>> {
  const archive = pack();
  archive.entry({ name: file, mtime: new Date(0) }, text);
  archive.finalize();
  const bytes = Readable.from(archive);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  await pipeline(
    bytes,
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        sizeBytes += chunk.byteLength;
        yield chunk;
      }
    },
    createWriteStream(tar),
  );
  return { file: tar, digest: parseDigest(`sha256:${hash.digest('hex')}`), sizeBytes };
}
