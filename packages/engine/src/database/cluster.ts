import { HostError, runProgram } from '@slipway/host';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../engine-error.ts';
import { makeDraft } from './drafts.ts';
import type { DatabasePrograms } from './programs.ts';
import type { ServerUser } from './server-user.ts';

/** Name of the account that everything of ours connects with. */
export const accountName = 'slipway';

interface Cluster {
  /** Data folder. */
  readonly data: string;
  readonly password: string;
}

/**
 * The data folder, made by initdb in a draft and renamed, so that one of the final name is whole.
 *
 * @param folder - ours; holds the data folder and the password, which only we can read.
 * @throws {@link EngineError} `DATABASE_PASSWORD_MISSING`, `DATABASE_VERSION_MISMATCH`, `DATABASE_START_FAILED`.
 */
export async function ensureCluster(folder: string, programs: DatabasePrograms, user: ServerUser): Promise<Cluster> {
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  if (existsSync(path.join(data, 'PG_VERSION'))) {
    await checkVersion(data, programs);
    return { data, password: await readPassword(passwordFile) };
  }
  // Before the data: a crash between the two leaves a password that the next start uses.
  await writeOnce(passwordFile, randomBytes(24).toString('hex'));
  const password = await readPassword(passwordFile);
  await initialise({ data, password, folder }, programs, user);
  return { data, password };
}

async function initialise(
  cluster: Cluster & { readonly folder: string },
  programs: DatabasePrograms,
  user: ServerUser,
): Promise<void> {
  const draft = await makeDraft(cluster.folder, 0o700);
  const handover = path.join(draft, 'password');
  const data = path.join(draft, 'data');
  try {
    await writeFile(handover, cluster.password, { mode: 0o600 });
    for (const made of [handover, draft]) await chown(made, user.uid, user.gid);
    const options = ['-D', data, '-U', accountName, '-A', 'scram-sha-256', `--pwfile=${handover}`];
    await runProgram(programs.initdb, [...options, '--encoding=UTF8', '--locale=C', '--no-instructions'], {
      cwd: '/',
      timeoutMs: 120_000,
      ...user.drop,
    });
    await rename(data, cluster.data).catch((error: unknown) => {
      // A sibling start was faster: its folder is as good.
      if (!existsSync(path.join(cluster.data, 'PG_VERSION'))) throw error;
    });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new EngineError('DATABASE_START_FAILED', `initdb failed: ${error.message}`, { cause: error });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function checkVersion(data: string, programs: DatabasePrograms): Promise<void> {
  const written = (await readFile(path.join(data, 'PG_VERSION'), 'utf8')).trim();
  if (Number(written) === programs.major) return;
  throw new EngineError(
    'DATABASE_VERSION_MISMATCH',
    `${data} was written by PostgreSQL ${written}, the programs are ${programs.major}`,
  );
}

async function readPassword(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (/^[0-9a-f]{48}$/.test(text)) return text;
  throw new EngineError('DATABASE_PASSWORD_MISSING', `${file} does not hold the database's password`);
}

/** The first writer wins: of two starts at once both go on with one content. */
async function writeOnce(file: string, content: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, content, { mode: 0o600, flag: 'wx', flush: true });
    await link(draft, file).catch((error: unknown) => {
      if (!existsSync(file)) throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
}
