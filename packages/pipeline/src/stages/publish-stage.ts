import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, StageRun } from '@slipway/domain';
import type { StageEnd } from '../finish-stage.ts';
import { PipelineError } from '../pipeline-error.ts';
import type { KeptImage } from '../services.ts';
import { stagesOf } from '../advance-run.ts';
import { provenanceStatement } from '../statements.ts';
import { unpackLayout } from './layout-tar.ts';
import { neededStage, say, type StageWork } from './stage-work.ts';

/** Kind `publish`: pushes the built image under the full Git hash and keeps its provenance. */
export async function publish(work: StageWork): Promise<StageEnd> {
  const { services, run } = work;
  const stage = neededStage(work, 'image');
  const image = stage?.facts['image'] as KeptImage | undefined;
  const layout = stage?.outputs.find((output) => output.name === 'layout');
  if (
    stage === undefined ||
    image === undefined ||
    layout === undefined ||
    !(await services.content.has(layout.digest))
  ) {
    throw new PipelineError('STAGE_OUTPUT_LOST', `The image of run ${run.id} is not kept`);
  }
  const draft = await services.content.draftFolder();
  try {
    const layoutDir = path.join(draft, 'layout');
    await unpackLayout(services.content.pathOf(layout.digest), layoutDir);
    await services.publishImage({ layoutDir, name: image.name, tags: [run.commit] });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  say(work, `Pushed ${services.registry.host}/${image.name}:${run.commit}@${image.manifest.digest}`);
  return { conclusion: 'success', facts: { image }, also: recordArtifact(work, image) };
}

/** The artifact and its provenance, in the transaction that ends the stage. */
function recordArtifact(work: StageWork, image: KeptImage): NonNullable<StageEnd['also']> {
  return async (tx, run) => {
    const id = `${image.name}@${image.manifest.digest}`;
    const known = (await tx.lock('artifact', id))?.value;
    const artifact: Artifact = {
      id,
      name: image.name,
      digest: image.manifest.digest,
      platform: `${image.platform.os}/${image.platform.architecture}`,
      run: known?.run ?? run.id,
      change: known?.change ?? run.change,
      tags: [...new Set([...(known?.tags ?? []), run.commit])],
      createdAt: known?.createdAt ?? work.services.now(),
    };
    await tx.put('artifact', id, artifact);
    const stages: readonly StageRun[] = await stagesOf(tx, run.id);
    const subject = { name: image.name, digest: image.manifest.digest };
    await tx.record(provenanceStatement({ run, stages, image: subject, builderId: work.services.builderId }));
  };
}
