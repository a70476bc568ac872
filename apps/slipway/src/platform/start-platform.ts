import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { parseNotificationSettings, type ProgramEnvironment } from '@slipway/config';
import { pinInFiles, pinInFolders, refusePromotedPlaces } from '@slipway/delivery';
import { parseBranch, parseDigest, type Name } from '@slipway/domain';
import type { MachineLock } from '@slipway/host';
import type { PackageRegistrySettings } from '@slipway/pipeline';
import type { Renderer, StageExecutor } from '@slipway/ports';
import { createKubectlRenderer } from '@slipway/renderer';
import type { LocalRuntime } from '@slipway/runtime-local';
import { createStageExecutor } from '@slipway/sandbox';
import { createServer, type ServerServices, type SetImageRequest } from '@slipway/server';
import { firstAdminLink, openServiceAccounts } from './accounts.ts';
import { makeCheckpoint } from './checkpoint.ts';
import { makeEffectHandlers } from './effect-handlers.ts';
import { canaryMetrics } from './canary-metrics.ts';
import { choosePort } from './choose-port.ts';
import { exportAudit } from './export-audit.ts';
import { type GitGround, type GitSide, openGitGround, openGitSide } from './git-side.ts';
import { type ImageSide, openImageSide } from './image-side.ts';
import { keepReport } from './keep-report.ts';
import { keeperOf, leaveRuntime, startRuntimeProcess } from './local-runtime.ts';
import { startNotifications, type NotificationSide } from './notification-side.ts';
import { readNpmSettings } from './npm-settings.ts';
import { openOperatorFolder } from './operator-folder.ts';
import { startOperator } from './operator-side.ts';
import { type Part, takePresence } from './presence.ts';
import { type DataSide, startData } from './start-data.ts';
import { openStateFolder, type StateFolder, writeSetting } from './state-folder.ts';
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
  /**
   * Ends server and operator; with `isStopping` the database too, and the runtime with its pods, unless an operator of its own
   * process still works on this state folder.
   */
  stop(options: { readonly isStopping: boolean }): Promise<void>;
}

export { programFile } from './local-runtime.ts';

/** Starts an installation on its state folder; safe to repeat after any crash. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { log } = options;
  const settings = parseNotificationSettings(options.environment.notifications);
  const parts = await openParts(options);
  const { folder, data, git, runtime, url, cases } = parts;
  const notifications = await startNotifications({ settings, url, cases, checkpoint: parts.checkpoint, log });
  const server = await serve(parts, log);
  parts.ready(cases);
  const keepRuntime = keeperOf(runtime, parts.startRuntime, log);
  const upkeep = await startUpkeep({ cases, data, keepRuntime, log: log.child({ part: 'upkeep' }) });
  parts.onPushed.wake = upkeep.wakeRepository;
  const ending = new AbortController();
  const operator = options.withOperator ? runInProcess(parts, options, ending.signal) : Promise.resolve();
  operator.catch((error: unknown) => {
    log.error({ err: error }, 'operator ended');
  });
  const adminLink = await firstAdminLink(data.store, url);
  const { presences } = parts;
  const stop = makeStop({ server, upkeep, notifications, git, data, folder, ending, operator, presences });
  return { url, folder, data, git, cases, runtime, upkeep, ...(adminLink === undefined ? {} : { adminLink }), stop };
}

/** The operator beside the server: it too enrols, dials out over HTTP and signs with a key of its own. */
async function runInProcess(
  parts: PlatformParts,
  { environment, log }: PlatformOptions,
  signal: AbortSignal,
): Promise<void> {
  const { url, renderer, checkpoint, runtime, git, folder, secrets, data } = parts;
  await startOperator({
    ...{ url, renderer, checkpoint, target: runtime, git: git.host, token: secrets.operator, signal },
    folder: await openOperatorFolder(folder.operator),
    metrics: canaryMetrics(environment, runtime),
    serverKey: data.key.publicKey,
    log: log.child({ part: 'operator' }),
  });
}

/** Adapters and use cases, before anybody is served. */
interface PlatformParts {
  readonly folder: StateFolder;
  /** What this process is on its state folder. */
  readonly presences: readonly MachineLock[];
  readonly checkpoint: (name: string) => Promise<void>;
  readonly data: DataSide;
  readonly secrets: Awaited<ReturnType<typeof openServiceAccounts>>;
  readonly url: string;
  readonly port: number;
  readonly git: GitSide;
  readonly images: ImageSide;
  readonly renderer: Renderer;
  readonly runtime: LocalRuntime;
  readonly startRuntime: () => Promise<LocalRuntime>;
  readonly cases: UseCases;
  /** Lets the effects of an earlier life begin. */
  readonly ready: (cases: UseCases) => void;
  /** Who hears of a push; set when the upkeep runs. */
  readonly onPushed: { wake: (name: string) => void };
  readonly onProgress: (step: string) => void;
}

