import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeSpec } from '../objects/workload.ts';

/** What is asked and told while one start of a container lives. */
export interface HealthWatch {
  readonly startupProbe?: ProbeSpec;
  readonly readinessProbe?: ProbeSpec;
  readonly livenessProbe?: ProbeSpec;
  /** Runs a probe once; a text says why it failed. */
  readonly ask: (probe: ProbeSpec) => Promise<string | undefined>;
  /** Every change of readiness; `why` is absent when ready. */
  readonly readiness: (isReady: boolean, why?: string) => void;
  /** The container is to be restarted. */
  readonly unhealthy: (why: string) => void;
  readonly signal: AbortSignal;
}

/** Pause before the first success: a rollout should wait for the program, not for the probe's period. */
const eagerPauseMs = 100;
/** After that long without success the probe's own period holds. */
const eagerForMs = 30_000;

/**
 * Probes until the signal: startup first, then readiness and liveness side by side, with the thresholds of Kubernetes.
 * Not ready yet, a probe is repeated every 100 ms; its period counts from the first success on. Without a readiness probe a started
 * container is ready.
 */
export async function watchHealth(watch: HealthWatch): Promise<void> {
  try {
    if (watch.startupProbe !== undefined && !(await passStartup(watch, watch.startupProbe))) return;
    const { readinessProbe, livenessProbe } = watch;
    if (readinessProbe === undefined) watch.readiness(true);
    await Promise.all([
      readinessProbe === undefined ? undefined : watchReadiness(watch, readinessProbe),
      livenessProbe === undefined ? undefined : watchLiveness(watch, livenessProbe),
    ]);
  } catch (error) {
    if (!watch.signal.aborted) throw error;
  }
}

async function passStartup(watch: HealthWatch, probe: ProbeSpec): Promise<boolean> {
  await pause(probe.initialDelaySeconds * 1000, watch.signal);
  const endsAt = performance.now() + probe.failureThreshold * probe.periodSeconds * 1000;
  for (;;) {
    const why = await watch.ask(probe);
    watch.signal.throwIfAborted();
    if (why === undefined) return true;
    watch.readiness(false, `startup probe: ${why}`);
    if (performance.now() >= endsAt) {
      watch.unhealthy(`startup probe: ${why}`);
      return false;
    }
    await pause(Math.min(eagerPauseMs, probe.periodSeconds * 1000), watch.signal);
  }
}

async function watchReadiness(watch: HealthWatch, probe: ProbeSpec): Promise<void> {
  await pause(probe.initialDelaySeconds * 1000, watch.signal);
  const startedAt = performance.now();
  let isReady = false;
  let inARow = 0;
  for (;;) {
    const why = await watch.ask(probe);
    watch.signal.throwIfAborted();
    const agrees = (why === undefined) === isReady;
    inARow = agrees ? 0 : inARow + 1;
    const threshold = isReady ? probe.failureThreshold : probe.successThreshold;
    if (!agrees && inARow >= threshold) {
      isReady = !isReady;
      inARow = 0;
      watch.readiness(isReady, ...(why === undefined ? [] : [`readiness probe: ${why}`]));
    } else if (!isReady && why !== undefined) watch.readiness(false, `readiness probe: ${why}`);
    const isEager = !isReady && performance.now() - startedAt < eagerForMs;
    await pause(isEager ? eagerPauseMs : probe.periodSeconds * 1000, watch.signal);
  }
}

async function watchLiveness(watch: HealthWatch, probe: ProbeSpec): Promise<void> {
  await pause(probe.initialDelaySeconds * 1000, watch.signal);
  for (let failures = 0; ; ) {
    const why = await watch.ask(probe);
    watch.signal.throwIfAborted();
    failures = why === undefined ? 0 : failures + 1;
    if (why !== undefined && failures >= probe.failureThreshold) {
      watch.unhealthy(`liveness probe: ${why}`);
      return;
    }
    await pause(probe.periodSeconds * 1000, watch.signal);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}
