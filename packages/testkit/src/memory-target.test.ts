import { targetContract } from '@slipway/ports/contract';
import { MemoryTarget } from './memory-target.ts';

targetContract('in memory', () => {
  const target = new MemoryTarget();
  return Promise.resolve({ target, namespace: 'contract', image: 'any', close: () => target.close() });
});
