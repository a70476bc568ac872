import { unprivilegedUser, type ProcessIdentity, type UnprivilegedUser } from '@slipway/host';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeSpec } from '../objects/workload.ts';
import { RuntimeError } from '../runtime-error.ts';
import { endRelay } from './end-process.ts';
import { prepareContainer, type PreparedContainer } from './prepare-container.ts';
import type { PodRecord } from './pod-record.ts';
import type { PodSurroundings } from './pod-surroundings.ts';
import { connectToPod, RelayLink, type ContainerStatus } from './relay-link.ts';
import { runProbe } from './run-probe.ts';
import { startRelay } from './start-relay.ts';
import { watchHealth } from './watch-health.ts';

/** Kubernetes begins at 10 s; a person watches this machine. */
const firstBackoffMs = 1000;
const maxBackoffMs = 300_000;
const longRunMs = 600_000;

/** One pod, from the decision to have it until nothing of it is left. */
export class Pod {
  readonly record: PodRecord;
  readonly #around: PodSurroundings;
  readonly #user: UnprivilegedUser | undefined;
  #link: RelayLink | undefined;
  #status: ContainerStatus = { phase: 'idle', restarts: 0 };
  #health: AbortController | undefined;
  #ending: Promise<void> | undefined;
  #backoffMs = firstBackoffMs;
  #connections = 0;
  #readySince: number | undefined;
  #trouble: string | undefined = 'Pending';
  readonly #life = new AbortController();
  #preparing: Promise<void> | undefined;
  #isAdopted = false;
  #hasRestartTimer = false;
  #isLost = false;
  #isGone = false;
  #hasSettled = false;

