import { runProgram } from '@slipway/host';
import type { PackageRegistrySettings } from '@slipway/pipeline';

const publicRegistry = 'https://registry.npmjs.org/';

/**
 * npm's settings of this machine as a declared input of stages: registry and certificate authorities, never a credential.
 * A stage's clean environment would lose them.
 */
export async function readNpmSettings(
  variables: Readonly<Record<string, string>>,
  path: string,
): Promise<PackageRegistrySettings> {
  const ask = async (name: string): Promise<string | undefined> => {
    try {
      const { stdout } = await runProgram('npm', ['config', 'get', name], {
        environment: { PATH: path, ...variables, npm_config_update_notifier: 'false' },
        timeoutMs: 20_000,
      });
      const value = stdout.toString().trim();
      return value === '' || value === 'undefined' || value === 'null' ? undefined : value;
    } catch {
      return undefined;
    }
  };
  const [registry = publicRegistry, cafile] = await Promise.all([ask('registry'), ask('cafile')]);
  const url = new URL(registry);
  url.username = '';
  url.password = '';
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return {
    host: `${url.hostname}:${port}`,
    environment: {
      npm_config_registry: url.toString(),
      ...(cafile === undefined ? {} : { npm_config_cafile: cafile, NODE_EXTRA_CA_CERTS: cafile }),
    },
  };
}