async function openParts(options: PlatformOptions): Promise<PlatformParts> {
  const { environment, log, onProgress } = options;
  const folder = await openStateFolder(options.stateDir);
  const port = await choosePort(folder, options.port);
  const mine: readonly Part[] = options.withOperator ? ['server', 'operator'] : ['server'];
  const presences = await Promise.all(mine.map((part) => takePresence(folder.root, part)));
  const checkpoint = makeCheckpoint(environment.crashAt);
  let ready: (cases: UseCases) => void = () => undefined;
  const handlers = makeEffectHandlers(new Promise((resolve) => (ready = resolve)));
  onProgress('Starting the database');
  const machine = openMachine(folder, options);
  const { databaseUrl, metricsUrl, pgBin } = environment;
  const data = await startData({ folder, databaseUrl, metricsUrl, pgBin, handlers, log, onFenced: options.onFenced });
  const secrets = await openServiceAccounts(data.store);
  const host = `127.0.0.1:${port}`;
  const url = `http://${host}`;
  onProgress('Opening forge and registry');
  const onPushed: PlatformParts['onPushed'] = { wake: () => undefined };
  const wake = (name: string): Promise<void> => {
    onPushed.wake(name);
    return Promise.resolve();
  };
  const images = openImageSide({ folder, store: data.store, host, secret: secrets.service, onError: faultLog(log) });
  await writeSetting(folder, 'runtime.json', { url, host, secret: secrets.runtime });
  const startRuntime = (): Promise<LocalRuntime> => startRuntimeProcess(folder.root, environment);
  const [runtime, { ground, executor, renderer, packages }] = await Promise.all([startRuntime(), machine]);
  const git = openGitSide({ ground, folder, store: data.store, log, onPushed: wake });
  const { openRepository } = git;
  const adapters = { folder, data, images, executor, renderer, openRepository, packages, checkpoint, log };
  const cases = composeUseCases({ ...adapters, cacheDir: environment.cacheDir, target: runtime });
  const opened = { folder, presences, checkpoint, data, secrets, url, port, git, images, renderer };
  return { ...opened, runtime, startRuntime, cases, ready, onPushed, onProgress };
}

interface MachineParts {
  readonly ground: GitGround;
  readonly packages: PackageRegistrySettings;
  readonly executor: StageExecutor;
  readonly renderer: Renderer;
}

/** What asks only this machine, so that it is found out while the database starts. */
function openMachine(
  folder: StateFolder,
  { environment, log }: Pick<PlatformOptions, 'environment' | 'log'>,
): Promise<MachineParts> {
  const stateDir = folder.root;
  const kubectl = environment.kubectl === undefined ? {} : { kubectlPath: environment.kubectl };
  const openStages = async (): Promise<Pick<MachineParts, 'executor' | 'packages'>> => {
    const packages = await readNpmSettings(environment.npm, environment.path);
    return { packages, executor: await createStageExecutor({ stateDir, internalHosts: [packages.host] }) };
  };
  const open = async (): Promise<MachineParts> => {
    const parts = [
      openGitGround({ folder, log }),
      createKubectlRenderer({ stateDir, ...kubectl }),
      openStages(),
    ] as const;
    const [ground, renderer, stages] = await Promise.all(parts);
    return { ground, renderer, ...stages };
  };
  const machine = open();
  // Whoever awaits it hears of a fault; the database's own may come first.
  machine.catch(() => undefined);
  return machine;
}

/** Opens the server on loopback. */
async function serve(parts: PlatformParts, log: Logger): Promise<FastifyInstance> {
  const { data, git, images, cases, url } = parts;
  const dashboard = dashboardDir();
  const services: ServerServices = {
    ...cases,
    rawHandlers: [images.handler, git.handler],
    ...(dashboard === undefined ? {} : { dashboardDir: dashboard }),
    version: await readVersion(),
    startedAt: new Date().toISOString(),
    publicUrl: () => url,
    setImage: (request) => setImage(cases, request),
    createRepository: async (name) => {
      await git.createRepository(name);
    },
    serverKey: data.key.publicPem,
    keepReport: (envelope, digest) => keepReport(cases.delivery.content, envelope, digest),
    envelopeOf: async (statement) => (await data.store.statements({ ids: [statement] }))[0]?.envelope,
    operatorSeen: { at: undefined },
    exportAudit: (period) => exportAudit(data, period),
    onFault: faultLog(log),
  };
  parts.onProgress('Opening the server');
  const server = await createServer(services);
  await server.listen({ host: '127.0.0.1', port: parts.port });
  return server;
}

function faultLog(log: Logger): (error: unknown) => void {
  return (error) => {
    log.error({ err: error }, 'server fault');
  };
}

interface Stopping {
  readonly server: FastifyInstance;
  readonly upkeep: Upkeep;
  readonly notifications: NotificationSide;
  readonly git: GitSide;
  readonly data: DataSide;
  readonly folder: StateFolder;
  readonly ending: AbortController;
  readonly operator: Promise<void>;
  readonly presences: readonly MachineLock[];
}

function makeStop(parts: Stopping): Platform['stop'] {
  return async ({ isStopping }) => {
    parts.ending.abort();
    await parts.operator.catch(() => undefined);
    await parts.upkeep.stop();
    await parts.notifications.stop();
    await parts.server.close();
    await parts.git.close();
    for (const presence of parts.presences) await presence.release();
    if (isStopping) await leaveRuntime(parts.folder.root, ['operator']);
    await parts.data.close({ isStopping });
  };
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
      await refusePromotedPlaces(tree, [...request.folders, ...request.files]);
      const outcomes = [await pinInFolders(tree, request.folders, pins), await pinInFiles(tree, request.files, pins)];
      const changes = outcomes.flatMap((outcome) => (outcome.kind === 'changes' ? outcome.changes : []));
      return changes.length === 0 ? { kind: 'nothing' } : { kind: 'changes', changes };
    },
  });
}
