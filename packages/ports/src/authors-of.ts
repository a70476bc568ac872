import type { RecordReader } from './store.ts';

/**
 * Accounts that changes come from: who opened the pull request that brought each, else who pushed it. Commit metadata is no account.
 *
 * @param changes - ids; one that is not known is left out.
 */
export async function authorsOf(
  reader: Pick<RecordReader, 'get'>,
  changes: readonly string[],
): Promise<readonly string[]> {
  const authors = new Set<string>();
  for (const id of changes) {
    const change = (await reader.get('change', id))?.value;
    if (change === undefined) continue;
    const { repository, pullRequest, pusher } = change;
    const request =
      pullRequest === undefined ? undefined : (await reader.get('pullRequest', `${repository}#${pullRequest}`))?.value;
    authors.add(request?.author ?? pusher);
  }
  return [...authors];
}
