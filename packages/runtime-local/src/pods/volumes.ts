import { writeAtomically, type UnprivilegedUser } from '@slipway/host';
import { link, lstat, mkdir, readdir, readlink, rm, symlink, chmod } from 'node:fs/promises';
import path from 'node:path';
import type { ImageConfig } from '../images/image-config.ts';
import { parseEntryPath, resolveInRoot } from '../images/root-path.ts';
import type { PodTemplate, VolumeMount, VolumeSpec } from '../objects/workload.ts';
import { RuntimeError } from '../runtime-error.ts';
import { giveTo } from './pod-record.ts';

/** Where a volume's files are and where the container sees them. */
export interface PlacedMount {
  readonly source: string;
  readonly mountPath: string;
  readonly isReadOnly: boolean;
}

/**
 * Writes the pod's volumes. ConfigMaps are written again at each start of the container; an emptyDir keeps what is in it.
 *
 * @throws {@link RuntimeError} `RUNTIME_POD_CONFIG` for a ConfigMap or key that is missing and not optional.
 */
export async function writeVolumes(
  podDir: string,
  template: PodTemplate,
  facts: {
    readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
    readonly user: UnprivilegedUser | undefined;
  },
): Promise<readonly PlacedMount[]> {
  for (const volume of template.volumes) {
    const folder = path.join(podDir, 'volumes', volume.name);
    await mkdir(folder).catch(ignoreExisting);
    if (volume.kind === 'emptyDir') await giveTo(folder, facts.user);
    else await writeConfigMap(folder, volume, facts.configMaps.get(volume.configMap));
  }
  return template.container.mounts.map((mount) => placeMount(podDir, template, mount));
}

/** The folder above is never made anew: it is gone when the pod has been removed meanwhile. */
function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

function placeMount(podDir: string, template: PodTemplate, mount: VolumeMount): PlacedMount {
  const isConfig = template.volumes.some((volume) => volume.name === mount.volume && volume.kind === 'configMap');
  return {
    source: path.join(podDir, 'volumes', mount.volume),
    mountPath: mount.mountPath,
    isReadOnly: isConfig || mount.isReadOnly,
  };
}

async function writeConfigMap(
  folder: string,
  volume: Extract<VolumeSpec, { readonly kind: 'configMap' }>,
  data: Readonly<Record<string, string>> | undefined,
): Promise<void> {
  await chmod(folder, 0o755);
  if (data === undefined && !volume.isOptional)
    throw new RuntimeError('RUNTIME_POD_CONFIG', `there is no ConfigMap "${volume.configMap}"`);
  const items = volume.items ?? Object.keys(data ?? {}).map((key) => ({ key, path: key }));
  for (const name of await readdir(folder)) {
    if (!items.some((item) => item.path.split('/')[0] === name)) await rm(path.join(folder, name), { recursive: true });
  }
  for (const item of items) {
    const content = data?.[item.key];
    if (content === undefined && volume.isOptional) continue;
    if (content === undefined)
      throw new RuntimeError('RUNTIME_POD_CONFIG', `the ConfigMap "${volume.configMap}" has no key "${item.key}"`);
    const file = path.join(folder, ...parseEntryPath(item.path));
    await mkdir(path.dirname(file), { recursive: true, mode: 0o755 });
    await writeAtomically(file, content, 0o644);
  }
}

/**
 * bubblewrap's arguments for a root of the image's top folders, read-only, with the volumes in it. Folders on the way to a mount are
 * opened up one level, because nothing can be made in a read-only one.
 */
export async function planMounts(
  rootDir: string,
  mounts: readonly PlacedMount[],
  tmpDir: string,
): Promise<readonly string[]> {
  const own = ['proc', 'dev', 'tmp'];
  const plan = [
    '--tmpfs',
    '/',
    ...(await bindChildren(rootDir, '', { mounts, skip: own })),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--bind',
    tmpDir,
    '/tmp',
  ];
  const sorted = [...mounts].sort((a, b) => a.mountPath.length - b.mountPath.length);
  for (const mount of sorted) plan.push(mount.isReadOnly ? '--ro-bind' : '--bind', mount.source, mount.mountPath);
  return plan;
}

async function bindChildren(
  rootDir: string,
  folder: string,
  at: { readonly mounts: readonly PlacedMount[]; readonly skip: readonly string[] },
): Promise<readonly string[]> {
  const plan: string[] = [];
  for (const name of (await readdir(path.join(rootDir, folder))).sort()) {
    const inside = `${folder}/${name}`;
    const file = path.join(rootDir, inside);
    const found = await lstat(file);
    if (at.skip.includes(name)) continue;
    const isMountPoint = at.mounts.some((mount) => mount.mountPath === inside);
    const isOnTheWay = found.isDirectory() && at.mounts.some((mount) => mount.mountPath.startsWith(`${inside}/`));
    if (isMountPoint) continue;
    if (found.isSymbolicLink()) plan.push('--symlink', await readlink(file), inside);
    else if (isOnTheWay) plan.push('--dir', inside, ...(await bindChildren(rootDir, inside, { ...at, skip: [] })));
    else plan.push('--ro-bind', file, inside);
  }
  return plan;
}

/**
 * A view of the image's root with volumes in it, for the host's Node, which sees no other root: files are hard links to the image's.
 * Only mounts below the working folder can be found by relative paths; others are refused rather than silently missing.
 *
 * @returns the root to run from: the image's own when there is nothing to mount.
 * @throws {@link RuntimeError} `RUNTIME_POD_CONFIG`.
 */
export async function makeView(options: {
  readonly rootDir: string;
  readonly viewDir: string;
  readonly image: ImageConfig;
  readonly mounts: readonly PlacedMount[];
}): Promise<string> {
  const { rootDir, viewDir, image, mounts } = options;
  if (mounts.length === 0) return rootDir;
  for (const mount of mounts) {
    if (image.workingDir !== '/' && mount.mountPath.startsWith(`${image.workingDir}/`)) continue;
    throw new RuntimeError(
      'RUNTIME_POD_CONFIG',
      `without bubblewrap a volume can only be mounted below the image's WORKDIR, and ${mount.mountPath} is not`,
    );
  }
  await rm(viewDir, { recursive: true, force: true });
  await linkTree(rootDir, viewDir);
  for (const mount of mounts) {
    const target = resolveInRoot(viewDir, parseEntryPath(mount.mountPath.slice(1)));
    await rm(target, { recursive: true, force: true });
    await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
    await symlink(mount.source, target);
  }
  return viewDir;
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o755 });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await link(source, target);
  }
}
