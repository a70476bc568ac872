import type { UnprivilegedUser } from '@slipway/host';
import path from 'node:path';
import { planHostNode, planImageRoot, type ContainerCommand } from './plan-command.ts';
import { composeEnvironment } from './pod-environment.ts';
import type { PodRecord } from './pod-record.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { makeView, planMounts, writeVolumes } from './volumes.ts';

export interface PreparedContainer {
  readonly command: ContainerCommand;
  readonly env: Readonly<Record<string, string>>;
}

const imagePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Writes what the container finds and decides how it starts; done anew at each start, so that changed ConfigMaps count.
 *
 * @throws RuntimeError `RUNTIME_POD_CONFIG`, `RUNTIME_IMAGE_NOT_RUNNABLE`, and what pulling throws.
 */
export async function prepareContainer(
  record: PodRecord,
  around: PodSurroundings,
  user: UnprivilegedUser | undefined,
): Promise<PreparedContainer> {
  const { template, name, namespace } = record;
  const { container } = template;
  const image = await around.images.image(container.image, around.signal);
  const configMaps = around.configMaps(namespace);
  const services = template.enableServiceLinks ? around.services(namespace) : [];
  const composed = composeEnvironment({
    pod: { name, namespace },
    image: image.config.env,
    container,
    services,
    configMaps,
    secrets: around.secrets(namespace),
  });
  const shared = record.sharedPort === undefined ? {} : { PORT: String(record.sharedPort), HOST: '127.0.0.1' };
  const podDir = around.folders.path(record.id);
  const tmpDir = path.join(podDir, 'tmp');
  const mounts = await writeVolumes(podDir, template, { configMaps, user });
  const { rootDir, config } = image;
  if (around.machine.root === 'image') {
    const command = planImageRoot({ image: config, container, mounts: await planMounts(rootDir, mounts, tmpDir) });
    return { command, env: { PATH: imagePath, HOME: '/tmp', ...composed, ...shared } };
  }
  const { nodePath } = around.machine;
  const viewDir = await makeView({ rootDir, viewDir: path.join(podDir, 'view'), image: config, mounts });
  // The image's PATH means folders of the image, which are elsewhere here.
  const own = { HOME: tmpDir, TMPDIR: tmpDir, ...composed, PATH: `${path.dirname(nodePath)}:/usr/bin:/bin` };
  return {
    command: planHostNode({ image: config, container, rootDir: viewDir, nodePath }),
    env: { ...own, ...shared },
  };
}
