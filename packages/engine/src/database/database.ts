/** A PostgreSQL server with the two databases of Slipway. */
export interface Database {
  /** Records, evidence and the durable engine. Holds a password: never logged. */
  readonly url: string;
  /** Metrics, in a database of their own. Holds a password: never logged. */
  readonly metricsUrl: string;
  readonly isEmbedded: boolean;
  /** Found running: an earlier process left it, or a sibling started it. */
  readonly wasAdopted: boolean;
  /** Ends an embedded server, adopted or not; leaves an external one alone. Repeatable. */
  stop(): Promise<void>;
}
