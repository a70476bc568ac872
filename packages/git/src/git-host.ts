import type { GitHost, GitRepository } from '@slipway/ports';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { gitEnvironment } from './git-environment.ts';
import { GitError } from './git-error.ts';
import { openGitProgram, runGit } from './git-program.ts';
import { createRepository } from './repository.ts';

const config = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
[receive]
\tautogc = false
\tfsckObjects = true
[transfer]
\tfsckObjects = true
`;

/** A draft older than this belongs to a process that died. */
const draftLifeMs = 600_000;

/**
 * Repositories through the Git program (2.39 or newer), each used as its owner.
 *
 * @param options - `gitProgram`: a name on PATH or an absolute path. @default 'git'
 */
export function createGitHost(options: { readonly gitProgram?: string } = {}): GitHost {
  const { gitProgram = 'git' } = options;
  const openRepository: GitHost['open'] = async (gitDir, { quarantine } = {}) => {
    await checkRepository(gitDir, quarantine);
    return createRepository(await openGitProgram({ gitProgram, gitDir, quarantine }));
  };
  return {
    open: openRepository,
    async create(gitDir): Promise<GitRepository> {
      checkFolder(gitDir);
      if (!(await isRepository(gitDir))) await makeRepository(gitProgram, gitDir);
      return openRepository(gitDir);
    },
  };
}

/** Made beside its place and moved there: a crash leaves no half of a repository under the name. */
async function makeRepository(gitProgram: string, gitDir: string): Promise<void> {
  const parent = path.dirname(gitDir);
  const prefix = `.${path.basename(gitDir)}.draft-`;
  await mkdir(parent, { recursive: true });
  await sweepDrafts(parent, prefix);
  const draft = path.join(parent, prefix + randomBytes(6).toString('hex'));
  try {
    const args = ['init', '--quiet', '--bare', '--initial-branch=main', '--template=', '--', draft];
    await runGit(gitProgram, args, { environment: gitEnvironment(), cwd: '/' });
    const file = await open(path.join(draft, 'config'), 'w', 0o644);
    await file.writeFile(config);
    await file.sync();
    await file.close();
    await rename(draft, gitDir);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Somebody else made it meanwhile.
    if (!(await isRepository(gitDir))) throw error;
  }
}

async function sweepDrafts(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const draft = path.join(parent, name);
    const found = await stat(draft).catch(() => undefined);
    const isOld = found !== undefined && Date.now() - found.mtimeMs > draftLifeMs;
    if (isOld) await rm(draft, { recursive: true, force: true });
  }
}

async function checkRepository(gitDir: string, quarantine: string | undefined): Promise<void> {
  checkFolder(gitDir);
  if (!(await isRepository(gitDir))) throw new GitError('GIT_REPOSITORY_MISSING', `${gitDir} is not a repository`);
  const objects = path.join(gitDir, 'objects') + path.sep;
  if (quarantine === undefined || (path.normalize(quarantine) === quarantine && quarantine.startsWith(objects))) return;
  throw new GitError('GIT_INPUT_REFUSED', `${quarantine} is not a quarantine of ${gitDir}`);
}

function checkFolder(gitDir: string): void {
  if (path.isAbsolute(gitDir) && !gitDir.includes('\0')) return;
  throw new GitError('GIT_INPUT_REFUSED', `${JSON.stringify(gitDir)} is not an absolute folder`);
}

async function isRepository(gitDir: string): Promise<boolean> {
  const isThere = async (name: string): Promise<boolean> =>
    (await stat(path.join(gitDir, name)).catch(() => undefined)) !== undefined;
  const found = await Promise.all(['HEAD', 'objects', 'refs', 'config'].map(isThere));
  return found.every(Boolean);
}
