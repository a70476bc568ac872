import type { CommitId, Name } from '@slipway/domain';
import type { Effect } from '@slipway/ports';

/** Name of the effect that brings a code repository's copies of app config up to date; payload `repository`. */
export const bakeAppConfigEffect = 'pipeline.bake-app-config';

/** One look at a code repository for each state of it and of what it copies. */
export function bakeEffect(code: Name, cause: CommitId): Effect {
  return { kind: bakeAppConfigEffect, key: `${code}/bake/${cause}`, payload: { repository: code } };
}
