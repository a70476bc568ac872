import type { Conclusion } from '@slipway/domain';
import type { ExecutionResult, IsolationFacts } from '@slipway/ports';
import type { StageEnd } from '../finish-stage.ts';

interface Verdict {
  readonly conclusion: Conclusion;
  readonly reason: string;
}

const verdicts: Readonly<Record<ExecutionResult['outcome'], Verdict>> = {
  exited: { conclusion: 'failure', reason: 'CommandFailed' },
  timed_out: { conclusion: 'timed_out', reason: 'TimedOut' },
  output_limit: { conclusion: 'failure', reason: 'OutputLimit' },
  cancelled: { conclusion: 'cancelled', reason: 'Cancelled' },
  output_missing: { conclusion: 'failure', reason: 'OutputMissing' },
};

/** How an execution ends its stage; only exit code 0 of every command is a success. */
export function concludeExecution(result: ExecutionResult): StageEnd {
  const exit = result.exitCode === undefined ? {} : { exitCode: result.exitCode };
  if (result.outcome === 'exited' && result.exitCode === 0) return { conclusion: 'success', ...exit };
  const how =
    result.outcome === 'exited' ? `exit code ${result.exitCode ?? 'unknown'}` : result.outcome.replaceAll('_', ' ');
  return { ...verdicts[result.outcome], message: `\`${result.command}\`: ${how}`, ...exit };
}

/** One line of what the sandbox held and what it did not; it stands in the run and in its evidence. */
export function describeIsolation(facts: IsolationFacts): string {
  const gaps = [
    ...(facts.isNetworkIsolated ? [] : ['network not isolated']),
    ...(facts.areFilesIsolated ? [] : ['files not isolated']),
    ...(facts.isUidSeparate ? [] : ['same uid as the server']),
  ];
  return gaps.length === 0 ? facts.isolation : `${facts.isolation} (${gaps.join(', ')})`;
}
