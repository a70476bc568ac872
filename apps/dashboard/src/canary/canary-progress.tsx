import { Icon } from '../mark/icon.tsx';
import { Moment } from '../mark/moment.tsx';
import { StatusBadge, StatusDot } from '../mark/status-badge.tsx';
import css from './canary.module.css';
import { canaryStatus, metricStatus, tellNumber } from './canary-words.ts';
import type { Canary, CanaryMetric } from './parse-canary.ts';

/** How far a canary is: its share of the requests, its step, and what was measured last. */
export function CanaryProgress({ canary }: { readonly canary: Canary }) {
  const { weight, message, startedAt, requests, metrics } = canary;
  return (
    <section className={css['canary']} aria-label="Canary">
      <div className={css['head']}>
        <b>Canary</b>
        <StatusBadge status={canaryStatus(canary.phase)} />
      </div>
      {weight === undefined ? undefined : (
        <progress
          className={css['weight']}
          value={weight}
          max={100}
          aria-label={`${tellNumber(weight)}% of requests`}
        />
      )}
      <p className={css['facts']}>
        <Share canary={canary} />
        <Step canary={canary} />
        {requests === undefined ? undefined : (
          <span>
            {requests.total} {requests.total === 1 ? 'request' : 'requests'}, {requests.failed} failed
          </span>
        )}
        {startedAt === undefined ? undefined : (
          <span>
            since <Moment at={startedAt} />
          </span>
        )}
      </p>
      {message === undefined || message === '' ? undefined : <p>{message}</p>}
      <AfterAbort requests={canary.requestsSinceAbort} />
      <Metrics metrics={metrics} />
    </section>
  );
}

function Share({ canary: { weight, realShare } }: { readonly canary: Canary }) {
  if (weight === undefined) return undefined;
  const isOff = realShare !== undefined && Math.abs(realShare - weight) >= 0.5;
  return (
    <span>
      <b>{tellNumber(weight)}%</b> of requests{isOff ? ` (really ${tellNumber(realShare)}%)` : ''}
    </span>
  );
}

/** Steps are counted from 0; the number of steps means that all are done. */
function Step({ canary: { step, steps } }: { readonly canary: Canary }) {
  if (step === undefined || steps === undefined || steps === 0) return undefined;
  return (
    <span>
      {step >= steps ? `all ${steps} ${steps === 1 ? 'step' : 'steps'} done` : `step ${step + 1} of ${steps}`}
    </span>
  );
}

function AfterAbort({ requests }: { readonly requests: Canary['requestsSinceAbort'] }) {
  if (requests === undefined) return undefined;
  return (
    <p className={css['facts']}>
      <Icon name="back" size={13} /> since the abort: {requests.total} requests, {requests.failed} failed
    </p>
  );
}

function Metrics({ metrics }: { readonly metrics: readonly CanaryMetric[] }) {
  if (metrics.length === 0) return undefined;
  return (
    <ul className={css['metrics']} aria-label="Measurements of the canary">
      {metrics.map((metric) => (
        <Metric key={`${metric.run ?? ''} ${metric.name}`} metric={metric} />
      ))}
    </ul>
  );
}

function Metric({ metric }: { readonly metric: CanaryMetric }) {
  const { name, value, baseline, limit, count, run, isDryRun } = metric;
  const status = metricStatus(metric.phase);
  return (
    <li>
      <StatusDot status={status} label={status.text} />
      <div>
        <b>{name}</b>
        {value === undefined ? undefined : <code>{tellNumber(value)}</code>}
        {limit === undefined ? undefined : <span>limit {limit}</span>}
        {baseline === undefined ? undefined : <span>stable {tellNumber(baseline)}</span>}
        {count === undefined ? undefined : <span>{count === 1 ? 'measured once' : `measured ${count} times`}</span>}
        {run === undefined ? undefined : <span>{run}</span>}
        {isDryRun === true ? <span>decides nothing</span> : undefined}
      </div>
    </li>
  );
}
