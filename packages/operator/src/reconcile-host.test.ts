import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type PassReport, ReconcileHost, type ReconcileResult } from './reconcile-host.ts';
import { OperatorError } from './operator-error.ts';

const settled: ReconcileResult = { kind: 'settled', nextCheckMs: 60_000 };

/** A reconciler whose passes end when the test says so. */
class Passes {
  readonly started: string[] = [];
  readonly reports: PassReport[] = [];
  readonly signals: AbortSignal[] = [];
  mostAtOnce = 0;
  #running = new Map<string, number>();
  #ends: (() => void)[] = [];

  readonly reconcile = async (key: string, signal: AbortSignal): Promise<ReconcileResult> => {
    this.started.push(key);
    this.signals.push(signal);
    const running = (this.#running.get(key) ?? 0) + 1;
    this.#running.set(key, running);
    this.mostAtOnce = Math.max(this.mostAtOnce, running);
    await new Promise<void>((resolve) => this.#ends.push(resolve));
    this.#running.set(key, (this.#running.get(key) ?? 1) - 1);
    signal.throwIfAborted();
    return settled;
  };

  readonly onPass = (report: PassReport): void => void this.reports.push(report);

  /** Lets every pass that runs now end. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    await sleep(5);
  }
}

describe('ReconcileHost', () => {
  it('runs one pass of a key at a time, and one more when it was woken meanwhile', async () => {
    const passes = new Passes();
    const host = new ReconcileHost(passes.reconcile, { concurrency: 4, onPass: passes.onPass });
    host.wake('a');
    host.wake('a');
    host.wake('a');
    expect(passes.started).toEqual(['a']);

    await passes.end();
    expect(passes.started).toEqual(['a', 'a']);
    await passes.end();

    expect(passes.started).toHaveLength(2);
    expect(passes.mostAtOnce).toBe(1);
    await host.stop();
  });

  it('runs no more passes at once than it may, and every key in turn', async () => {
    const passes = new Passes();
    const host = new ReconcileHost(passes.reconcile, { concurrency: 2, onPass: passes.onPass });
    for (const key of ['a', 'b', 'c']) host.wake(key);
    expect(passes.started).toEqual(['a', 'b']);

    await passes.end();

    expect(passes.started).toEqual(['a', 'b', 'c']);
    await passes.end();
    await host.stop();
  });

  it('ends a pass that a newer desired state replaces and starts the newer one after it', async () => {
    const passes = new Passes();
    const host = new ReconcileHost(passes.reconcile, { concurrency: 4, onPass: passes.onPass });
    host.wake('a');
    host.wake('a', { isSuperseding: true });
    expect(passes.signals[0]?.aborted).toBe(true);
    expect(passes.started).toHaveLength(1);

    await passes.end();

    expect(passes.reports.map((report) => report.outcome)).toEqual(['superseded']);
    expect(passes.started).toHaveLength(2);
    expect(passes.signals[1]?.aborted).toBe(false);
    await passes.end();
    await host.stop();
  });

  it('never runs a key beside itself, even when it left and came back while its pass was ending', async () => {
    const passes = new Passes();
    const host = new ReconcileHost(passes.reconcile, { concurrency: 4, onPass: passes.onPass });
    host.wake('a');
    host.forget('a');
    host.wake('a');
    expect(passes.started).toHaveLength(1);

    await passes.end();
    await passes.end();

    expect(passes.started).toHaveLength(2);
    expect(passes.mostAtOnce).toBe(1);
    await host.stop();
  });

  it('forgets a key for good, running or waiting', async () => {
    const passes = new Passes();
    const host = new ReconcileHost(passes.reconcile, { concurrency: 1, onPass: passes.onPass });
    host.wake('running');
    host.wake('waiting');
    host.forget('running');
    host.forget('waiting');

    await passes.end();

    expect(passes.started).toEqual(['running']);
    await host.stop();
  });

  it('tries again after an error with growing pauses, and one poison key holds up no other', async () => {
    const at: number[] = [];
    const done: string[] = [];
    const host = new ReconcileHost(
      (key) => {
        done.push(key);
        if (key !== 'poison') return Promise.resolve(settled);
        at.push(performance.now());
        return Promise.reject(new Error('no'));
      },
      { concurrency: 1, onPass: () => undefined },
    );
    host.wake('poison');
    host.wake('healthy');

    await expect.poll(() => at.length, { timeout: 5_000 }).toBe(3);
    await host.stop();

    expect(done[1]).toBe('healthy');
    const [first = 0, second = 0, third = 0] = at;
    expect(second - first).toBeGreaterThanOrEqual(95);
    expect(third - second).toBeGreaterThanOrEqual(195);
  });

  it('leaves a stalled key alone until it is woken', async () => {
    const reports: PassReport[] = [];
    const error = new OperatorError('RENDER_MISMATCH', 'it differs');
    const host = new ReconcileHost(() => Promise.resolve({ kind: 'stalled', error }), {
      concurrency: 1,
      onPass: (report) => void reports.push(report),
    });
    host.wake('a');
    await sleep(300);
    expect(reports).toMatchObject([{ outcome: 'stalled', error: { code: 'RENDER_MISMATCH' } }]);

    host.wake('a');
    await sleep(5);
    expect(reports).toHaveLength(2);
    await host.stop();
  });

  it('looks again when a pass asked for it', async () => {
    let count = 0;
    const host = new ReconcileHost(
      () => {
        count += 1;
        return Promise.resolve({ kind: 'waiting', reason: 'Soaking', retryAfterMs: 10 });
      },
      { concurrency: 1, onPass: () => undefined },
    );
    host.wake('a');

    await expect.poll(() => count).toBeGreaterThanOrEqual(3);
    await host.stop();
    const atStop = count;
    await sleep(50);
    expect(count).toBe(atStop);
  });

  it('waits at its stop for the passes that run, and takes no more work', async () => {
    const passes = new Passes();
    const host = new ReconcileHost(passes.reconcile, { concurrency: 1, onPass: passes.onPass });
    host.wake('a');
    host.wake('b');
    let isStopped = false;
    const stopping = host.stop().then(() => (isStopped = true));
    await sleep(20);
    expect(isStopped).toBe(false);
    expect(passes.signals[0]?.aborted).toBe(true);

    await passes.end();
    await stopping;
    host.wake('c');

    expect(passes.started).toEqual(['a']);
  });
});
