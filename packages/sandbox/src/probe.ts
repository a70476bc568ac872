import { randomUUID } from 'node:crypto';
import { lstatSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import type { ExecutionRequest, IsolationFacts } from '@slipway/ports';
import { runStage, type ExecutionSetting } from './execution.ts';
import type { Slots } from './slots.ts';
import { deleteWorkspace, locateWorkspace, openWorkspace } from './workspaces.ts';

/** What an attempt showed: facts when it ran and kept what its isolation promises, else why not. */
export type Probed =
  | { readonly kind: 'works'; readonly facts: IsolationFacts }
  | { readonly kind: 'fails'; readonly because: string };

/** Runs inside: tries to reach the host's loopback and its own, and to read the server's file. */
const attempt = `
const net = require('node:net');
const fs = require('node:fs');
const [port, file] = process.argv.slice(1);
const reach = (p) => new Promise((done) => {
  const s = net.connect({ port: Number(p), host: '127.0.0.1', timeout: 2000 });
  s.on('connect', () => { s.destroy(); done(true); });
  s.on('error', () => done(false));
  s.on('timeout', () => { s.destroy(); done(false); });
});
const own = net.createServer((s) => s.destroy()).listen(0, '127.0.0.1', async () => {
  let reads = true;
  try { fs.accessSync(file); } catch (error) { reads = error.code !== 'ENOENT'; }
  const facts = { reachesHost: await reach(port), reachesItself: await reach(own.address().port), seesFile: reads };
  fs.writeFileSync('owner', '');
  fs.writeSync(1, 'probe=' + JSON.stringify(facts) + '\\n');
  process.exit(0);
});
`;

const probeTimeoutMs = 20_000;

/** Really runs a stage on the rung and looks at what it could do, from inside and from outside. Leaves nothing. */
export async function probeRung(setting: ExecutionSetting, slots: Slots, root: string): Promise<Probed> {
  const secret = path.join(setting.stateDir, `.probe-${randomUUID()}`);
  const place = locateWorkspace(root, `probe ${secret}`);
  const server = createServer((socket) => socket.destroy());
  const slot = await slots.take();
  let text = '';
  let isClean = false;
  try {
    writeFileSync(secret, 'private', { mode: 0o600 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.address() as AddressInfo;
    await openWorkspace(place, slot);
    const onLog = (chunk: Uint8Array) => {
      text += Buffer.from(chunk).toString();
    };
    const request = probeRequest([setting.toolchain.node, '-e', attempt, String(port), secret]);
    const facts: IsolationFacts = { ...nothing, isolation: setting.rung.isolation };
    const sinks = { onLog, outputDir: place.folder };
    await runStage(setting, { request, slot, place, facts, sinks, keepsFiles: true }, {});
    isClean = true;
    const seen = parseAttempt(text);
    if (seen === undefined) return fails(setting, lastLine(text));
    // The workspace is still there and nothing runs in it: the owner of the file is the uid that the host knows.
    const isUidSeparate = lstatSync(path.join(place.workspace, 'owner')).uid !== process.getuid?.();
    return judge(setting, { ...seen, isUidSeparate });
  } catch (error) {
    return fails(setting, lastLine(text) || String(error instanceof Error ? error.message : error));
  } finally {
    server.close();
    rmSync(secret, { force: true });
    await deleteWorkspace(place);
    slots.giveBack(slot, isClean);
  }
}

const nothing = { isNetworkIsolated: false, areFilesIsolated: false, isUidSeparate: false, because: '' } as const;

function probeRequest(command: readonly string[]): ExecutionRequest {
  return {
    ...{
      key: 'probe',
      commands: [command],
      inputs: [],
      environment: {},
      network: { allow: [] },
      outputs: [],
      secrets: [],
    },
    ...{ timeoutMs: probeTimeoutMs, maxOutputBytes: 100_000, trust: 'trusted' },
  };
}

interface Seen {
  readonly reachesHost: boolean;
  readonly reachesItself: boolean;
  readonly seesFile: boolean;
}

function parseAttempt(text: string): Seen | undefined {
  const json = /^probe=(.*)$/m.exec(text)?.[1];
  if (json === undefined) return undefined;
  const { reachesHost, reachesItself, seesFile } = JSON.parse(json) as Record<string, unknown>;
  return { reachesHost: reachesHost === true, reachesItself: reachesItself === true, seesFile: seesFile === true };
}

function judge(setting: ExecutionSetting, seen: Seen & { readonly isUidSeparate: boolean }): Probed {
  const { rung } = setting;
  const isRoot = process.getuid?.() === 0;
  if (!seen.reachesItself) return fails(setting, 'no loopback inside');
  if (rung.hasOwnNetwork && seen.reachesHost) return fails(setting, 'the host’s loopback is reachable from inside');
  if (rung.isolation === 'bubblewrap' && seen.seesFile) return fails(setting, 'the server’s files are visible inside');
  if (isRoot && !seen.isUidSeparate) return fails(setting, 'the stage wrote as root');
  const facts = {
    isolation: rung.isolation,
    isNetworkIsolated: !seen.reachesHost,
    areFilesIsolated: !seen.seesFile,
    isUidSeparate: seen.isUidSeparate,
    because: '',
  };
  return { kind: 'works', facts };
}

function fails({ rung }: ExecutionSetting, because: string): Probed {
  return { kind: 'fails', because: `${rung.label}: ${because}` };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}
