/** A log of one attempt of a stage, as it stands now. */
export interface StageLog {
  readonly id: string;
  /** What leads each of its lines. */
  readonly prefix: string;
  readonly hasBegun: boolean;
  readonly hasEnded: boolean;
}

/**
 * Follows each log once, from when its stage begins.
 *
 * A stage is running a moment before its log is there, and a log that is not there reads as an empty one: an empty log of a
 * running stage is looked at again.
 */
export class LogFollower<Log extends StageLog = StageLog> {
  readonly #copy: (log: Log) => Promise<boolean>;
  readonly #followed = new Map<string, Promise<void>>();

  /** @param copy - prints a log to its end; tells whether it held anything. */
  constructor(copy: (log: Log) => Promise<boolean>) {
    this.#copy = copy;
  }

  /** Begins with those that have begun and are not followed yet. */
  look(logs: readonly Log[]): void {
    for (const log of logs) if (log.hasBegun && !this.#followed.has(log.id)) this.#follow(log);
  }

  /** Ends when every log is printed; a failure to read one is told here. */
  async finish(logs: readonly Log[]): Promise<void> {
    await Promise.all(this.#followed.values());
    this.look(logs);
    await Promise.all(this.#followed.values());
  }

  #follow(log: Log): void {
    const following = this.#copy(log).then((hasText) => {
      if (!hasText && !log.hasEnded) this.#followed.delete(log.id);
    });
    following.catch(() => undefined);
    this.#followed.set(log.id, following);
  }
}
