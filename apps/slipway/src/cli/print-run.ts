import type { RunView } from '@slipway/api';
import { printable, printDuration, printTable } from './print-table.ts';

/** A run with a line a stage. */
export function printRun(run: Pick<RunView, 'id' | 'phase' | 'conclusion' | 'durationMs' | 'stages'>): string {
  const took = run.durationMs === undefined ? '' : ` in ${printDuration(run.durationMs)}`;
  const rows = run.stages.map((stage) => [
    `  ${stage.name}`,
    stage.conclusion ?? stage.phase,
    stage.durationMs === undefined ? '' : printDuration(stage.durationMs),
    stage.hitOf === undefined ? (stage.message ?? '') : `same content as ${stage.hitOf}`,
  ]);
  return printable(`${run.id}: ${run.conclusion ?? run.phase}${took}\n${printTable(rows)}`);
}
