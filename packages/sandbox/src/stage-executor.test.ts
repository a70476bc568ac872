import type { Isolation } from '@slipway/ports';
import { stageExecutorContract } from '@slipway/ports/contract';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'vitest';
import { SandboxError } from './sandbox-error.ts';
import { createStageExecutor } from './stage-executor.ts';

const isRoot = process.getuid?.() === 0;
const ways: readonly (readonly [string, Isolation, boolean])[] = [
  ['bubblewrap', 'bubblewrap', true],
  ['namespaces', 'namespaces', true],
  ['none', 'none', true],
  ...(isRoot
    ? ([
        ['bubblewrap without user namespaces', 'bubblewrap', false],
        ['namespaces without user namespaces', 'namespaces', false],
      ] as const)
    : []),
];

for (const [name, isolation, mayUseUserNamespaces] of ways) {
  const because = await whyUnavailable(isolation, mayUseUserNamespaces);
  if (because === undefined) {
    stageExecutorContract(name, async () => {
      const stateDir = passableFolder();
      const executor = await createStageExecutor({ stateDir, allow: [isolation], mayUseUserNamespaces });
      return { executor, close: async () => rmSync(stateDir, { recursive: true, force: true }) };
    });
  } else {
    it.skip(`${name}: ${because}`, () => undefined);
  }
}

function passableFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'sandbox-'));
  chmodSync(folder, 0o711);
  return folder;
}

async function whyUnavailable(isolation: Isolation, mayUseUserNamespaces: boolean): Promise<string | undefined> {
  const stateDir = passableFolder();
  try {
    await createStageExecutor({ stateDir, allow: [isolation], mayUseUserNamespaces });
    return undefined;
  } catch (error) {
    if (error instanceof SandboxError && error.code === 'SANDBOX_UNAVAILABLE') return error.message;
    throw error;
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}
