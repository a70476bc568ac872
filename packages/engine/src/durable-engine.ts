import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import type { Effect, EffectQueue } from '@slipway/ports';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EffectStatus, Engine, EngineOptions } from './create-engine.ts';
import { dbosLogger, followRemoteCancel, parseConnection, unknownKind } from './dbos-adapter.ts';
import { applicationVersion, DurableQueue } from './effects/durable-queue.ts';
import type { EffectHandler } from './effects/effect-handler.ts';
import { runAttempts, runUntilDone, type EffectOutcome, type EffectRun } from './effects/effect-run.ts';
import { StopGate } from './effects/stop-gate.ts';
import { EngineError } from './engine-error.ts';
import { lockExecutor, type ExecutorLock } from './executor-lock.ts';

const applicationName = 'slipway';
const workflowName = 'effect.v1';
/** Each restart counts one; an effect may wait out very many. */
const maxRecoveryAttempts = 1_000_000;
/** Connections for claims and records of the engine; the server allows 40 in all. */
const poolSize = 8;
const pruneBatch = 500;

type Payload = Readonly<Record<string, unknown>>;

/** See {@link Engine}. DBOS is one a process, and so is this. */
export class DurableEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #gate: StopGate;
  readonly #queues = new Map<string, DurableQueue>();
  /** Effects that run here, by key. */
  readonly #cancels = new Map<string, AbortController>();
  readonly #client: DBOSClient;
  readonly #lock: ExecutorLock;
  #stopped: Promise<void> | undefined;

  private constructor(
    options: EngineOptions,
    parts: { readonly gate: StopGate; readonly lock: ExecutorLock; readonly client: DBOSClient },
  ) {
    this.#options = options;
    this.#gate = parts.gate;
    this.#lock = parts.lock;
    this.#client = parts.client;
  }

  static async start(options: EngineOptions): Promise<Engine> {
    for (const [kind, handler] of Object.entries(options.handlers)) {
      if (options.queues[handler.queue] === undefined) {
        throw new EngineError('EFFECT_QUEUE_UNKNOWN', `queue "${handler.queue}" of "${kind}" has no concurrency`);
      }
    }
    if (DBOS.isInitialized()) throw new EngineError('ENGINE_ALREADY_RUNS', 'this process has an engine');
    // Before the launch, which takes over everything that this executor id had in flight.
    const gate = new StopGate();
    const lock = await lockExecutor({
      url: options.databaseUrl,
      executorId: options.executorId,
      waitMs: options.lockWaitMs ?? 3_000,
      onLost: (error) => {
        // Another replica may repeat what runs here: end it first.
        gate.stop(error);
        options.onFenced(error);
      },
    });
    const client = await DBOSClient.create({
      systemDatabaseUrl: options.databaseUrl,
      systemDatabasePoolSize: 2,
      applicationName,
      logger: dbosLogger(options.logger),
    });
    const engine = new DurableEngine(options, { gate, lock, client });
    try {
      await engine.#launch();
      return engine;
    } catch (error) {
      await engine.stop(0);
      throw new EngineError('DATABASE_UNREACHABLE', 'the durable engine cannot start on its database', {
        cause: error,
      });
    }
  }

  effectQueue(): EffectQueue {
    return {
      enqueue: async (connection, effect) => {
        const queueName = this.#handlerOf(effect.kind).queue;
        const target = { workflowName, workflowID: effect.key, queueName, appVersion: applicationVersion };
        const args = [effect.kind, effect.payload, effect.key];
        await this.#client.enqueueInTransaction(parseConnection(connection), target, ...args);
      },
      committed: (effects: readonly Effect[]) => {
        for (const effect of effects) this.#queues.get(this.#handlerOf(effect.kind).queue)?.nudge();
      },
    };
  }

  async cancel(key: string): Promise<void> {
    // Recorded first: a run that is aborted may end before the record is written, and would keep an outcome of its own.
    await this.#client.cancelWorkflow(key);
    this.#cancels.get(key)?.abort(new EngineError('EFFECT_CANCELLED', `effect "${key}" was cancelled`));
  }

  async status(key: string): Promise<EffectStatus | undefined> {
    const found = await this.#client.getWorkflow(key);
    if (found === undefined) return undefined;
    if (found.status === 'ENQUEUED' || found.status === 'DELAYED') return 'queued';
    if (found.status === 'PENDING') return 'running';
    if (found.status === 'CANCELLED') return 'cancelled';
    return found.status === 'SUCCESS' && found.output === 'done' ? 'done' : 'failed';
  }

  async drain(timeoutMs: number): Promise<boolean> {
    this.#gate.close();
    for (const queue of this.#queues.values()) queue.close();
    const deadline = performance.now() + timeoutMs;
    while (this.#runningCount() > 0) {
      if (performance.now() >= deadline) return false;
      await sleep(5);
    }
    return true;
  }

  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async prune(olderThan: Date): Promise<number> {
    for (let count = 0; ; ) {
      const ended = await this.#client.listWorkflows({
        workflowName,
        status: ['SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'],
        completedBefore: olderThan.toISOString(),
        limit: pruneBatch,
        loadInput: false,
        loadOutput: false,
      });
      if (ended.length === 0) return count;
      await this.#client.deleteWorkflows(ended.map((workflow) => workflow.workflowID));
      count += ended.length;
    }
  }

  async #launch(): Promise<void> {
    const options = this.#options;
    DBOS.registerWorkflow((kind: string, payload: Payload, key: string) => this.#perform(kind, payload, key), {
      name: workflowName,
      maxRecoveryAttempts,
    });
    DBOS.setConfig({
      name: applicationName,
      systemDatabaseUrl: options.databaseUrl,
      systemDatabasePoolSize: poolSize,
      executorID: options.executorId,
      applicationVersion,
      // We claim ourselves: see DurableQueue.
      listenQueues: [],
      useListenNotify: false,
      logger: dbosLogger(options.logger),
    });
    await DBOS.launch();
    for (const [name, { concurrency }] of Object.entries(options.queues)) {
      const settings = {
        workerConcurrency: concurrency,
        minPollingIntervalMs: 50,
        onConflict: 'always_update',
      } as const;
      const queue = await DBOS.registerQueue(name, settings);
      const { logger, pollMs = 200 } = options;
      this.#queues.set(name, new DurableQueue(queue, { concurrency, pollMs, logger }));
    }
    for (const queue of this.#queues.values()) queue.start();
    void this.#sweep();
  }

  /** The one workflow. Its steps are recorded once; a step under way when the process dies runs again. */
  async #perform(kind: string, payload: Payload, key: string): Promise<EffectOutcome['kind']> {
    const handler = this.#findHandler(kind) ?? unknownKind(kind);
    const queue = this.#queues.get(handler.queue) ?? this.#anyQueue();
    const cancel = new AbortController();
    this.#cancels.set(key, cancel);
    const { logger } = this.#options;
    const run = { kind, key, slots: queue.slots, cancelled: cancel.signal, gate: this.#gate, logger };
    await queue.enter(key);
    try {
      return await this.#runSteps(run, { handler, payload, cancel });
    } finally {
      this.#cancels.delete(key);
      queue.slots.release();
    }
  }

  async #runSteps(
    run: EffectRun,
    work: { readonly handler: EffectHandler; readonly payload: Payload; readonly cancel: AbortController },
  ): Promise<EffectOutcome['kind']> {
    const { handler, payload } = work;
    const outcome = await DBOS.runStep(
      () => {
        followRemoteCancel(work.cancel, run.key);
        return runAttempts(run, (context) => handler.run(payload, context), handler.maxAttempts);
      },
      { name: 'run' },
    );
    if (outcome.kind !== 'failed') return outcome.kind;
    const { failure } = outcome;
    await DBOS.runStep(() => runUntilDone(run, (context) => handler.failed(payload, failure, context)), {
      name: 'failed',
    });
    return outcome.kind;
  }

  /** A replica whose lock is free has lost its process: what it had claimed goes back to the queues. */
  async #sweep(): Promise<void> {
    const { sweepMs = 2_000, logger, executorId } = this.#options;
    while (!this.#isClosing()) {
      try {
        await this.#lock.check();
        const claimed = await this.#client.listWorkflows({ status: 'PENDING', loadInput: false, loadOutput: false });
        const others = new Set(claimed.map((workflow) => workflow.executorId).filter((id) => id !== executorId));
        for (const other of others) if (other !== undefined) await this.#takeOver(other);
      } catch (error) {
        if (!this.#isClosing()) logger.warn({ err: error }, 'cannot look for dead replicas');
      }
      await sleep(sweepMs, undefined, { signal: this.#gate.closing }).catch(() => undefined);
    }
  }

  #isClosing(): boolean {
    return this.#gate.closing.aborted;
  }

  async #takeOver(executor: string): Promise<void> {
    const isDead = await this.#lock.withDead(executor, async () => {
      // Keeps queue and attempts; the public resume would not.
      await DBOSExecutor.globalInstance?.recoverPendingWorkflows([executor]);
    });
    if (!isDead) return;
    this.#options.logger.info({ executor }, 'took over the effects of a dead replica');
    for (const queue of this.#queues.values()) queue.nudge();
  }

  async #stop(graceMs: number): Promise<void> {
    if (!(await this.drain(graceMs))) {
      this.#gate.stop(new EngineError('ENGINE_STOPPING', 'the engine stops'));
      // Handlers get a moment to let go of what they hold.
      await this.drain(1_000);
    }
    await DBOS.shutdown({ deregister: true });
    await this.#client.destroy();
    await this.#lock.release();
  }

  #runningCount(): number {
    const database = DBOSExecutor.globalInstance?.systemDatabase;
    if (database === undefined) return 0;
    const names = [...this.#queues.keys()];
    return names.reduce((sum, name) => sum + database.countRunningWorkflowsForQueue(name), 0) - this.#gate.parkedCount;
  }

  #handlerOf(kind: string): EffectHandler {
    const handler = this.#findHandler(kind);
    if (handler === undefined) throw new EngineError('EFFECT_KIND_UNKNOWN', `no handler does "${kind}"`);
    return handler;
  }

  #findHandler(kind: string): EffectHandler | undefined {
    return Object.hasOwn(this.#options.handlers, kind) ? this.#options.handlers[kind] : undefined;
  }

  #anyQueue(): DurableQueue {
    const [queue] = this.#queues.values();
    if (queue === undefined) throw new EngineError('EFFECT_QUEUE_UNKNOWN', 'the engine has no queue');
    return queue;
  }
}
