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
  const { registry = publicRegistry, cafile } = await askNpm(variables, path);
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

/** Both in one call: each start of npm costs half a second. Nothing when there is no npm. */
async function askNpm(
  variables: Readonly<Record<string, string>>,
  path: string,
): Promise<{ readonly registry?: string; readonly cafile?: string }> {
  try {
    const { stdout } = await runProgram('npm', ['config', 'get', 'registry', 'cafile'], {
      environment: { PATH: path, ...variables, npm_config_update_notifier: 'false' },
      timeoutMs: 20_000,
    });
    const lines = stdout.toString().matchAll(/^(registry|cafile)=(.+)$/gm);
    const isSet = (value: string): boolean => value !== 'undefined' && value !== 'null';
    return Object.fromEntries([...lines].flatMap(([, name = '', value = '']) => (isSet(value) ? [[name, value]] : [])));
  } catch {
    return {};
  }
}
