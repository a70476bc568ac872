import { testOutcomes, type TestOutcome, type TestReport, type TestResult } from './test-report.ts';

/** How many tests ended how. */
export interface TestSummary extends Readonly<Record<TestOutcome, number>> {
  readonly total: number;
  /** All that ran: everything but the skipped. */
  readonly executed: number;
  /** Sum of the durations that are stated. */
  readonly durationMs: number;
}

/** Why tests did not pass. `NoTestsRun`: none was executed although some must be. */
export type TestFailureReason = 'TestsFailed' | 'ReportContradictsItself' | 'NoTestsRun';

/** The verdict on the tests of a stage. */
export interface TestDecision {
  readonly verdict: 'passed' | 'failed';
  /** Every reason, worst first; empty when passed. */
  readonly reasons: readonly TestFailureReason[];
  readonly summary: TestSummary;
  /** Tests that failed or errored, in the reports' order. */
  readonly failing: readonly TestResult[];
  /** Tests that passed only when repeated: no reason to fail, a reason to look. */
  readonly flaky: readonly TestResult[];
  readonly contradictions: readonly string[];
  /** One line for people. */
  readonly text: string;
}

/** Counts tests of any number of reports. */
export function summarizeTests(tests: readonly TestResult[]): TestSummary {
  const counts: Record<TestOutcome, number> = { passed: 0, failed: 0, errored: 0, skipped: 0, flaky: 0 };
  let durationMs = 0;
  for (const test of tests) {
    counts[test.outcome] += 1;
    durationMs += test.durationMs ?? 0;
  }
  return { ...counts, total: tests.length, executed: tests.length - counts.skipped, durationMs };
}

/**
 * Decides whether the tests passed.
 *
 * @param options - `requireTests`: nothing executed is a failure, for a misspelt path looks just like that.
 */
export function decideTests(reports: readonly TestReport[], options: { readonly requireTests: boolean }): TestDecision {
  const tests = reports.flatMap((report) => report.tests);
  const summary = summarizeTests(tests);
  const contradictions = reports.flatMap((report) => report.contradictions.map((text) => `${report.file}: ${text}`));
  const reasons: readonly TestFailureReason[] = [
    ...(summary.failed + summary.errored > 0 ? (['TestsFailed'] as const) : []),
    ...(contradictions.length > 0 ? (['ReportContradictsItself'] as const) : []),
    ...(options.requireTests && summary.executed === 0 ? (['NoTestsRun'] as const) : []),
  ];
  return {
    verdict: reasons.length === 0 ? 'passed' : 'failed',
    reasons,
    summary,
    failing: tests.filter(({ outcome }) => outcome === 'failed' || outcome === 'errored'),
    flaky: tests.filter(({ outcome }) => outcome === 'flaky'),
    contradictions,
    text: describe(summary, contradictions, reasons),
  };
}

function describe(
  summary: TestSummary,
  contradictions: readonly string[],
  reasons: readonly TestFailureReason[],
): string {
  if (reasons.includes('NoTestsRun')) {
    const skipped =
      summary.skipped === 0 ? 'no test was found in the reports' : `all ${summary.skipped} tests were skipped`;
    return [`No tests ran: ${skipped}`, ...contradictions].join('; ');
  }
  const counts = testOutcomes
    .filter((outcome) => summary[outcome] > 0)
    .map((outcome) => `${summary[outcome]} ${outcome}`);
  const noun = summary.total === 1 ? 'test' : 'tests';
  return [`${summary.total} ${noun}: ${counts.join(', ') || 'none'}`, ...contradictions].join('; ');
}
