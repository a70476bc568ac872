import type { AppConfigView, SpringEnvironment } from '@slipway/api';
import { flattenSettings } from '@slipway/config';
import { type AppConfigInForce, type ReadAppConfig, readAppConfigStanding, textOf } from '@slipway/delivery';
import type { DesiredState } from '@slipway/domain';
import type { ServerServices } from '../server-services.ts';

/** What one environment reads, with its files. */
export async function viewAppConfig(
  services: ServerServices,
  readAppConfig: ReadAppConfig,
  desired: DesiredState,
): Promise<AppConfigView> {
  const { application, environment } = desired;
  const standing = await readAppConfigStanding(services.delivery, desired);
  const inForce = await readAppConfig(desired);
  const pinned = standing?.pinned;
  return {
    application,
    environment,
    ...(standing === undefined ? {} : { repository: standing.repository }),
    ...(inForce === undefined
      ? {}
      : { inForce: { commit: inForce.pin.commit, tree: inForce.pin.tree, revision: inForce.revision } }),
    ...(pinned === undefined ? {} : { pinned: { commit: pinned.commit, tree: pinned.tree } }),
    ...(standing?.head === undefined ? {} : { head: standing.head }),
    files: (inForce?.files ?? []).map(({ path, id, content }) => {
      const text = textOf(content);
      return { path, sizeBytes: content.byteLength, blob: id, ...(text === undefined ? {} : { text }) };
    }),
  };
}

/**
 * What is in force as Spring Cloud Config lays it out.
 *
 * @param label - as it was asked for; null when it was not.
 */
export function springEnvironmentOf(
  place: { readonly application: string; readonly profile: string; readonly label: string | null },
  inForce: AppConfigInForce,
): SpringEnvironment {
  const { pin, files } = inForce;
  const folder = `${pin.repository}/${place.application}/${place.profile}`;
  return {
    name: place.application,
    profiles: [place.profile],
    label: place.label,
    version: pin.commit,
    state: null,
    propertySources: files.flatMap(({ path, content }) => {
      const source = flattenSettings(path, content);
      return source === undefined ? [] : [{ name: `${folder}/${path}`, source: { ...source } }];
    }),
  };
}
