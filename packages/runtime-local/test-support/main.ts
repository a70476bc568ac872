import { runRuntime } from '../src/server/run-runtime.ts';
import { FolderRegistry } from './folder-registry.ts';

const [stateDir = '', registryDir = '', ...limits] = process.argv.slice(2);
const configPort = limits.find((limit) => limit.startsWith('configPort='))?.slice('configPort='.length);
const ended = new AbortController();
process.once('SIGTERM', () => ended.abort());
await runRuntime({
  stateDir,
  registries: [new FolderRegistry(registryDir)],
  signal: ended.signal,
  ...(configPort === undefined ? {} : { configPort: Number(configPort) }),
  limits: {
    withoutBubblewrap: limits.includes('withoutBubblewrap'),
    withoutNamespaces: limits.includes('withoutNamespaces'),
  },
  log: (event) => console.log(JSON.stringify(event)),
});
