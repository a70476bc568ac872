import type { Promotion, Release } from '@slipway/domain';
import type { DeliveryServices } from '../services.ts';
import { checkAppConfig, openAppConfig, readAppConfigFiles } from './app-config-folder.ts';
import type { AppConfigSource } from './pin-in-folder.ts';

/** The files that an environment gets of a release's app config; checked again, for they may not be ours alone. */
export async function appConfigOfRelease(
  services: DeliveryServices,
  { application, environment }: Pick<Promotion, 'application' | 'environment'>,
  release: Release,
): Promise<{ readonly appConfig?: AppConfigSource }> {
  if (release.appConfig === undefined) return {};
  const folder = await openAppConfig(services, { ...release.appConfig, application });
  await checkAppConfig(folder, [environment]);
  return { appConfig: { pin: release.appConfig, files: await readAppConfigFiles(folder, environment) } };
}
