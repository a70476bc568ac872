import { identifyProcess, isAlive, type ProcessIdentity } from '@slipway/host';
import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isFields } from '../objects/field-reader.ts';
import { RuntimeError } from '../runtime-error.ts';

const lockName = 'runtime.json';

/** The runtime of a state folder that lives. */
export async function findRuntime(runtimeDir: string): Promise<ProcessIdentity | undefined> {
  const identity = await readIdentity(path.join(runtimeDir, lockName));
  return identity !== undefined && isAlive(identity) ? identity : undefined;
}

/**
 * Makes us the one runtime of a state folder. The file is linked into place whole, so two that start at once cannot both have it.
 *
 * @returns gives the place back.
 * @throws {@link RuntimeError} `RUNTIME_ALREADY_RUNNING`; the fact `pid` is the other one.
 */
export async function becomeRuntime(runtimeDir: string): Promise<() => Promise<void>> {
  const file = path.join(runtimeDir, lockName);
  const mine = path.join(runtimeDir, `.${lockName}.${randomBytes(6).toString('hex')}`);
  await writeFile(mine, JSON.stringify(identifyProcess(process.pid)), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const isMine = await link(mine, file).then(
        () => true,
        () => false,
      );
      if (isMine) return () => rm(file, { force: true });
      await setAsideDead(file);
    }
    throw new RuntimeError('RUNTIME_ALREADY_RUNNING', 'other runtimes start at the same time');
  } finally {
    await rm(mine, { force: true });
  }
}

async function setAsideDead(file: string): Promise<void> {
  const found = await readIdentity(file);
  if (found !== undefined && isAlive(found)) {
    throw new RuntimeError(
      'RUNTIME_ALREADY_RUNNING',
      `a runtime of this state folder runs already (pid ${found.pid})`,
      { facts: { pid: found.pid } },
    );
  }
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  const isMoved = await rename(file, aside).then(
    () => true,
    () => false,
  );
  if (!isMoved) return;
  // Between our look and our move somebody may have taken the place: it is theirs.
  const moved = await readIdentity(aside);
  if (moved !== undefined && isAlive(moved)) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

async function readIdentity(file: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  return isFields(value) ? { pid: Number(value['pid']), startedAtTicks: Number(value['startedAtTicks']) } : undefined;
}
