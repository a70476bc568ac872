import path from 'node:path';
import { ConfigError, parseDelivery } from '@slipway/config';
import {
  type CommitId,
  type DeliveryDefinition,
  type EnvironmentDefinition,
  isCommitId,
  isName,
  type Name,
  upstreamOf,
} from '@slipway/domain';
import { createGitHost } from '@slipway/git';
import { parseObjects, type RenderedEnvironment, renderEnvironment, treeAt } from '@slipway/manifests';
import type { GitRepository } from '@slipway/ports';
import { createKubectlRenderer } from '@slipway/renderer';
import { createHash } from 'node:crypto';
import { CliError } from '../cli/cli-error.ts';
import { headOf } from '../cli/head-of.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { remoteOf } from './manifests/set-image-action.ts';
import type { SourceOptions } from './source-options.ts';

/** A folder of a repository, rendered, with the names it goes by on the target. */
export interface RenderedSource {
  readonly commit: CommitId;
  readonly path: string;
  readonly rendered: RenderedEnvironment;
  readonly application: Name;
  readonly environment: Name;
  readonly namespace: Name;
  /** Environments that only the server may write and that this render belongs to or reaches into. */
  readonly isProtectedBy: readonly EnvironmentDefinition[];
}

/** Fetches, renders with the pinned renderer, and finds out what the render is. */
export async function renderSource(context: CommandContext, options: SourceOptions): Promise<RenderedSource> {
  const { signal, environment } = context;
  context.progress('Rendering…');
  const { repository, commit } = await openRevision(context, options);
  const folder = treePath(options.path);
  const renderer = await createKubectlRenderer({
    stateDir: path.join(environment.cacheDir, 'rendering'),
    ...(environment.kubectl === undefined ? {} : { kubectlPath: environment.kubectl }),
  });
  signal.throwIfAborted();
  const rendered = await renderEnvironment(renderer, treeAt(repository, commit), { path: folder });
  const delivery = await findDelivery(repository, commit);
  const own = delivery?.environments.find((one) => treePath(one.path) === folder);
  const namespace = options.namespace ?? own?.namespace ?? onlyNamespace(rendered.text);
  return {
    commit,
    path: folder,
    rendered,
    application:
      options.application ?? delivery?.application ?? nameFrom(path.basename(options.repo, '.git'), 'application'),
    environment: options.environment ?? own?.name ?? nameFrom(path.posix.basename(folder), 'environment'),
    namespace,
    isProtectedBy: protectors(delivery, { folder, namespace, closure: rendered.paths, name: options.environment }),
  };
}

/**
 * An environment with an upstream, or of class protected, gets in only what the server authorised. It is meant when its folder
 * is rendered, when another folder draws files of it in, and when its namespace or its owner label is the aim.
 */
function protectors(
  delivery: DeliveryDefinition | undefined,
  aim: {
    readonly folder: string;
    readonly namespace: Name;
    readonly closure: readonly string[];
    readonly name: Name | undefined;
  },
): readonly EnvironmentDefinition[] {
  if (delivery === undefined) return [];
  return delivery.environments.filter((one) => {
    const isGuarded = one.class === 'protected' || upstreamOf(delivery, one.name) !== undefined;
    const folder = treePath(one.path);
    const isReached = aim.folder === folder || aim.closure.some((file) => file.startsWith(`${folder}/`));
    return isGuarded && (isReached || aim.namespace === one.namespace || aim.name === one.name);
  });
}

/** A path of the repository in its one spelling. @throws {@link CliError} `CLI_USAGE` when it leaves the repository. */
export function treePath(text: string): string {
  const normal = path.posix.normalize(text).replace(/\/+$/, '');
  if (path.posix.isAbsolute(normal) || normal === '..' || normal.startsWith('../'))
    throw new CliError('CLI_USAGE', `${JSON.stringify(text)} is not a folder of the repository`);
  return normal === '.' ? '' : normal;
}

async function openRevision(
  context: CommandContext,
  options: SourceOptions,
): Promise<{ readonly repository: GitRepository; readonly commit: CommitId }> {
  const { signal, environment } = context;
  const url = await remoteOf(options.repo);
  const name = createHash('sha256').update(url).digest('hex').slice(0, 20);
  const repository = await createGitHost().create(path.join(environment.cacheDir, 'sources', `${name}.git`));
  const head = options.revision === undefined && path.isAbsolute(url) ? await headOf(context, url) : undefined;
  const refspecs = [
    '+refs/heads/*:refs/remotes/origin/*',
    ...(head === undefined ? [] : [`+${head}:refs/slipway/head`]),
  ];
  await repository.fetch({ url }, refspecs, { signal });
  const wanted = head ?? options.revision ?? 'main';
  const commit = isCommitId(wanted)
    ? await repository.resolve(wanted, { signal })
    : await repository.readRef(`refs/remotes/origin/${wanted}`, { signal });
  if (commit === undefined) throw new CliError('CLI_REVISION_UNKNOWN', `${options.repo} has no revision ${wanted}`);
  return { repository, commit };
}

/** A file of another kind makes no environments; a broken delivery file stops everything, since it may protect this path. */
async function findDelivery(repository: GitRepository, commit: CommitId): Promise<DeliveryDefinition | undefined> {
  const bytes = await repository.readFile(commit, 'slipway.yaml');
  if (bytes === undefined) return undefined;
  const text = Buffer.from(bytes).toString();
  try {
    return parseDelivery(text, 'slipway.yaml');
  } catch (error) {
    if (error instanceof ConfigError && /^kind:[ \t]*["']?Pipeline["']?[ \t]*$/m.test(text) && !/Delivery/.test(text))
      return undefined;
    throw error;
  }
}

function onlyNamespace(text: string): Name {
  const objects = parseObjects(text);
  const names = new Set(
    objects.map((object) => (object.kind === 'Namespace' ? object.metadata.name : (object.metadata.namespace ?? ''))),
  );
  const [only = '', ...others] = names;
  if (others.length === 0 && isName(only)) return only;
  throw new CliError(
    'CLI_NAMESPACE_UNKNOWN',
    `The manifests are for ${names.size} namespaces, so none is the one to write`,
  );
}

function nameFrom(text: string, what: string): Name {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  if (isName(name)) return name;
  throw new CliError('CLI_USAGE', `No name of the ${what} follows from ${JSON.stringify(text)}: say it with --${what}`);
}
