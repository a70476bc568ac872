import { identifyProcess } from '@slipway/host';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

const shape = /^\.draft-(\d+)-(\d+)-[0-9a-f]+$/;

/** A folder for work that a rename completes; its name tells whose it is. */
export async function makeDraft(folder: string, mode: number): Promise<string> {
  const started = identifyProcess(process.pid)?.startedAtTicks ?? 0;
  const draft = path.join(folder, `.draft-${process.pid}-${started}-${randomBytes(4).toString('hex')}`);
  await mkdir(draft, { mode });
  await chmod(draft, mode);
  return draft;
}

/** Removes the drafts of processes that ended before they could. */
export async function removeDeadDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid, started] = shape.exec(name) ?? [];
    if (pid === undefined || identifyProcess(Number(pid))?.startedAtTicks === Number(started)) continue;
    // An initdb that outlived its starter may still write there; the next start tries again.
    await rm(path.join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
