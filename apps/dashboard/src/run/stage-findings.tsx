import { Icon } from '../mark/icon.tsx';
import css from './run.module.css';
import type { CoverageFacts, TestFacts } from './stage-facts.ts';

/** How many tests ended how, and each that did not pass. */
export function TestsView({ tests }: { readonly tests: TestFacts }) {
  return (
    <div className={css['findings']}>
      <h3>Tests</h3>
      <p className={css['figures']}>
        {tests.counts.map(({ outcome, count }) => (
          <span key={outcome} className={css[outcome] ?? ''}>
            <b>{count}</b> {outcome}
          </span>
        ))}
      </p>
      {tests.failing.length === 0 ? undefined : (
        <ul className={css['failing']} aria-label="Failing tests">
          {tests.failing.map(({ name, message }, index) => (
            <li key={`${index} ${name}`}>
              <Icon name="cross" size={14} />
              <div>
                <b>{name}</b>
                {message === undefined ? undefined : <pre>{message}</pre>}
              </div>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Total and changed lines, and every line that nothing ran, by name. */
export function CoverageView({ coverage }: { readonly coverage: CoverageFacts }) {
  return (
    <div className={css['findings']}>
      <h3>Coverage</h3>
      <div className={css['meters']}>
        <Meter name="Whole" percent={coverage.totalPercent} />
        <Meter name="Changed lines" percent={coverage.changedPercent} />
      </div>
      {coverage.uncovered.length === 0 ? undefined : (
        <ul className={css['uncovered']} aria-label="Changed lines not covered">
          {coverage.uncovered.map(({ path, ranges }) => (
            <li key={path}>
              <code>{path}</code> <span>lines {ranges} not covered</span>
            </li>
          ))}
        </ul>
      )}
      {coverage.absentFiles.length === 0 ? undefined : (
        <ul className={css['uncovered']} aria-label="Files in no report">
          {coverage.absentFiles.map((path) => (
            <li key={path}>
              <code>{path}</code> <span>in no report: counts as not covered</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Meter({ name, percent }: { readonly name: string; readonly percent: number | undefined }) {
  if (percent === undefined) return undefined;
  return (
    <div className={css['meter']}>
      <span>
        {name} <b>{percent} %</b>
      </span>
      <progress max={100} value={percent} aria-label={`${name} covered`} />
    </div>
  );
}