  constructor(record: PodRecord, around: PodSurroundings) {
    this.record = record;
    this.#around = around;
    this.#user = unprivilegedUser('pod', record.slot);
    around.signal.addEventListener('abort', () => this.#life.abort(), { once: true, signal: this.#life.signal });
  }

  /** Takes new requests. */
  get isReady(): boolean {
    return this.#readySince !== undefined && !this.isEnding && !this.#isLost;
  }

  /** Milliseconds since it is ready without a break; absent when it is not. */
  get readyForMs(): number | undefined {
    return this.isReady && this.#readySince !== undefined ? performance.now() - this.#readySince : undefined;
  }

  get isEnding(): boolean {
    return this.#ending !== undefined;
  }

  /** Its processes ended without us; it is to be replaced. */
  get isLost(): boolean {
    return this.#isLost;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Why it does not serve, as reason and message. */
  get trouble(): string | undefined {
    return this.isReady ? undefined : this.#trouble;
  }

  get restarts(): number {
    return this.#status.restarts;
  }

  /** Whether a first word on readiness has been heard since we hold it. */
  get hasSettled(): boolean {
    return this.#hasSettled || this.#isLost || this.isEnding;
  }

  get logFiles(): readonly [string, string] {
    const base = path.join(this.#around.logsDir, `${this.record.namespace}_${this.record.name}`);
    return [`${base}.0.log`, `${base}.1.log`];
  }

  /** Starts it, trying again for as long as that takes. */
  begin(): void {
    this.#prepare(() => this.#startFirst());
  }

  /** Takes over a pod that an earlier runtime started. */
  async adopt(): Promise<void> {
    this.#isAdopted = true;
    if (!(await this.#connect())) this.#lose();
  }

  /**
   * Ends it in order; resolves when nothing is left.
   *
   * @param maxGraceMs - less than its own grace period, when everything is to end.
   */
  end(maxGraceMs = Number.POSITIVE_INFINITY): Promise<void> {
    this.#ending ??= this.#endUntilDone(maxGraceMs);
    return this.#ending;
  }

  /** Lets go of it; its processes live on. */
  release(): void {
    this.#health?.abort();
    this.#link?.close();
  }

  /** Opens a connection into it, counted until it closes: an ending pod waits for its connections. */
  async connect(port: number | string, timeoutMs: number): ReturnType<typeof connectToPod> {
    this.#connections += 1;
    const number = this.resolvePort(port);
    const socket = number === undefined ? `no port "${port}"` : await connectToPod(this.#socketPath, number, timeoutMs);
    if (typeof socket === 'string') this.#connections -= 1;
    else socket.once('close', () => (this.#connections -= 1));
    return socket;
  }

  /** The number that a port's name or number means inside. */
  resolvePort(port: number | string): number | undefined {
    const ports = this.record.template.container.ports;
    if (this.record.sharedPort !== undefined) return this.record.sharedPort;
    return typeof port === 'number' ? port : ports.find((candidate) => candidate.name === port)?.containerPort;
  }

  /** Tells it the ports that Services of its namespace have now. */
  offerServices(): void {
    const services = this.#around.services(this.record.namespace);
    this.#link?.order({
      op: 'services',
      ports: services.flatMap((service) => service.ports.map((port) => port.hostPort)),
    });
  }

  get #signal(): AbortSignal {
    return this.#life.signal;
  }

  #isStopped(): boolean {
    return this.#signal.aborted;
  }

  get #socketPath(): string {
    return path.join(this.#around.socketDir, `${this.record.id}.sock`);
  }

  /** Tries until it works or the pod ends; each failure is told and waited after. */
  #prepare(attempt: () => Promise<void>): void {
    this.#preparing = this.#tryUntilDone(attempt);
  }

  async #tryUntilDone(attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      if (this.isEnding || this.#isLost || this.#isStopped()) return;
      try {
        await attempt();
        return;
      } catch (error) {
        if (!this.#isStopped()) this.#settle(undefined, describe(error));
      }
      await this.#wait();
    }
  }

  async #startFirst(): Promise<void> {
    const pull = this.#around.images.image(this.record.template.container.image, this.#around.signal);
    // Others may share the pull: we stop waiting for it, it goes on.
    await Promise.race([pull, aborted(this.#signal)]);
    // A pod that waits for its configuration needs no process yet.
    await this.#plan();
    if (this.isEnding) return;
    if (this.#link === undefined) {
      const { folders, machine } = this.#around;
      const podDir = folders.path(this.record.id);
      const settings = { podDir, socketPath: this.#socketPath, logFiles: this.logFiles, user: this.#user, machine };
      await startRelay(settings, () => this.#connect(), this.#signal);
    }
    await this.#startContainer();
  }

  async #startContainer(): Promise<void> {
    const { command, env } = await this.#plan();
    this.#link?.order({ op: 'start', ...command, env });
  }

  #plan(): Promise<PreparedContainer> {
    return prepareContainer(this.record, this.#around, this.#user);
  }

  async #connect(): Promise<boolean> {
    const link = await RelayLink.open(this.#socketPath, {
      status: (status) => this.#observe(status),
      ended: () => this.#lose(),
      mayCall: (port) =>
        this.#around
          .services(this.record.namespace)
          .some((service) => service.ports.some((known) => known.hostPort === port)),
    });
    if (link === undefined) return false;
    this.#link = link;
    this.offerServices();
    return true;
  }

  #observe(status: ContainerStatus): void {
    const isNewStart = status.phase === 'running' && status.startedAt !== this.#status.startedAt;
    const wasRunning = this.#status.phase === 'running';
    this.#status = status;
    if (isNewStart) this.#watchHealth();
    if (status.phase === 'idle' && this.#isAdopted && !this.isEnding) this.#prepare(() => this.#startContainer());
    if (status.phase !== 'exited') return;
    this.#health?.abort();
    const ranForMs = Date.now() - Date.parse(status.startedAt ?? '');
    if (ranForMs > longRunMs) this.#backoffMs = firstBackoffMs;
    this.#settle(
      undefined,
      `CrashLoopBackOff: the container ended with ${status.signal ?? `exit code ${status.exitCode ?? '?'}`}`,
    );
    if (!this.isEnding && (wasRunning || !this.#hasRestartTimer)) void this.#restart();
  }

  async #restart(): Promise<void> {
    this.#hasRestartTimer = true;
    await this.#wait();
    this.#hasRestartTimer = false;
    this.#prepare(() => this.#startContainer());
  }

  #watchHealth(): void {
    this.#health?.abort();
    const health = new AbortController();
    this.#health = health;
    const { startupProbe, readinessProbe, livenessProbe, ports } = this.record.template.container;
    const implied = this.record.sharedPort !== undefined && ports.length > 0 ? { readinessProbe: portProbe } : {};
    void watchHealth({
      ...implied,
      ...(startupProbe === undefined ? {} : { startupProbe }),
      ...(readinessProbe === undefined ? {} : { readinessProbe }),
      ...(livenessProbe === undefined ? {} : { livenessProbe }),
      ask: (probe) => this.#ask(probe),
      readiness: (isReady, why) =>
        this.#settle(isReady ? (this.#readySince ?? performance.now()) : undefined, `Unready: ${why ?? ''}`),
      unhealthy: (why) => void this.#stopContainer(why, health.signal),
      signal: health.signal,
    });
  }

  async #ask(probe: ProbeSpec): Promise<string | undefined> {
    const port = this.resolvePort(probe.action.port);
    if (port === undefined) return `there is no port "${probe.action.port}"`;
    const why = await runProbe(probe, port, (number, timeoutMs) => connectToPod(this.#socketPath, number, timeoutMs));
    const isIgnored = why !== undefined && this.record.sharedPort !== undefined;
    return isIgnored ? `${why} (this machine has no network namespaces: the image must listen on PORT)` : why;
  }

  async #stopContainer(why: string, signal: AbortSignal): Promise<void> {
    this.#settle(undefined, `Unhealthy: ${why}`);
    this.#link?.order({ op: 'signal', signal: 'SIGTERM' });
    await sleep(this.record.template.terminationGracePeriodSeconds * 1000, undefined, { signal }).catch(
      () => undefined,
    );
    if (!signal.aborted) this.#link?.order({ op: 'signal', signal: 'SIGKILL' });
  }

  #settle(readySince: number | undefined, trouble: string): void {
    const isSame = this.#hasSettled && this.#readySince === readySince && this.#trouble === trouble;
    this.#readySince = readySince;
    this.#trouble = trouble;
    this.#hasSettled = true;
    if (!isSame) this.#around.changed();
  }

  #lose(): void {
    if (this.#around.signal.aborted || this.#isGone) return;
    this.#isLost = true;
    this.#health?.abort();
    this.#around.changed();
  }

  async #wait(): Promise<void> {
    const ms = this.#backoffMs;
    this.#backoffMs = Math.min(maxBackoffMs, ms * 2);
    await sleep(ms, undefined, { signal: this.#signal }).catch(() => undefined);
  }

  async #endUntilDone(maxGraceMs: number): Promise<void> {
    for (;;) {
      try {
        await this.#end(maxGraceMs);
        return;
      } catch (error) {
        this.#trouble = describe(error);
      }
      await sleep(firstBackoffMs);
    }
  }

  async #end(maxGraceMs: number): Promise<void> {
    // The next turn sees this pod as ending: it has left the endpoints before anything is stopped.
    await sleep(0);
    this.#around.changed();
    this.#health?.abort();
    const graceMs = Math.min(maxGraceMs, this.record.template.terminationGracePeriodSeconds * 1000);
    const startedAt = performance.now();
    const isRunning = () => this.#status.phase === 'running' && !this.#isLost && !this.#around.signal.aborted;
    while (isRunning() && this.#connections > 0 && performance.now() - startedAt < graceMs / 2) await sleep(10);
    if (isRunning()) this.#link?.order({ op: 'signal', signal: 'SIGTERM' });
    while (isRunning() && performance.now() - startedAt < graceMs) await sleep(10);
    if (this.#around.signal.aborted) return;
    // Whatever was still being prepared must not come after the clearing.
    this.#life.abort();
    await this.#preparing;
    await this.#clear();
  }

  async #clear(): Promise<void> {
    const { folders } = this.#around;
    const relay: ProcessIdentity | undefined = await folders.process(this.record.id);
    if (relay !== undefined) await endRelay(relay);
    const late = await folders.remove(this.record.id);
    if (late !== undefined) await endRelay(late);
    this.#link?.close();
    await rm(this.#socketPath, { force: true });
    for (const file of this.logFiles) await rm(file, { force: true });
    this.#isGone = true;
    this.#around.changed();
  }
}

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(asError(signal.reason));
    signal.addEventListener('abort', () => reject(asError(signal.reason)), { once: true });
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

const portProbe: ProbeSpec = {
  action: { kind: 'tcpSocket', port: 0 },
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  failureThreshold: 3,
  successThreshold: 1,
};

const reasons: Readonly<Record<string, string>> = {
  RUNTIME_IMAGE_NOT_RUNNABLE: 'ImageNotRunnable',
  RUNTIME_IMAGE_INVALID: 'InvalidImage',
  RUNTIME_IMAGE_TOO_LARGE: 'InvalidImage',
  RUNTIME_IMAGE_MISSING: 'ImagePullBackOff',
  RUNTIME_POD_CONFIG: 'CreateContainerConfigError',
};

function describe(error: unknown): string {
  const reason = error instanceof RuntimeError ? reasons[error.code] : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return `${reason ?? 'ImagePullBackOff'}: ${message}`;
}
