import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../testing/run-cli.ts';
import { choosePort } from './choose-port.ts';
import { openStateFolder } from './state-folder.ts';

let home: string;
let taken: Server;
let port: number;

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'slipway-port-'));
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterEach(async () => {
  await new Promise((resolve) => taken.close(resolve));
  await rm(home, { recursive: true, force: true });
});

describe('a port that is taken', () => {
  it('ends `slipway up` before anything is started, with what to do', async () => {
    const up = runCli(home, ['up', '--port', String(port)]);

    await expect(up).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken. Name another with --port`);

    const started = await readdir(path.join(home, 'state'));
    expect(started).not.toContain('pg');
    expect(await readdir(path.join(home, 'state/server'))).toEqual([]);
  });

  it('leaves the port of the installation what it was', async () => {
    const folder = await openStateFolder(path.join(home, 'state'));
    const known = await choosePort(folder, undefined);

    await expect(choosePort(folder, port)).rejects.toMatchObject({ code: 'CLI_PORT_TAKEN' });

    const kept = JSON.parse(await readFile(path.join(folder.server, 'server.json'), 'utf8')) as unknown;
    expect(kept).toEqual({ port: known });
    expect(await choosePort(folder, undefined)).toBe(known);
  });

  it.each(['abc', '0', '-1', '65536', '1.5', '80 80'])('is told from %j, which is no port', async (text) => {
    const end = await runCli(home, ['up', '--port', text]).catch((error: unknown) => error);

    expect(String((end as { readonly stderr?: string }).stderr ?? end)).toContain('is not a port');
    await expect(readdir(path.join(home, 'state'))).rejects.toThrow('ENOENT');
  });
});
