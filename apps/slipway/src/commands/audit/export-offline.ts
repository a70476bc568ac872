import pino from 'pino';
import { startDatabase, useDatabase } from '@slipway/engine';
import { createStatementSigner } from '@slipway/evidence';
import { InvariantError } from '@slipway/domain';
import { createStore } from '@slipway/store';
import type { CommandContext } from '../../cli/run-command.ts';
import { exportAudit } from '../../platform/export-audit.ts';
import { openServerKey } from '../../platform/signing-keys.ts';
import { openStateFolder } from '../../platform/state-folder.ts';

/** The bundle of an installation whose server is down: its database is started for this and stopped again, no effect runs. */
export async function exportOffline(
  context: CommandContext,
  stateDir: string,
  period: { readonly from: string; readonly to: string },
): Promise<Readonly<Record<string, string>>> {
  const { databaseUrl, metricsUrl, pgBin } = context.environment;
  const folder = await openStateFolder(stateDir);
  const key = await openServerKey(folder);
  context.progress('The server is down: starting its database…');
  const database =
    databaseUrl === undefined
      ? await startDatabase({ stateDir: folder.root, pgBin })
      : await useDatabase({ url: databaseUrl, metricsUrl });
  try {
    const log = pino({ base: { part: 'export' } }, pino.destination(2));
    const store = await createStore({
      url: database.url,
      signer: createStatementSigner({ privateKey: key.signing.privateKey, keyId: key.fingerprint }),
      effects: { enqueue: () => Promise.reject(new InvariantError('an export starts no effect')) },
      clock: () => new Date().toISOString(),
      onError: (error) => log.error({ err: error }, 'store fault'),
    });
    try {
      return await exportAudit({ store, key }, period);
    } finally {
      await store.close();
    }
  } finally {
    if (!database.wasAdopted) await database.stop();
  }
}
