import type { StageRun } from '@slipway/domain';
import type { ContentStore } from '@slipway/ports';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { PipelineError } from '../pipeline-error.ts';
import { tarEntries } from './tar-entries.ts';

const maxBytes = 67_108_864;

/**
 * Reads the one file of a kept output: a report.
 *
 * @throws {@link PipelineError} `STAGE_OUTPUT_LOST` when it is no longer kept, `STAGE_OUTPUT_UNREADABLE` when it is no plain file.
 */
export async function readKeptFile(
  content: ContentStore,
  stage: Pick<StageRun, 'id' | 'outputs'>,
  name: string,
): Promise<Buffer> {
  const output = stage.outputs.find((one) => one.name === name);
  if (output === undefined || !(await content.has(output.digest))) {
    throw lost(stage.id, name);
  }
  const bytes = await firstFile(content.open(output.digest)).catch((error: unknown) => {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isGone) throw lost(stage.id, name, error);
    throw unreadable(stage.id, name, error);
  });
  if (bytes === undefined) throw unreadable(stage.id, name);
  return bytes;
}

/** Absent when the first entry that is no folder is no plain file, or too large. */
async function firstFile(tar: Readable): Promise<Buffer | undefined> {
  for await (const entry of tarEntries(tar)) {
    if (entry.header.type === 'directory') {
      entry.resume();
      continue;
    }
    if (entry.header.type !== 'file' || entry.header.size > maxBytes) return undefined;
    return buffer(entry);
  }
  return undefined;
}

function lost(stage: string, name: string, cause?: unknown): PipelineError {
  return new PipelineError('STAGE_OUTPUT_LOST', `Output ${name} of stage ${stage} is not kept`, { facts: {}, cause });
}

function unreadable(stage: string, name: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'STAGE_OUTPUT_UNREADABLE',
    `Output ${name} of stage ${stage} is no plain file of at most ${maxBytes} bytes`,
    { facts: {}, cause },
  );
}
