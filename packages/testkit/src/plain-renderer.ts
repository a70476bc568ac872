import type { ClosureFile, Renderer } from '@slipway/ports';

/** Prints every file of a closure but the kustomizations, in order of path: enough where a test is not about rendering. */
export const plainRenderer: Renderer = {
  version: 'plain/1',
  render: (files: readonly ClosureFile[]) =>
    Promise.resolve(
      files
        .filter((file) => !file.path.endsWith('kustomization.yaml'))
        .map((file) => Buffer.from(file.content).toString())
        .join('---\n'),
    ),
};
