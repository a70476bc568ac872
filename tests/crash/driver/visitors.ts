import { setTimeout as sleep } from 'node:timers/promises';

/** A load that outlives its test would be nobody's. */
const mostRequests = 8_000;
const paceMs = 20;

/** People who use what is deployed, until told to stop; plain requests on loopback. */
export class Visitors {
  readonly #url: string;
  readonly #loop: Promise<void>;
  #isStopped = false;
  /** Answers that were no success, by what came back; `0` for none at all. */
  readonly failures = new Map<number, number>();

  constructor(url: string) {
    this.#url = url;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  async #run(): Promise<void> {
    const running = new Set<Promise<void>>();
    for (let sent = 0; sent < mostRequests && !this.#isStopped; sent++) {
      const call: Promise<void> = this.#ask().finally(() => running.delete(call));
      running.add(call);
      await sleep(paceMs);
    }
    await Promise.all(running);
  }

  async #ask(): Promise<void> {
    const status = await fetch(this.#url, { signal: AbortSignal.timeout(10_000) }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      },
      () => 0,
    );
    if (status !== 200) this.failures.set(status, (this.failures.get(status) ?? 0) + 1);
  }
}
