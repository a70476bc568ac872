import { metricsView } from '@slipway/api';
import { printable, printTable } from '../cli/print-table.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { connectServer } from '../client/settings.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { MetricsOptions } from './metrics.ts';

/** Prints measured points with the labels that tell them apart. */
export async function metrics(context: CommandContext, options: MetricsOptions): Promise<ExitCode | undefined> {
  const client = await connectServer(context, options);
  const query = { run: options.run, name: options.name, limit: options.limit };
  const view = await client.get('/api/v1/metrics', metricsView, { query });
  context.answer(view, () =>
    printable(
      printTable(
        view.points.map(({ at, name, value, unit, labels }) => {
          const shown = Object.entries(labels).filter(([label]) => label !== 'run' || options.run === undefined);
          return [at, name, `${Number(value.toFixed(4))} ${unit}`, shown.map((pair) => pair.join('=')).join(' ')];
        }),
      ),
    ),
  );
  return undefined;
}
