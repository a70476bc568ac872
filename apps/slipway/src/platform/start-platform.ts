import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { ProgramEnvironment } from '@slipway/config';
import { pinInFiles, pinInFolders } from '@slipway/delivery';
import { parseBranch, parseDigest, type Name } from '@slipway/domain';
import { createKubectlRenderer } from '@slipway/renderer';
import { type LocalRuntime, startOrAdoptRuntime, stopRuntime } from '@slipway/runtime-local';
import { createStageExecutor } from '@slipway/sandbox';
import { createServer, type ServerServices, type SetImageRequest } from '@slipway/server';
import { firstAdminLink, openServiceAccounts } from './accounts.ts';
import { makeCheckpoint } from './checkpoint.ts';
import { makeEffectHandlers } from './effect-handlers.ts';
import { exportAudit } from './export-audit.ts';
import { openGitSide, type GitSide } from './git-side.ts';
import { openImageSide } from './image-side.ts';
import { readNpmSettings } from './npm-settings.ts';
import { startOperator } from './operator-side.ts';
import { type DataSide, startData } from './start-data.ts';
import { openStateFolder, readSetting, type StateFolder, writeSetting } from './state-folder.ts';
import { startUpkeep, type Upkeep } from './upkeep.ts';
import { composeUseCases, type UseCases } from './use-cases.ts';

export interface PlatformOptions {
  readonly environment: ProgramEnvironment;
  readonly stateDir: string;
  /** Port on loopback; default the one this state folder had before, else the first free one from 7780. */
  readonly port?: number | undefined;
  /** Whether this process runs the operator too. */
  readonly withOperator: boolean;
  readonly log: Logger;
  /** Each step of the start, for people who wait. */
  readonly onProgress: (step: string) => void;
  readonly onFenced: (error: unknown) => void;
}

/** A running server, with operator and runtime where asked. */
export interface Platform {
  readonly url: string;
  readonly folder: StateFolder;
  readonly data: DataSide;
  readonly git: GitSide;
  readonly cases: UseCases;
  readonly runtime: LocalRuntime;
  readonly upkeep: Upkeep;
  /** One-time link of the first admin; absent when there is one. */
  readonly adminLink?: string;
  /** Ends server and operator; with `isStopping` the runtime, its pods and the database too. */
  stop(options: { readonly isStopping: boolean }): Promise<void>;
}

export const programFile = fileURLToPath(new URL('../../bin/slipway.js', import.meta.url));

