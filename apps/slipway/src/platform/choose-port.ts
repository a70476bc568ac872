import { createServer } from 'node:net';
import { CliError } from '../cli/cli-error.ts';
import { readSetting, type StateFolder, writeSetting } from './state-folder.ts';

/**
 * The port of an installation: the one asked for, else the one it had before, else the first free one. Asked before anything is
 * started, so that a port already taken leaves nothing behind.
 *
 * Ports from 32768 are the kernel's for outgoing connections: a client that reconnects there can meet itself.
 *
 * @throws {@link CliError} `CLI_PORT_TAKEN`.
 */
export async function choosePort(folder: StateFolder, asked: number | undefined): Promise<number> {
  const known = (await readSetting<{ readonly port: number }>(folder, 'server.json'))?.port;
  const port = asked ?? known ?? (await firstFreePort());
  if (!(await isFree(port))) throw new CliError('CLI_PORT_TAKEN', `Port ${port} on 127.0.0.1 is taken`);
  await writeSetting(folder, 'server.json', { port });
  return port;
}

async function firstFreePort(): Promise<number> {
  for (let port = 7780; port < 8780; port++) if (await isFree(port)) return port;
  throw new CliError('CLI_PORT_TAKEN', 'Every port from 7780 to 8779 on 127.0.0.1 is taken');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
