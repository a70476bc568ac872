import { diffObjects, printKey } from '@slipway/manifests';
import { planApply } from '@slipway/operator';
import { printable } from '../cli/print-table.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { openLocalTarget } from './local-target.ts';
import { renderSource } from './render-source.ts';
import type { SourceOptions } from './source-options.ts';

/** Prints what `sync` would change; writes nothing. Protected environments may be looked at. */
export async function diff(context: CommandContext, options: SourceOptions): Promise<ExitCode | undefined> {
  const source = await renderSource(context, options);
  const target = await openLocalTarget(context, options.state);
  const plan = await planApply(target, source, { text: source.rendered.text, signal: context.signal });
  const gone = await Promise.all(plan.remove.map((key) => target.get(key, { signal: context.signal })));
  const changes = [
    ...plan.outcomes
      .filter(({ action }) => action !== 'unchanged')
      .map(({ key, action, before, object }) => ({ key: printKey(key), action, diff: diffObjects(before, object) })),
    ...plan.remove.map((key, at) => ({
      key: printKey(key),
      action: 'removed' as const,
      diff: diffObjects(gone[at], undefined),
    })),
  ];
  const { application, environment, namespace, commit } = source;
  context.answer({ commit, application, environment, namespace, changes }, () =>
    printable(changes.map((change) => change.diff || `${change.action} ${change.key}\n`).join('')),
  );
  if (changes.length === 0) context.progress('Nothing differs.');
  return changes.length === 0 ? undefined : exitCodes.failed;
}
