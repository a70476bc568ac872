import { rm } from 'node:fs/promises';
import path from 'node:path';
import { compileGlobs } from '@slipway/config';
import type { StageEnd } from '../finish-stage.ts';
import type { KeptImage } from '../services.ts';
import { packLayout } from './layout-tar.ts';
import { mergeTars } from './merge-tars.ts';
import { say, type StageWork } from './stage-work.ts';

interface ImageOptions {
  readonly dockerfile: string;
  readonly image: string;
}

/** Kind `image`: the tree and the kept outputs are the build context; the layout is kept as one tar. */
export async function buildImage(work: StageWork): Promise<StageEnd> {
  const { services, run, repository } = work;
  const options = work.definition.options as unknown as ImageOptions;
  const outputs = work.needs.flatMap((need) => need.outputs).filter((output) => !output.name.startsWith('report-'));
  const { inputs } = work.definition;
  // Undeclared files are not in the context: a result found by its declared inputs can have come from nothing else.
  const tree = {
    open: () => repository.archive(run.tree),
    ...(inputs.length === 0 ? {} : { isWanted: compileGlobs(inputs) }),
  };
  const sources = [tree, ...outputs.map((output) => ({ open: () => services.content.open(output.digest) }))];
  const draft = await services.content.draftFolder();
  try {
    const built = await services.builder.build(
      { context: () => mergeTars(sources), dockerfile: options.dockerfile, outputDir: path.join(draft, 'layout') },
      { signal: work.signal },
    );
    const { os, architecture } = built.platform;
    say(work, `Built ${options.image}@${built.manifest.digest} for ${os}/${architecture}`);
    const tar = path.join(draft, 'layout.tar');
    const kept = await packLayout(built.layoutDir, tar);
    await services.content.take(tar, kept.digest);
    const image: KeptImage = { name: options.image, manifest: built.manifest, platform: built.platform };
    return { conclusion: 'success', outputs: [{ name: 'layout', ...kept }], facts: { image } };
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
