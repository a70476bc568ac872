import { createHash } from 'node:crypto';
import path from 'node:path';
import { repositoryView } from '@slipway/api';
import { type CommitId, isName, type Name, parseBranch } from '@slipway/domain';
import { createGitHost } from '@slipway/git';
import type { GitRepository } from '@slipway/ports';
import { CliError } from '../../cli/cli-error.ts';
import { headOf } from '../../cli/head-of.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { connectServer } from '../../client/settings.ts';
import type { ExitCode } from '../../exit-codes.ts';
import { remoteOf } from '../manifests/set-image-action.ts';
import type { ProjectAddOptions, repositoryRoles } from './add.ts';

/** Makes the repository and pushes; both may be repeated. */
export async function addProject(
  context: CommandContext,
  [place = '']: readonly string[],
  options: ProjectAddOptions,
): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const name = options.name ?? nameOf(place);
  context.progress('Reading the repository…');
  const { repository, commit } = await fetchSource(context, await remoteOf(place));
  const role = options.role ?? (await roleOf(repository, commit));
  const made = await client.post('/api/v1/repositories', repositoryView, { body: { name, role } });
  context.progress(`Pushing ${commit.slice(0, 12)} to ${made.defaultBranch}…`);
  const outcome = await repository.push(
    { url: `${client.url}/git/${made.name}.git`, credential: { username: 'slipway', password: client.token ?? '' } },
    commit,
    parseBranch(made.defaultBranch),
    { signal: context.signal },
  );
  if (outcome.kind === 'rejected')
    throw new CliError('CLI_CHECKOUT_UNUSABLE', `The server did not take the push to ${name}: ${outcome.reason}`);
  context.answer(
    { ...made, head: commit },
    () => `${name} (${role}) at ${made.cloneUrl}, ${made.defaultBranch} is ${commit}`,
  );
  return undefined;
}

/** A bare copy of what is pushed: the person's repository is only read. */
async function fetchSource(
  context: CommandContext,
  url: string,
): Promise<{ readonly repository: GitRepository; readonly commit: CommitId }> {
  const { signal, environment } = context;
  const name = createHash('sha256').update(url).digest('hex').slice(0, 20);
  const repository = await createGitHost().create(path.join(environment.cacheDir, 'sources', `${name}.git`));
  const head = path.isAbsolute(url) ? await headOf(context, url) : undefined;
  const refspec = head === undefined ? '+refs/heads/main:refs/slipway/head' : `+${head}:refs/slipway/head`;
  await repository.fetch({ url }, [refspec], { signal });
  const commit = await repository.readRef('refs/slipway/head', { signal });
  if (commit === undefined) throw new CliError('CLI_REVISION_UNKNOWN', 'The repository has no commit');
  return { repository, commit };
}

async function roleOf(repository: GitRepository, commit: CommitId): Promise<(typeof repositoryRoles)[number]> {
  const bytes = await repository.readFile(commit, 'slipway.yaml');
  const kind =
    bytes === undefined ? undefined : /^kind:[ \t]*["']?([A-Za-z]+)/m.exec(Buffer.from(bytes).toString())?.[1];
  if (kind === 'Delivery') return 'config';
  if (kind === 'Pipeline') return 'code';
  throw new CliError('CLI_USAGE', 'Its slipway.yaml does not tell what the repository is for: say it with --role');
}

function nameOf(place: string): Name {
  const name = path.basename(place.replace(/\/+$/, ''), '.git');
  const real = isName(name) ? name : path.basename(path.resolve(place));
  if (isName(real)) return real;
  throw new CliError('CLI_USAGE', `No name follows from ${JSON.stringify(place)}: say it with --name`);
}
