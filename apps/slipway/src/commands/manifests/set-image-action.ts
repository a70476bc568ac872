import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setImageView } from '@slipway/api';
import { type LandedEdit, setImageInRepository } from '@slipway/delivery';
import { parseCommitId } from '@slipway/domain';
import { createGitHost } from '@slipway/git';
import { CliError } from '../../cli/cli-error.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { apiPath, createApiClient } from '../../client/api-client.ts';
import { findServer } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';
import type { SetImageOptions } from './set-image.ts';

const queueMs = 300_000;

/** Pins images through the server's queue where the repository is the server's own, else by itself. */
export async function setImage(context: CommandContext, options: SetImageOptions): Promise<ExitCode | undefined> {
  const { kustomization = [], file = [] } = options;
  if (kustomization.length + file.length === 0)
    throw new CliError('CLI_USAGE', 'There is nothing to edit: neither --kustomization nor --file is given');
  const landed = await land(context, { ...options, kustomization: kustomization.map(inTree), file: file.map(inTree) });
  const { commit, isChange, isReplay, paths } = landed;
  context.answer({ commit, isChange, isReplay, paths }, () => commit);
  if (isReplay) context.progress('This change had landed before: nothing was done again.');
  else if (!isChange) context.progress('The branch says so already: no commit was needed.');
  return undefined;
}

/** `./overlays/dev/` and `overlays/dev` are the same folder of the repository; leaving it is refused by Git's own rules. */
function inTree(text: string): string {
  const normal = path.posix.normalize(text).replace(/\/$/, '');
  return normal === '.' ? '' : normal;
}

async function land(
  context: CommandContext,
  options: SetImageOptions & Required<Pick<SetImageOptions, 'kustomization' | 'file'>>,
): Promise<LandedEdit> {
  const server = await findServer(context, options);
  const name = server === undefined ? undefined : repositoryOf(server.url, options.repo);
  if (server !== undefined && name !== undefined && server.token === undefined)
    throw new CliError('CLI_NOT_LOGGED_IN', `Nobody is logged in at ${server.url}`);
  if (server !== undefined && name !== undefined) {
    const client = createApiClient({ ...server, signal: context.signal });
    const answer = await client.post(apiPath`/api/v1/repositories/${name}/set-image`, setImageView, {
      timeoutMs: queueMs,
      body: {
        id: options.change ?? randomUUID(),
        branch: options.branch,
        folders: options.kustomization,
        files: options.file,
        pins: options.image,
        author: options.author,
      },
    });
    return { ...answer, commit: parseCommitId(answer.commit) };
  }
  return setImageInRepository({
    git: createGitHost(),
    mirrorDir: path.join(context.environment.cacheDir, 'mirrors'),
    remote: { url: await remoteOf(options.repo) },
    branch: options.branch,
    folders: options.kustomization,
    files: options.file,
    pins: options.image,
    author: options.author,
    committer: options.committer ?? options.author,
    ...(options.change === undefined ? {} : { id: options.change }),
    now: () => new Date().toISOString(),
    signal: context.signal,
  });
}

/** Name of a repository of the server's own forge; absent for any other address. */
export function repositoryOf(server: string, repo: string): string | undefined {
  if (!URL.canParse(repo) || new URL(repo).origin !== server) return undefined;
  return /^\/git\/([a-z0-9-]+?)(?:\.git)?\/?$/.exec(new URL(repo).pathname)?.[1];
}

/** A folder as an absolute path, so that Git takes it for one; a URL as it is. */
export async function remoteOf(repo: string): Promise<string> {
  if (/^https?:\/\//.test(repo)) return repo;
  const folder = path.resolve(repo);
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new CliError('CLI_FILE_UNREADABLE', `There is no repository at ${repo}`);
  return folder;
}