/** Starts an installation on its state folder; safe to repeat after any crash. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { environment, log, onProgress } = options;
  const startedAt = new Date().toISOString();
  const folder = await openStateFolder(options.stateDir);
  const checkpoint = makeCheckpoint(environment.crashAt);
  let ready: (cases: UseCases) => void = () => undefined;
  const handlers = makeEffectHandlers(new Promise((resolve) => (ready = resolve)));
  onProgress('Starting the database');
  const { databaseUrl, metricsUrl, pgBin } = environment;
  const data = await startData({ folder, databaseUrl, metricsUrl, pgBin, handlers, log, onFenced: options.onFenced });
  const secrets = await openServiceAccounts(data.store);
  const port = await choosePort(folder, options.port);
  const host = `127.0.0.1:${port}`;
  const url = `http://${host}`;
  onProgress('Opening forge and registry');
  let wake: (name: string) => void = () => undefined;
  const git = await openGitSide({ folder, store: data.store, log, onPushed: (name) => Promise.resolve(wake(name)) });
  const onFault = (error: unknown): void => log.error({ err: error }, 'server fault');
  const images = openImageSide({ folder, store: data.store, host, secret: secrets.service, onError: onFault });
  onProgress('Probing isolation');
  const packages = await readNpmSettings(environment.npm, environment.path);
  const [executor, renderer, runtime] = await Promise.all([
    createStageExecutor({ stateDir: folder.root, internalHosts: [packages.host] }),
    createKubectlRenderer({
      stateDir: folder.root,
      ...(environment.kubectl === undefined ? {} : { kubectlPath: environment.kubectl }),
    }),
    startRuntimeProcess({ folder, url, host, secret: secrets.runtime, environment }),
  ]);
  const cases = composeUseCases({
    folder,
    cacheDir: environment.cacheDir,
    data,
    images,
    executor,
    renderer,
    target: runtime,
    openRepository: git.openRepository,
    packages,
    checkpoint,
    log,
  });
  const operatorSeen: ServerServices['operatorSeen'] = { at: undefined };
  const services: ServerServices = {
    ...cases,
    rawHandlers: [images.handler, git.handler],
    ...(dashboardDir() === undefined ? {} : { dashboardDir: dashboardDir() ?? '' }),
    version: await readVersion(),
    startedAt,
    publicUrl: () => url,
    setImage: (request) => setImage(cases, request),
    createRepository: async (name) => void (await git.createRepository(name)),
    envelopeOf: async (statement) => (await data.store.statements({ ids: [statement] }))[0]?.envelope,
    operatorSeen,
    exportAudit: (period) => exportAudit(data, period),
    onFault,
  };
  onProgress('Opening the server');
  const server = await createServer(services);
  await server.listen({ host: '127.0.0.1', port });
  ready(cases);
  const upkeep = await startUpkeep(cases, data, log.child({ part: 'upkeep' }));
  wake = upkeep.wakeRepository;
  const ending = new AbortController();
  const operatorLog = log.child({ part: 'operator' });
  const operator = options.withOperator
    ? startOperator({
        url,
        token: secrets.operator,
        serverKey: data.key.publicKey,
        git: git.host,
        mirrorDir: folder.operator,
        renderer,
        target: runtime,
        checkpoint,
        log: operatorLog,
        signal: ending.signal,
      })
    : Promise.resolve();
  operator.catch((error: unknown) => log.error({ err: error }, 'operator ended'));
  const adminLink = await firstAdminLink(data.store, url);
  const stop = makeStop({ server, upkeep, git, data, folder, ending, operator });
  return { url, folder, data, git, cases, runtime, upkeep, ...(adminLink === undefined ? {} : { adminLink }), stop };
}

interface Stopping {
  readonly server: FastifyInstance;
  readonly upkeep: Upkeep;
  readonly git: GitSide;
  readonly data: DataSide;
  readonly folder: StateFolder;
  readonly ending: AbortController;
  readonly operator: Promise<void>;
}

function makeStop(parts: Stopping): Platform['stop'] {
  return async ({ isStopping }) => {
    parts.ending.abort();
    await parts.operator.catch(() => undefined);
    await parts.upkeep.stop();
    await parts.server.close();
    await parts.git.close();
    if (isStopping) await stopRuntime(parts.folder.root);
    await parts.data.close({ isStopping });
  };
}

/** The runtime as a process of its own; it reads its registry credential from a file only the server's user can read. */
async function startRuntimeProcess(parts: {
  readonly folder: StateFolder;
  readonly url: string;
  readonly host: string;
  readonly secret: string;
  readonly environment: ProgramEnvironment;
}): Promise<LocalRuntime> {
  const { folder, url, host, secret, environment } = parts;
  await writeSetting(folder, 'runtime.json', { url, host, secret });
  return startOrAdoptRuntime({
    stateDir: folder.root,
    command: [process.execPath, programFile, 'runtime', '--state', folder.root],
    environment: { PATH: environment.path, HOME: folder.root },
  });
}

/** Ports from 32768 are the kernel's for outgoing connections: a client that reconnects there can meet itself. */
async function choosePort(folder: StateFolder, asked: number | undefined): Promise<number> {
  const known = (await readSetting<{ readonly port: number }>(folder, 'server.json'))?.port;
  const port = asked ?? known ?? (await firstFreePort());
  await writeSetting(folder, 'server.json', { port });
  return port;
}

async function firstFreePort(): Promise<number> {
  const { createServer: listenOn } = await import('node:net');
  for (let port = 7780; port < 8780; port++) {
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = listenOn();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
  throw new Error('no port between 7780 and 8780 is free');
}

function dashboardDir(): string | undefined {
  const folder = fileURLToPath(new URL('../../../dashboard/dist', import.meta.url));
  return existsSync(path.join(folder, 'index.html')) ? folder : undefined;
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

async function setImage(cases: UseCases, request: SetImageRequest): ReturnType<ServerServices['setImage']> {
  const repository: Name = request.repository;
  const writer = await cases.delivery.writerOf(repository, parseBranch(request.branch));
  const pins = request.pins.map(({ name, newName, newTag, digest }) => ({
    name,
    newTag,
    digest: parseDigest(digest),
    ...(newName === undefined ? {} : { newName }),
  }));
  return writer.submit({
    id: request.id,
    author: request.author,
    subject: `Set ${pins.map((pin) => pin.name).join(', ')}`,
    trailers: [['Slipway-Requested-By', request.account.id]],
    async apply(tree) {
      const outcomes = [await pinInFolders(tree, request.folders, pins), await pinInFiles(tree, request.files, pins)];
      const changes = outcomes.flatMap((outcome) => (outcome.kind === 'changes' ? outcome.changes : []));
      return changes.length === 0 ? { kind: 'nothing' } : { kind: 'changes', changes };
    },
  });
}
