import path from 'node:path/posix';
import { type AppConfigPin, type DeliveryDefinition, type EnvironmentDefinition, shortCommit } from '@slipway/domain';
import { appConfigFolder, appConfigPinPath } from '@slipway/manifests';
import { DeliveryError } from '../delivery-error.ts';
import type { DeliveryServices } from '../services.ts';
import type { EditableTree } from '../writer/manifest-edit.ts';
import { entriesOf, openAppConfig } from './app-config-folder.ts';

/**
 * Holds the files beside a pin against the app-config repository: nobody changes them by hand and keeps the pin's name.
 *
 * @throws {@link DeliveryError} `APP_CONFIG_PIN_BROKEN` naming the first file that differs; what opening the folder throws.
 */
export async function verifyAppConfigPin(
  services: Pick<DeliveryServices, 'store' | 'openRepository'>,
  facts: {
    readonly tree: EditableTree;
    readonly delivery: DeliveryDefinition;
    readonly environment: EnvironmentDefinition;
    readonly pin: AppConfigPin;
  },
): Promise<void> {
  const { delivery, environment, pin } = facts;
  const broken = (what: string): DeliveryError =>
    new DeliveryError('APP_CONFIG_PIN_BROKEN', `The app config of environment ${environment.name}: ${what}`);
  if (delivery.appConfig?.repository !== pin.repository)
    throw broken(
      `${pin.repository} is pinned, and the delivery file names ${delivery.appConfig?.repository ?? 'none'}`,
    );
  const folder = await openAppConfig(services, { ...pin, application: delivery.application });
  if (folder.pin.tree !== pin.tree)
    throw broken(`${delivery.application} at ${shortCommit(pin.commit)} is tree ${folder.pin.tree}, not ${pin.tree}`);
  const wanted = new Map(entriesOf(folder, environment.name).map((entry) => [entry.path, entry.id]));
  const target = path.join(environment.path, appConfigFolder);
  for (const entry of await facts.tree.list(target)) {
    if (entry.path === appConfigPinPath(environment.path)) continue;
    const name = entry.path.slice(target.length + 1);
    const isFile = entry.mode === '100644' || entry.mode === '100755';
    if (!isFile || wanted.get(name) !== entry.id) throw broken(`${entry.path} is not what the pinned commit holds`);
    wanted.delete(name);
  }
  const [missing] = wanted.keys();
  if (missing !== undefined) throw broken(`${target}/${missing} of the pinned commit is not there`);
}
