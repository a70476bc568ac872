import { createRegistryClient } from '@slipway/oci';
import type { ArtifactRegistry } from '@slipway/ports';
import type { CommandContext } from '../../cli/run-command.ts';
import { findServer } from '../../client/settings.ts';
import type { ServerOptions } from '../../cli/options.ts';

/** A registry by its host; the token goes to the server of the login only, plain HTTP only to this machine. */
export async function registryFor(
  context: CommandContext,
  host: string,
  options: ServerOptions = {},
): Promise<ArtifactRegistry> {
  const server = await findServer(context, options);
  if (server !== undefined && new URL(server.url).host === host)
    return createRegistryClient({
      url: server.url,
      host,
      ...(server.token === undefined ? {} : { credential: { username: 'slipway', password: server.token } }),
    });
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);
  return createRegistryClient({ url: `${isHere ? 'http' : 'https'}://${host}`, host });
}
