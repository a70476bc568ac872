import { decideTests, parseJUnit } from '@slipway/checks';
import type { KeptOutput } from '@slipway/domain';
import type { StageEnd } from '../finish-stage.ts';
import { readKeptFile } from './kept-file.ts';
import { say, type StageWork } from './stage-work.ts';

/** A test stage passes when its command does and its report shows tests that passed: no report and no test are failures. */
export async function judgeTests(
  work: StageWork,
  end: StageEnd & { readonly outputs: readonly KeptOutput[] },
): Promise<StageEnd> {
  const isPassed = end.conclusion === 'success';
  if (!end.outputs.some((output) => output.name === 'report-junit')) {
    if (!isPassed) return end;
    return {
      ...end,
      conclusion: 'failure',
      reason: 'ReportMissing',
      message: 'The command passed but left no JUnit report.',
    };
  }
  const bytes = await readKeptFile(work.services.content, { id: work.stage.id, outputs: end.outputs }, 'report-junit');
  const decision = decideTests([parseJUnit(bytes, 'the JUnit report')], { requireTests: true });
  say(work, decision.text);
  const facts = {
    tests: decision.summary,
    failing: decision.failing.slice(0, 20).map(({ suite, name, message }) => ({ suite, name, message })),
  };
  if (!isPassed || decision.verdict === 'passed') return { ...end, facts };
  return { ...end, facts, conclusion: 'failure', reason: decision.reasons[0] ?? 'TestsFailed', message: decision.text };
}
