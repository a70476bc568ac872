/** How a test ended; `flaky` passed only when it was run again. */
export const testOutcomes = ['passed', 'failed', 'errored', 'skipped', 'flaky'] as const;
export type TestOutcome = (typeof testOutcomes)[number];

/** One test as a report tells it. Suite path, classname, name and file together identify it, not always uniquely. */
export interface TestResult {
  /** Names of the suites around it, outermost first, joined by ` > `. */
  readonly suite: string;
  readonly classname: string;
  readonly name: string;
  readonly file?: string;
  readonly outcome: TestOutcome;
  readonly durationMs?: number;
  /** Why it failed, errored, was skipped or was repeated; at most 2,000 characters. */
  readonly message?: string;
}

/** The tests of one file; totals written in the file are not believed. */
export interface TestReport {
  readonly file: string;
  readonly tests: readonly TestResult[];
  /** Suites that claim failures which the file does not show: something was lost, so the report cannot pass. */
  readonly contradictions: readonly string[];
}
