import type { StageRun } from '@slipway/domain';
import type { ContentStore } from '@slipway/ports';
import { extract } from 'tar-stream';
import { PipelineError } from '../pipeline-error.ts';

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
    throw new PipelineError('STAGE_OUTPUT_LOST', `Output ${name} of stage ${stage.id} is not kept`);
  }
  const entries = extract();
  content.open(output.digest).pipe(entries);
  for await (const entry of entries) {
    if (entry.header.type === 'directory') {
      entry.resume();
      continue;
    }
    if (entry.header.type !== 'file' || entry.header.size > maxBytes) break;
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }
  throw new PipelineError(
    'STAGE_OUTPUT_UNREADABLE',
    `Output ${name} of stage ${stage.id} is no plain file of at most ${maxBytes} bytes`,
  );
}
