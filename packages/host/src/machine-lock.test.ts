import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram, takeMachineLock, withMachineLock } from './index.ts';

let folder: string;
beforeAll(async () => {
  // Other processes run what is built.
  const compiler = path.join(path.dirname(createRequire(import.meta.url).resolve('tsc7/package.json')), 'bin/tsc');
  const packageDir = fileURLToPath(new URL('..', import.meta.url));
  await runProgram(process.execPath, [compiler, '-b', packageDir], { cwd: packageDir });
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-lock-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A process of its own that takes the lock, says so and keeps it until it dies. */
function keeper(file: string): ChildProcess {
  const script = `
    const { takeMachineLock } = await import(process.argv[1]);
    await takeMachineLock(process.argv[2]);
    process.stdout.write('held');
    setTimeout(() => undefined, 20_000);
  `;
  const built = new URL('../dist/index.js', import.meta.url).href;
  const args = ['--input-type=module', '-e', script, built, file];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('takeMachineLock', () => {
  it('lets one holder in at a time', async () => {
    const file = path.join(folder, 'turns');
    const counter = path.join(folder, 'counter');
    await writeFile(counter, '0');

    // Read, wait and write again would lose counts if two were in.
    await Promise.all(
      Array.from({ length: 20 }, () =>
        withMachineLock(file, {}, async () => {
          const count = Number(await readFile(counter, 'utf8'));
          await sleep(2);
          await writeFile(counter, String(count + 1));
        }),
      ),
    );

    expect(await readFile(counter, 'utf8')).toBe('20');
  });

  it('is given on when its owner is killed without a word', async () => {
    const file = path.join(folder, 'killed');
    const owner = keeper(file);
    if (owner.stdout === null) throw new Error('no output');
    await once(owner.stdout, 'data');
    const waiting = takeMachineLock(file);
    const early = await Promise.race([waiting.then(() => 'taken'), sleep(150, 'waiting')]);

    owner.kill('SIGKILL');
    const lock = await waiting;

    expect(early).toBe('waiting');
    await lock.release();
  });

  it('stops waiting when it is told to, and leaves the lock to others', async () => {
    const file = path.join(folder, 'aborted');
    const first = await takeMachineLock(file);
    const stop = new AbortController();
    const waiting = takeMachineLock(file, { signal: stop.signal });

    stop.abort(new Error('enough'));

    await expect(waiting).rejects.toThrow('enough');
    await first.release();
    await (await takeMachineLock(file)).release();
  });

  it('says so when the file cannot be locked', async () => {
    const taken = takeMachineLock(path.join(folder, 'no-such-folder', 'lock'));

    await expect(taken).rejects.toMatchObject({ code: 'PROCESS_FAILED' });
  });

  it('gives the lock back when the work under it throws', async () => {
    const file = path.join(folder, 'throws');

    const failed = withMachineLock(file, {}, () => Promise.reject(new Error('work')));

    await expect(failed).rejects.toThrow('work');
    await (await takeMachineLock(file)).release();
  });
});
