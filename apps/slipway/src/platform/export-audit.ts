import { signCheckpoint, writeBundle } from '@slipway/evidence';
import { readLogStatements, readLogTree } from './log-tree.ts';
import { productionRequirements } from './production-requirements.ts';
import type { DataSide } from './start-data.ts';
import { logOrigin } from './upkeep.ts';

/** The evidence bundle of a period, file by file; the log is sealed first, so that everything recorded is in it. */
export async function exportAudit(
  data: Pick<DataSide, 'store' | 'key'>,
  period: { readonly from: string; readonly to: string },
): Promise<Readonly<Record<string, string>>> {
  const size = await data.store.sequence();
  const tree = await readLogTree(data.store, size);
  const statements = await readLogStatements(data.store, size);
  const files: Record<string, string> = {};
  const sink = (name: string, bytes: Uint8Array | string): Promise<void> => {
    files[name] = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString();
    return Promise.resolve();
  };
  await writeBundle(sink, {
    statements,
    checkpoint: signCheckpoint({ origin: logOrigin, size, root: tree.rootAt(size) }, data.key.signing.privateKey),
    origin: logOrigin,
    period,
    signingKey: data.key.signing.privateKey,
    requirements: productionRequirements,
  });
  return files;
}
