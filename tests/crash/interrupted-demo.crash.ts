import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { Installation, program } from './driver/installation.ts';
import { waitFor } from './driver/outside.ts';

let installation: Installation;
let demo: ChildProcess;
let said = '';
afterEach(async () => {
  demo.kill('SIGKILL');
  await installation.remove();
});

it.each([
  ['while everything starts', 'Slipway demo'],
  ['in the midst of an act', '── 1 Pull request'],
])('a demo that is interrupted %s ends at once and leaves no process behind', async (_when, line) => {
  installation = await Installation.create(7_617);
  said = '';
  const args = [program, 'demo', '--headless', '--state', installation.stateDir, '--port', '7617'];
  demo = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  demo.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => demo.once('exit', resolve));
  await waitFor(line, () => Promise.resolve(said.includes(line) ? true : undefined));

  demo.kill('SIGINT');

  expect(await ended).toBe(130);
  expect(await installation.processes()).toEqual([]);
});
