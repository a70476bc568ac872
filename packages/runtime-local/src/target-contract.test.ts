import { targetContract } from '@slipway/ports/contract';
import { nodeImage, serverScript } from '../test-support/make-image.ts';
import { bundleRuntime, startThrowaway } from '../test-support/throwaway-runtime.ts';

targetContract('local runtime', async () => {
  const program = await bundleRuntime();
  const local = await startThrowaway(program.file);
  const image = await nodeImage(local.registry, 'contract', serverScript('contract'));
  const close = async () => {
    await local.close();
    await program.remove();
  };
  return { target: local.runtime, namespace: 'contract', image, close };
});
