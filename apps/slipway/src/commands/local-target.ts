import { fileURLToPath } from 'node:url';
import { type LocalRuntime, startOrAdoptRuntime } from '@slipway/runtime-local';
import type { CommandContext } from '../cli/run-command.ts';
import { findServer } from '../client/settings.ts';
import { openStateFolder, readSetting, writeSetting } from '../platform/state-folder.ts';

const programFile = fileURLToPath(new URL('../../bin/slipway.js', import.meta.url));
/** The port "discard": nothing answers there, and a pull says so. */
const nowhere = '127.0.0.1:9';

/** The local runtime of a state folder, started when none runs; it lives on afterwards. */
export async function openLocalTarget(context: CommandContext, stateDir: string): Promise<LocalRuntime> {
  const folder = await openStateFolder(stateDir);
  if ((await readSetting(folder, 'runtime.json')) === undefined)
    await writeSetting(folder, 'runtime.json', await registryOf(context));
  context.progress('Connecting to the local runtime…');
  return startOrAdoptRuntime({
    stateDir: folder.root,
    command: [process.execPath, programFile, 'runtime', '--state', folder.root],
    environment: { PATH: context.environment.path, HOME: folder.root },
    signal: context.signal,
  });
}

/** Where a runtime that no server has set up pulls from: the server of the login. */
async function registryOf(
  context: CommandContext,
): Promise<{ readonly url: string; readonly host: string; readonly secret: string }> {
  const server = await findServer(context, {});
  const url = server?.url ?? `http://${nowhere}`;
  return { url, host: new URL(url).host, secret: server?.token ?? '' };
}
