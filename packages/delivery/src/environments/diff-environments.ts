import { CodedError, type CommitId, type Name } from '@slipway/domain';
import { diffRenders, renderEnvironment, treeAt } from '@slipway/manifests';
import type { DeliveryServices } from '../services.ts';
import { readDelivery } from './read-delivery.ts';

/** What one environment renders to, before and after; secrets are masked. */
export interface EnvironmentDiff {
  readonly environment: string;
  /** Unified, by object; empty when nothing differs. */
  readonly diff: string;
  /** Why one side does not render. */
  readonly fault?: string;
}

/** The rendered difference between two commits of a config repository, for every environment of the newer one. */
export async function diffEnvironments(
  services: Pick<DeliveryServices, 'openRepository' | 'renderer'>,
  repositoryName: Name,
  commits: { readonly base: CommitId; readonly head: CommitId },
): Promise<readonly EnvironmentDiff[]> {
  const repository = await services.openRepository(repositoryName);
  const head = treeAt(repository, commits.head);
  const base = treeAt(repository, commits.base);
  const { environments } = await readDelivery(head);
  const diffs: EnvironmentDiff[] = [];
  for (const environment of environments) {
    try {
      const after = await renderEnvironment(services.renderer, head, environment);
      const before = await renderEnvironment(services.renderer, base, environment).catch(() => undefined);
      diffs.push({ environment: environment.name, diff: diffRenders(before?.text ?? '', after.text) });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      diffs.push({ environment: environment.name, diff: '', fault: error.message });
    }
  }
  return diffs;
}
