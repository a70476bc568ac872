import type { WorkflowQueue } from '@dbos-inc/dbos-sdk';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import { randomUUID } from 'node:crypto';
import type { EngineLogger } from './effect-handler.ts';
import { Slots } from './slots.ts';

/** Never changes: DBOS would leave the work of another version alone for ever, in silence. */
export const applicationVersion = '1';

/**
 * Claims the work of one queue in place of DBOS's own poller, by the same two calls that the poller makes
 * (wfqueue.js, `pollQueue`): a claim locks its rows and skips locked ones, so replicas never share work.
 *
 * Why not the poller: it cannot be woken (an effect would wait for the poll), and it counts an effect that pauses
 * between two attempts as running. The SDK's version is pinned exactly, and its types cover both calls.
 */
export class DurableQueue {
  readonly slots: Slots;
  readonly #queue: WorkflowQueue;
  readonly #pollMs: number;
  readonly #logger: EngineLogger;
  /** Claimed with a place reserved, not begun yet. */
  readonly #granted = new Set<string>();
  #isOpen = true;
  #isNudged = false;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;

  constructor(
    queue: WorkflowQueue,
    options: { readonly concurrency: number; readonly pollMs: number; readonly logger: EngineLogger },
  ) {
    this.#queue = queue;
    this.#pollMs = options.pollMs;
    this.#logger = options.logger;
    this.slots = new Slots(options.concurrency, () => {
      this.nudge();
    });
  }

  /** Claims until {@link close}; the poll finds what nobody nudged for: other replicas' work, and work recovered. */
  start(): void {
    void this.#loop();
  }

  /** Looks for work now. */
  nudge(): void {
    this.#isNudged = true;
    this.#wake?.();
  }

  /** Claims nothing from here on; what a claim under way still finds runs into the closed gate. */
  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#wake?.();
  }

  /** An effect begins: with the place of its claim, else with the next free one. */
  async enter(key: string): Promise<void> {
    if (!this.#granted.delete(key)) await this.slots.take();
  }

  async #loop(): Promise<void> {
    while (this.#isOpen) {
      this.#isNudged = false;
      await this.#claim();
      await this.#waitForNudge();
    }
  }

  async #claim(): Promise<void> {
    const free = this.slots.reserve();
    let claimed: readonly string[] = [];
    try {
      if (free > 0) claimed = await this.#claimUpTo(free);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing && this.#isOpen)
        this.#logger.warn({ queue: this.#queue.name, err: error }, 'cannot claim effects');
      this.#isFailing = true;
    }
    this.slots.unreserve(free - claimed.length);
  }

  async #claimUpTo(free: number): Promise<readonly string[]> {
    const executor = DBOSExecutor.globalInstance;
    if (executor === undefined) return [];
    const database = executor.systemDatabase;
    const owner = randomUUID();
    const isRunning = this.slots.limit - free;
    const { executorID } = executor;
    const claimed = await database.findAndMarkStartableWorkflows(
      this.#queue,
      executorID,
      applicationVersion,
      undefined,
      isRunning,
      0,
      owner,
    );
    for (const key of claimed) this.#granted.add(key);
    await executor.dispatchDequeuedWorkflows([...claimed], owner);
    // What did not begin gives its place back; DBOS has logged why.
    return claimed.filter(
      (key) => !this.#granted.has(key) || database.checkForRunningWorkflow(key) || !this.#granted.delete(key),
    );
  }

  async #waitForNudge(): Promise<void> {
    if (this.#isNudged || !this.#isOpen) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      this.#timer = setTimeout(resolve, this.#pollMs * (0.9 + Math.random() / 5));
    });
    clearTimeout(this.#timer);
    this.#wake = undefined;
  }
}
