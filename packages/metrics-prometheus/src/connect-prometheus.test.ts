import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsQuestion } from '@slipway/ports';
import { metricsProviderContract } from '@slipway/ports/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { Exposition, hasPrometheus, startPrometheus } from '../test-support/throwaway-prometheus.ts';
import { connectPrometheus } from './index.ts';
import { printQuery } from './query-templates.ts';

const place = { namespace: 'shop', service: 'web', deployment: 'web-canary' };
const question: MetricsQuestion = { ...place, kind: 'query', query: 'up', windowMs: 1_000 };

describe.skipIf(!hasPrometheus)('beside Prometheus (skipped where it is not installed)', () => {
  metricsProviderContract('Prometheus', async () => {
    const exposed = new Exposition();
    const prometheus = await startPrometheus(() => {
      exposed.scrapes += 1;
      return exposed.print(place);
    });
    const until = exposed.scrapes + 3;
    // A counter that was never seen at 0 has not increased.
    while (exposed.scrapes < until) await sleep(50);
    const selector = 'namespace="{{namespace}}",service="{{service}}",deployment="{{deployment}}"';
    return {
      provider: connectPrometheus({ url: prometheus.url }),
      place,
      quiet: { ...place, deployment: 'quiet' },
      record: (answers) => {
        for (const { status, durationMs } of answers) exposed.record(status, durationMs);
        return Promise.resolve();
      },
      unreachable: connectPrometheus({ url: 'http://127.0.0.1:1' }),
      query: {
        text: `sum(last_over_time(http_requests_total{${selector}}[{{window}}]))`,
        answer: 10,
        empty: `no_such_metric{${selector}}[{{window}}]`.replace(/\[.*/, ''),
      },
      close: () => prometheus.close(),
    };
  });
});

describe('connectPrometheus', () => {
  let close: () => Promise<void> = () => Promise.resolve();
  afterEach(() => close());

  /** A server that gives one answer to everything. */
  async function answering(status: number, body: unknown): Promise<{ readonly url: string; readonly asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => asked.push(`${request.url} ${decodeURIComponent(chunk)}`));
      request.on('end', () => response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    close = () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prom/`, asked };
  }

  const success = (resultType: string, result: unknown): object => ({
    status: 'success',
    data: { resultType, result },
  });

  it.each([
    ['a scalar', success('scalar', [1, '2.5']), 2.5],
    ['one sample', success('vector', [{ metric: {}, value: [1, '0.25'] }]), 0.25],
    ['infinity', success('vector', [{ metric: {}, value: [1, '+Inf'] }]), Infinity],
    ['NaN', success('vector', [{ metric: {}, value: [1, 'NaN'] }]), Number.NaN],
    ['nothing', success('vector', []), undefined],
  ])('reads %s', async (_what, body, value) => {
    const { url, asked } = await answering(200, body);

    expect(await connectPrometheus({ url }).measure(question)).toEqual(value);
    expect(asked).toEqual(['/prom/api/v1/query query=up']);
  });

  it.each([
    ['two samples', 200, success('vector', [{ value: [1, '1'] }, { value: [1, '2'] }]), 'METRICS_ANSWER_INVALID'],
    ['a range', 200, success('matrix', []), 'METRICS_ANSWER_INVALID'],
    ['no number', 200, success('scalar', [1, '']), 'METRICS_ANSWER_INVALID'],
    ['more than a megabyte', 200, 'x'.repeat(1_100_000), 'METRICS_ANSWER_INVALID'],
    [
      'a query that is refused',
      400,
      { status: 'error', errorType: 'bad_data', error: 'parse' },
      'METRICS_QUESTION_INVALID',
    ],
    ['too much to do', 503, { status: 'error', errorType: 'timeout', error: 'late' }, 'METRICS_UNREACHABLE'],
    ['the page of a proxy', 502, '<html>', 'METRICS_UNREACHABLE'],
  ])('has no answer in %s', async (_what, status, body, code) => {
    const { url } = await answering(status, body);

    await expect(connectPrometheus({ url }).measure(question)).rejects.toMatchObject({ code });
  });

  it('takes NaN of a ratio by name for no data', async () => {
    const { url } = await answering(200, success('vector', [{ value: [1, 'NaN'] }]));

    expect(await connectPrometheus({ url }).measure({ ...question, kind: 'error-ratio' })).toBeUndefined();
  });

  it('gives up after its time', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    close = () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    const asking = connectPrometheus({ url, timeoutMs: 50 }).measure(question);
    await expect(asking).rejects.toMatchObject({ code: 'METRICS_UNREACHABLE' });
  });

  it('fills in every placeholder, and refuses a name that would end its string', () => {
    const query = 'f{a="{{namespace}}/{{ service }}/{{deployment}}"}[{{window}}] {{other}}';

    expect(printQuery({ ...question, query, windowMs: 1_500 })).toBe('f{a="shop/web/web-canary"}[1500ms] {{other}}');
    expect(() => printQuery({ ...question, service: 'web"} or vector(0' })).toThrow(
      expect.objectContaining({ code: 'METRICS_QUESTION_INVALID' }) as Error,
    );
  });
});
