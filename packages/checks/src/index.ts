export { CheckError, checkErrors } from './check-error.ts';
export { maximumReportBytes } from './read-text.ts';
export { testOutcomes, type TestOutcome, type TestReport, type TestResult } from './tests/test-report.ts';
export { parseJUnit } from './tests/parse-junit.ts';
export {
  decideTests,
  summarizeTests,
  type TestDecision,
  type TestFailureReason,
  type TestSummary,
} from './tests/decide-tests.ts';
export { mergeCoverage, type CoverageReport } from './line-coverage/coverage-report.ts';
export { parseLcov } from './line-coverage/parse-lcov.ts';
export { parseCobertura, parseJacoco } from './line-coverage/parse-coverage-xml.ts';
export {
  createPathResolver,
  resolveCoverage,
  resolveReportPath,
  type PathResolver,
} from './line-coverage/resolve-paths.ts';
export {
  decideCoverage,
  printRanges,
  type CoverageBase,
  type CoverageDecision,
  type CoverageFacts,
  type CoverageFailureReason,
  type CoverageThresholds,
  type SourceFile,
  type UncoveredLines,
} from './line-coverage/decide-coverage.ts';
export type { Ratio } from './line-coverage/ratio.ts';
