import { type EnvironmentPolicy, applyRender, awaitRollout, planApply } from '@slipway/operator';
import { parseBranch } from '@slipway/domain';
import { printKey } from '@slipway/manifests';
import { CliError } from '../cli/cli-error.ts';
import type { CommandContext } from '../cli/run-command.ts';
import type { ExitCode } from '../exit-codes.ts';
import { openLocalTarget } from './local-target.ts';
import { renderSource, type RenderedSource } from './render-source.ts';
import type { SyncOptions } from './sync.ts';

/** Applies a render to the local runtime and waits until it was seen healthy. */
export async function sync(context: CommandContext, options: SyncOptions): Promise<ExitCode | undefined> {
  const source = await renderSource(context, options);
  refuseProtected(source);
  const target = await openLocalTarget(context, options.state);
  const { signal } = context;
  const policy = policyOf(source, options);
  const { text } = source.rendered;
  const plan = await planApply(target, policy, { text, signal });
  const applied = await applyRender({ target, checkpoint: () => Promise.resolve() }, policy, { text, signal });
  const actions = [
    ...plan.outcomes.map(({ action, key }) => ({ action, key: printKey(key) })),
    ...plan.remove.map((key) => ({ action: 'removed' as const, key: printKey(key) })),
  ];
  for (const { action, key } of actions) context.progress(`${action} ${key}`);
  if (options.wait !== false) context.progress('Waiting until it is healthy…');
  const end = options.wait === false ? undefined : await awaitRollout(target, policy, { applied, signal });
  const { application, environment, namespace, commit } = source;
  const message = end?.message ?? `Applied ${applied.objects.length} objects; their health was not waited for.`;
  context.answer(
    {
      commit,
      application,
      environment,
      namespace,
      actions,
      written: applied.written,
      isHealthy: end !== undefined,
      message,
    },
    () => `${application}/${environment} at ${commit.slice(0, 12)}: ${applied.written} written. ${message}`,
  );
  return undefined;
}

/** What only the server authorises does not get in past it. */
function refuseProtected(source: RenderedSource): void {
  const [one] = source.isProtectedBy;
  if (one === undefined) return;
  const where = source.path === '' ? 'the root' : source.path;
  throw new CliError(
    'CLI_PATH_PROTECTED',
    `protected path: ${where} writes environment ${one.name} of ${source.application}`,
    {
      facts: { path: source.path, environment: one.name },
    },
  );
}

function policyOf(source: RenderedSource, options: SyncOptions): EnvironmentPolicy {
  const { application, environment, namespace, path } = source;
  return {
    application,
    environment,
    namespace,
    path,
    cloneUrl: options.repo,
    branch: parseBranch('main'),
    rolloutDeadlineMs: options.wait === false ? 0 : options.wait,
  };
}
