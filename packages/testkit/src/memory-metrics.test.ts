import { metricsProviderContract } from '@slipway/ports/contract';
import { MemoryMetrics } from './memory-metrics.ts';

metricsProviderContract('memory', () => {
  const provider = new MemoryMetrics();
  const unreachable = new MemoryMetrics();
  unreachable.isReachable = false;
  const place = { namespace: 'contract', service: 'web', deployment: 'web' };
  return Promise.resolve({
    provider,
    place,
    quiet: { ...place, deployment: 'quiet' },
    record: async (answers) => provider.record(place, answers),
    unreachable,
    close: () => Promise.resolve(),
  });
});
