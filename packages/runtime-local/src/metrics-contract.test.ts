import { metricsProviderContract } from '@slipway/ports/contract';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeImage } from '../test-support/make-image.ts';
import { bundleRuntime, deployment, service, startThrowaway, until } from '../test-support/throwaway-runtime.ts';
import { connectRuntime, runtimeMetrics } from './index.ts';

/** Answers `/STATUS/MILLISECONDS` as it is told; status 0 breaks the connection. */
const script = `
const http = require('node:http');
http.createServer(async (request, response) => {
  const [, status, duration] = request.url.split('/');
  if (duration !== undefined) await new Promise((resolve) => setTimeout(resolve, Number(duration)));
  if (status === '0') return request.socket.destroy();
  response.writeHead(Number(status || 200)).end();
}).listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '127.0.0.1');
`;
const apply = { fieldManager: 'slipway', isDryRun: false } as const;

metricsProviderContract('local runtime', async () => {
  const program = await bundleRuntime();
  const local = await startThrowaway(program.file);
  const { runtime } = local;
  const image = await nodeImage(local.registry, 'web', script);
  // No probe: it would not be counted, but a test of counters should not have to know.
  const container = { readinessProbe: { tcpSocket: { port: 8080 } } };
  await runtime.apply(service('web'), apply);
  await runtime.apply(service('quiet'), apply);
  await runtime.apply(deployment('web', image, { container }), apply);
  await until(
    () => runtime.get({ group: 'apps', kind: 'Deployment', namespace: 'test', name: 'web' }),
    (live) => (live?.['status'] as { readonly availableReplicas?: number } | undefined)?.availableReplicas === 1,
    30_000,
  );
  const address = await runtime.serviceAddress({ namespace: 'test', name: 'web', port: 80 });
  return {
    provider: runtimeMetrics(runtime),
    place: { namespace: 'test', service: 'web', deployment: 'web' },
    quiet: { namespace: 'test', service: 'quiet', deployment: 'quiet' },
    record: async (answers) => {
      for (const { status, durationMs } of answers)
        await fetch(`http://127.0.0.1:${address?.port}/${status}/${durationMs}`).then((answer) => answer.text());
      await sleep(0);
    },
    unreachable: runtimeMetrics(connectRuntime({ stateDir: '/nonexistent' })),
    close: async () => {
      await local.close();
      await program.remove();
    },
  };
});
