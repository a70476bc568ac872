import {
  decideWindow,
  type DesiredState,
  freezesOf,
  type Hold,
  standingHolds,
  type WindowDecision,
} from '@slipway/domain';
import type { RecordReader } from './store.ts';

/** Reads what keeps new things out of an environment now: its holds, windows and freezes. */
export async function readEntryFacts(
  reader: RecordReader,
  place: Pick<DesiredState, 'application' | 'environment' | 'definition'>,
  now: string,
): Promise<{ readonly holds: readonly Hold[]; readonly window: WindowDecision }> {
  const { application, environment, definition } = place;
  const [holds, freezes] = await Promise.all([
    reader.list('hold', { match: { application, environment } }),
    reader.list('freeze'),
  ]);
  return {
    holds: standingHolds(holds.map(({ value }) => value)),
    window: decideWindow({
      windows: definition.windows,
      freezes: freezesOf(
        freezes.map(({ value }) => value),
        { application, environment: definition },
      ),
      now,
    }),
  };
}
