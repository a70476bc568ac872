import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ImageConfig } from '../images/image-config.ts';
import { resolveInRoot } from '../images/root-path.ts';
import type { ContainerSpec } from '../objects/workload.ts';
import { RuntimeError } from '../runtime-error.ts';

/** What the relay starts. */
export interface ContainerCommand {
  readonly argv: readonly string[];
  /** On this machine. */
  readonly cwd: string;
  readonly hasInfo: boolean;
}

/** Entrypoint and arguments as Kubernetes chooses them: `command` sets aside the image's Cmd as well. */
export function chooseArguments(image: ImageConfig, container: ContainerSpec): readonly string[] {
  if (container.command !== undefined) return [...container.command, ...(container.args ?? [])];
  return [...image.entrypoint, ...(container.args ?? image.cmd)];
}

/**
 * The command of an image that the host's Node runs: paths of the image become paths below its root.
 *
 * @throws {@link RuntimeError} `RUNTIME_IMAGE_NOT_RUNNABLE` for every other image.
 */
export function planHostNode(options: {
  readonly image: ImageConfig;
  readonly container: ContainerSpec;
  readonly rootDir: string;
  readonly nodePath: string;
}): ContainerCommand {
  const { image, container, rootDir } = options;
  const [program = '', ...args] = chooseArguments(image, container);
  const isNode = image.labels['slipway.runtime'] === 'node' && path.posix.basename(program) === 'node';
  if (!isNode) {
    throw new RuntimeError(
      'RUNTIME_IMAGE_NOT_RUNNABLE',
      `the image ${container.image.name} runs ${JSON.stringify(program)}, which needs the image's own root`,
    );
  }
  const workingDir = container.workingDir ?? image.workingDir;
  const mapped = args.map((arg) => (arg.startsWith('/') ? mapPath(rootDir, arg) : arg));
  return { argv: [options.nodePath, ...mapped], cwd: inRoot(rootDir, workingDir), hasInfo: false };
}

/** The command of an image whose root becomes the root, by bubblewrap. `mounts` come from `planMounts`. */
export function planImageRoot(options: {
  readonly image: ImageConfig;
  readonly container: ContainerSpec;
  readonly mounts: readonly string[];
}): ContainerCommand {
  const argv = chooseArguments(options.image, options.container);
  if (argv.length === 0)
    throw new RuntimeError('RUNTIME_IMAGE_NOT_RUNNABLE', `the image ${options.container.image.name} names no program`);
  const own = ['--unshare-user', '--unshare-ipc', '--unshare-uts', '--die-with-parent', '--info-fd', '3'];
  const workingDir = options.container.workingDir ?? options.image.workingDir;
  return { argv: ['bwrap', ...own, ...options.mounts, '--chdir', workingDir, '--', ...argv], cwd: '/', hasInfo: true };
}

function mapPath(rootDir: string, absolute: string): string {
  const inside = inRoot(rootDir, absolute);
  return existsSync(inside) ? inside : absolute;
}

function inRoot(rootDir: string, absolute: string): string {
  return resolveInRoot(rootDir, path.posix.normalize(absolute).split('/'));
}
