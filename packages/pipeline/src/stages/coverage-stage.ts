import { type CoverageBase, createPathResolver, decideCoverage, parseLcov, resolveCoverage } from '@slipway/checks';
import { compileGlobs } from '@slipway/config';
import type { PipelineRun, StageRun } from '@slipway/domain';
import type { GitRepository, GitTreeEntry } from '@slipway/ports';
import type { StageEnd } from '../finish-stage.ts';
import type { PipelineServices } from '../services.ts';
import { readKeptFile } from './kept-file.ts';
import { neededStage, say, type StageWork } from './stage-work.ts';

interface CoverageOptions {
  readonly sources: readonly string[];
  readonly thresholds: { readonly changed: number; readonly total: number; readonly ratchetTolerance: number };
}

/** Kind `coverage`: total, changed lines and a ratchet against the base, from the report of the test stage. */
export async function judgeCoverage(work: StageWork): Promise<StageEnd> {
  const { run, repository, services } = work;
  const options = work.definition.options as unknown as CoverageOptions;
  const test = neededStage(work, 'test');
  if (test?.outputs.some((output) => output.name === 'report-coverage') !== true) {
    return { conclusion: 'failure', reason: 'ReportMissing', message: 'The test stage left no coverage report.' };
  }
  const isSource = compileGlobs(options.sources);
  const files = await repository.readTree(run.tree);
  const sources = files.filter((entry) => isSource(entry.path));
  const bytes = await readKeptFile(services.content, test, 'report-coverage');
  const base = baseOf(run);
  const changed = base === undefined ? [] : await repository.changedLines(base, run.commit);
  const totals = base === undefined ? undefined : await measuredAt(services, run, base);
  const decision = decideCoverage({
    report: resolveCoverage(
      parseLcov(bytes, 'the coverage report'),
      createPathResolver(files.map((entry) => entry.path)),
    ).report,
    sourceFiles: await withLineCounts(repository, sources),
    changedLines: new Map(
      changed.filter((file) => isSource(file.path)).map((file) => [file.path, linesOf(file.ranges)]),
    ),
    ...(totals === undefined ? {} : { base: totals }),
    thresholds: options.thresholds,
  });
  say(work, decision.text);
  const isPassed = decision.verdict === 'passed';
  return {
    conclusion: isPassed ? 'success' : 'failure',
    ...(isPassed ? {} : { reason: decision.reasons[0] ?? 'CoverageTooLow', message: decision.text }),
    facts: {
      coverage: decision.measured,
      totalPercent: decision.totalPercent,
      changedPercent: decision.changedPercent,
      uncovered: decision.uncoveredChanges.map(({ path, ranges }) => ({ path, ranges })),
      absentFiles: decision.absentFiles,
    },
  };
}

/** Non-blank lines of each source: what counts as uncovered when no report knows the file. */
async function withLineCounts(
  repository: GitRepository,
  sources: readonly GitTreeEntry[],
): Promise<readonly { readonly path: string; readonly lines: number }[]> {
  const blobs = await repository.readBlobs(sources.map((entry) => entry.id));
  return sources.map((entry, index) => {
    const text = Buffer.from(blobs[index] ?? new Uint8Array()).toString();
    return { path: entry.path, lines: text.split('\n').filter((line) => line.trim() !== '').length };
  });
}

function linesOf(ranges: readonly (readonly [number, number])[]): readonly number[] {
  return ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index));
}

/** What the changed lines are counted against: the target of a pull request, or what the branch held before the push. */
export function baseOf(run: PipelineRun): PipelineRun['commit'] | undefined {
  const { trigger } = run;
  if (trigger.kind === 'pull-request') return trigger.base;
  return trigger.kind === 'push' ? trigger.base : undefined;
}

/** The base's own measured totals, if a run of this pipeline measured them on that commit. */
async function measuredAt(
  services: Pick<PipelineServices, 'store'>,
  run: PipelineRun,
  base: PipelineRun['commit'],
): Promise<CoverageBase | undefined> {
  const match = { repository: run.repository, pipeline: run.pipeline, commit: base };
  const runs = await services.store.list('pipelineRun', { match, newestFirst: true });
  for (const { value } of runs) {
    const stages = await services.store.list('stageRun', { match: { run: value.id, kind: 'coverage' } });
    const measured = stages.map((stage) => totalsOf(stage.value)).find((totals) => totals !== undefined);
    if (measured !== undefined) return measured;
  }
  return undefined;
}

function totalsOf(stage: StageRun): CoverageBase | undefined {
  return stage.facts['coverage'] as CoverageBase | undefined;
}
