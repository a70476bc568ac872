import { setTimeout as sleep } from 'node:timers/promises';

/** What people who use the application got, while one label stood. */
export interface Tally {
  readonly requests: number;
  /** Answered 5xx, or not at all. */
  readonly failed: number;
  /** Answers of `/version` by the text in them. */
  readonly versions: Readonly<Record<string, number>>;
}

interface Counts {
  requests: number;
  failed: number;
  readonly versions: Record<string, number>;
}

const visitors = ['Ada', 'Ben', 'Zoe', 'Max'];
/** One request after the other begins this far apart. */
const paceMs = 25;
/** A load without end would outlive what it tests. */
const mostRequests = 20_000;

/** People who use the deployed application: plain requests on loopback until told to stop. */
export class Traffic {
  readonly #url: string;
  readonly #counts = new Map<string, Counts>();
  readonly #running = new Set<Promise<void>>();
  #label = 'before';
  #isStopped = false;
  readonly #loop: Promise<void>;

  constructor(url: string) {
    this.#url = url;
    this.#loop = this.#run();
  }

  /** What is counted from now on belongs to this label. */
  mark(label: string): void {
    this.#label = label;
  }

  tally(label: string): Tally {
    return this.#counts.get(label) ?? { requests: 0, failed: 0, versions: {} };
  }

  /** Failed requests under all labels. */
  failed(): number {
    return [...this.#counts.values()].reduce((sum, counts) => sum + counts.failed, 0);
  }

  /** Ends the load and waits for the answers that are still to come. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    for (let sent = 0; sent < mostRequests && !this.#isStopped; sent++) {
      // By chance: what alternates would keep step with a proxy that takes turns, and see only one version.
      const isPage = Math.random() < 0.5;
      const visitor = visitors[Math.floor(Math.random() * visitors.length)] ?? '';
      const call: Promise<void> = this.#ask(isPage ? `/?author=${visitor}` : '/version').finally(() =>
        this.#running.delete(call),
      );
      this.#running.add(call);
      await sleep(paceMs);
    }
  }

  /** Counted under the label that stands when it is sent: what was under way at a change belongs to the time before. */
  async #ask(path: string): Promise<void> {
    const counts = this.#countsOf(this.#label);
    counts.requests += 1;
    try {
      const response = await fetch(`${this.#url}${path}`, { signal: AbortSignal.timeout(10_000) });
      const text = await response.text();
      if (response.status >= 500) counts.failed += 1;
      const version = path === '/version' ? /"text":"([^"]*)"/.exec(text)?.[1] : undefined;
      if (version !== undefined) counts.versions[version] = (counts.versions[version] ?? 0) + 1;
    } catch {
      counts.failed += 1;
    }
  }

  #countsOf(label: string): Counts {
    const known = this.#counts.get(label) ?? { requests: 0, failed: 0, versions: {} };
    this.#counts.set(label, known);
    return known;
  }
}
