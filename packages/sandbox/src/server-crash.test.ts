import type { ExecutionRequest, Isolation } from '@slipway/ports';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SandboxError } from './sandbox-error.ts';
import { createStageExecutor } from './stage-executor.ts';

const request: ExecutionRequest = {
  ...{ key: 'crash', inputs: [], environment: {}, network: { allow: [] }, outputs: [], secrets: [] },
  ...{ timeoutMs: 60_000, maxOutputBytes: 100_000, trust: 'trusted' },
  commands: ['setsid sleep 72001 & echo half >half; mkdir -m 0 shut; echo ready; sleep 72001'],
};

/** Lets a plain Node run our sources: types are cut away by the compiler as each file is loaded. */
const loader = `
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from ${JSON.stringify(import.meta.resolve('typescript'))};
const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true };
export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const source = ts.transpileModule(readFileSync(fileURLToPath(url), 'utf8'), { compilerOptions: options }).outputText;
  return { format: 'module', shortCircuit: true, source };
}`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'crash-'));
  chmodSync(folder, 0o711);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A server of its own process, killed with SIGKILL as soon as its stage has written `ready`. */
async function crashDuringStage(stateDir: string, isolation: Isolation): Promise<void> {
  writeFileSync(path.join(folder, 'loader.mjs'), loader);
  const main = `
    import { createStageExecutor } from ${JSON.stringify(new URL('./stage-executor.ts', import.meta.url).href)};
    const executor = await createStageExecutor({ stateDir: ${JSON.stringify(stateDir)}, allow: ['${isolation}'] });
    const sinks = { onLog: (chunk) => process.stdout.write(chunk), outputDir: ${JSON.stringify(stateDir)} };
    await executor.execute(${JSON.stringify(request)}, sinks);`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(`file://${folder}/loader.mjs`)});`;
  const server = spawn(
    process.execPath,
    [
      '-C',
      'source',
      '--import',
      `data:text/javascript,${encodeURIComponent(register)}`,
      '--input-type=module',
      '-e',
      main,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await untilReady(server);
  server.kill('SIGKILL');
  await once(server, 'exit');
}

async function untilReady(server: ChildProcess): Promise<void> {
  let text = '';
  for await (const chunk of server.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\nready\n')) return;
  }
  throw new Error(`the server ended early: ${text}`);
}

function survivors(): number {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandLine(pid) === 'sleep\x0072001\0').length;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

describe('a server killed in the middle of a stage', () => {
  it.each(['bubblewrap', 'namespaces', 'none'] as const)(
    'leaves nothing after the next start, on %s',
    async (isolation) => {
      const stateDir = path.join(folder, isolation);
      const probe = await createStageExecutor({ stateDir, allow: [isolation] }).catch((error: unknown) => error);
      if (probe instanceof SandboxError) return;
      await crashDuringStage(stateDir, isolation);
      const workspaces = path.join(stateDir, 'workspaces');
      expect(readdirSync(workspaces)).toHaveLength(1);
      if (isolation !== 'none') {
        // The kernel ends the namespace by itself, without a next start.
        for (let round = 0; round < 100 && survivors() > 0; round++) await pause(10);
        expect(survivors()).toBe(0);
      }

      const executor = await createStageExecutor({ stateDir, allow: [isolation] });

      expect(readdirSync(workspaces)).toEqual([]);
      expect(survivors()).toBe(0);
      const sinks = { onLog: () => undefined, outputDir: stateDir };
      const again = await executor.execute({ ...request, commands: ['test ! -e half'] }, sinks);
      expect(again.exitCode).toBe(0);
    },
  );

  it('leaves nothing to the next run of the same key either', async () => {
    const stateDir = path.join(folder, 'same-key');
    const executor = await createStageExecutor({ stateDir, allow: ['none'] });
    await crashDuringStage(stateDir, 'none');
    expect(survivors()).toBeGreaterThan(0);

    const sinks = { onLog: () => undefined, outputDir: stateDir };
    const again = await executor.execute({ ...request, commands: ['test ! -e half'] }, sinks);

    expect(again.exitCode).toBe(0);
    expect(survivors()).toBe(0);
    expect(readdirSync(path.join(stateDir, 'workspaces'))).toEqual([]);
  });
});
