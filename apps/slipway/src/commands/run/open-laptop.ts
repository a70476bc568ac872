import path from 'node:path';
import pino from 'pino';
import { InvariantError, type Name, parseBranch } from '@slipway/domain';
import { createGitHost } from '@slipway/git';
import type { GitRepository, Renderer, Target } from '@slipway/ports';
import { createStageExecutor } from '@slipway/sandbox';
import type { CommandContext } from '../../cli/run-command.ts';
import { makeCheckpoint } from '../../platform/checkpoint.ts';
import { makeEffectHandlers } from '../../platform/effect-handlers.ts';
import { openImageSide } from '../../platform/image-side.ts';
import { readNpmSettings } from '../../platform/npm-settings.ts';
import { type DataSide, startData } from '../../platform/start-data.ts';
import { openStateFolder } from '../../platform/state-folder.ts';
import { composeUseCases, type UseCases } from '../../platform/use-cases.ts';

/** The engine of a server without the server: database, effects and sandbox for pipelines of checkouts. */
export interface Laptop {
  readonly cases: UseCases;
  readonly cancelEffect: (key: string) => Promise<void>;
  /** Aborted when it closes. */
  readonly signal: AbortSignal;
  /** The bare repository of that name with its record, made when missing. */
  addRepository(name: Name): Promise<GitRepository>;
  /** Ends effects and database. */
  close(): Promise<void>;
}

/** Opens it on a folder of the person's own state. What a crash left of earlier runs is carried on or given up by the engine. */
export async function openLaptop(context: CommandContext, stateDir: string): Promise<Laptop> {
  const { environment } = context;
  const folder = await openStateFolder(stateDir);
  const log = pino({ base: {}, level: 'warn' }, pino.destination({ dest: path.join(folder.root, 'log'), mkdir: true }));
  let ready: (cases: UseCases) => void = () => undefined;
  const ending = new AbortController();
  const data = await startData({
    folder,
    pgBin: environment.pgBin,
    handlers: makeEffectHandlers(new Promise((resolve) => (ready = resolve))),
    log,
    onFenced: (error) => ending.abort(error),
  });
  try {
    const packages = await readNpmSettings(environment.npm, environment.path);
    const host = createGitHost();
    const dirOf = (name: Name): string => path.join(folder.repositories, `${name}.git`);
    const cases = composeUseCases({
      folder,
      cacheDir: environment.cacheDir,
      data,
      images: openImageSide({
        folder,
        store: data.store,
        host: '127.0.0.1:9',
        secret: '',
        onError: (error) => log.error({ err: error }, 'registry fault'),
      }),
      executor: await createStageExecutor({ stateDir: folder.root, internalHosts: [packages.host] }),
      renderer: noRenderer,
      target: noTarget,
      openRepository: (name) => host.open(dirOf(name)),
      packages,
      checkpoint: makeCheckpoint(environment.crashAt),
      log,
    });
    ready(cases);
    return {
      cases,
      cancelEffect: (key) => data.engine.cancel(key),
      signal: ending.signal,
      addRepository: (name) => addRepository(data, name, host.create(dirOf(name))),
      async close() {
        ending.abort();
        await data.close({ isStopping: true });
      },
    };
  } catch (error) {
    await data.close({ isStopping: true });
    throw error;
  }
}

/** A crash between the folder and its record leaves a folder that the next call takes. */
async function addRepository(data: DataSide, name: Name, making: Promise<GitRepository>): Promise<GitRepository> {
  const repository = await making;
  const protection = { requiresPullRequest: false, requiredApprovals: 0, requiredChecks: [] };
  const record = { id: name, role: 'code', defaultBranch: parseBranch('checkout'), protection } as const;
  await data.store.transact((tx) => tx.put('repository', name, { ...record, createdAt: new Date().toISOString() }));
  return repository;
}

/** A checkout deploys nothing: its pipelines end before the manifests. */
const nothing = (): never => {
  throw new InvariantError('a pipeline of a checkout deploys nothing');
};
const noRenderer: Renderer = {
  version: 'none',
  render: () => Promise.reject(new InvariantError('a checkout renders nothing')),
};
const noTarget: Target = {
  name: 'none',
  apply: nothing,
  get: nothing,
  list: nothing,
  remove: nothing,
  watch: nothing,
  serviceAddress: nothing,
  logs: nothing,
};
