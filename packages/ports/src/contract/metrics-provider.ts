import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MetricsPlace, MetricsProvider, MetricsQuestion } from '../metrics-provider.ts';

/** An answer that a place is to have given. */
export interface RecordedAnswer {
  /** 0: the connection broke before an answer. */
  readonly status: number;
  readonly durationMs: number;
}

/** A provider with two places: one that `record` fills, and one that nobody asks. */
export interface MetricsProviderUnderTest {
  readonly provider: MetricsProvider;
  readonly place: MetricsPlace;
  readonly quiet: MetricsPlace;
  /** Makes the place answer; the provider may learn of it later. */
  readonly record: (answers: readonly RecordedAnswer[]) => Promise<void>;
  /** The same adapter, turned to where nobody listens. */
  readonly unreachable: MetricsProvider;
  /** A query of the provider's language that uses every placeholder, and what it answers; absent where there are no queries. */
  readonly query?: { readonly text: string; readonly answer: number; readonly empty: string };
  readonly close: () => Promise<void>;
}

const deadline = { timeout: 30_000, interval: 100 };

/** What every {@link MetricsProvider} keeps to. */
export function metricsProviderContract(name: string, make: () => Promise<MetricsProviderUnderTest>): void {
  describe(`metrics provider contract: ${name}`, () => {
    let under: MetricsProviderUnderTest;
    const ask = (kind: MetricsQuestion['kind'], more: Partial<MetricsQuestion> = {}): Promise<number | undefined> =>
      under.provider.measure({ ...under.place, kind, windowMs: 60_000, ...more });

    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close());

    it('has no data where there were no requests, which is not zero errors', async () => {
      expect(await ask('error-ratio')).toBeUndefined();
      expect(await ask('latency-p95-ms')).toBeUndefined();
      expect((await ask('requests')) ?? 0).toBe(0);
    });

    it('tells requests, errors and latency of a place, and of no other', async () => {
      const good = Array.from({ length: 7 }, () => ({ status: 200, durationMs: 1 }));
      await under.record([
        ...good,
        { status: 404, durationMs: 1 },
        { status: 503, durationMs: 300 },
        { status: 0, durationMs: 300 },
      ]);

      await expect.poll(() => ask('error-ratio'), deadline).toBeCloseTo(0.2, 6);
      expect(await ask('requests')).toBeGreaterThan(0);
      const p95 = await ask('latency-p95-ms');
      expect(p95).toBeGreaterThan(100);
      expect(p95).toBeLessThan(2_500);
      expect(await ask('error-ratio', under.quiet)).toBeUndefined();
      expect(await ask('error-ratio', { deployment: 'nobody' })).toBeUndefined();
      expect(await ask('error-ratio', { service: 'nowhere' })).toBeUndefined();
    }, 60_000);

    it('counts since it began, where it keeps counters', async () => {
      const { totals } = under.provider;
      if (totals === undefined) return;
      const read = totals.bind(under.provider);
      const { namespace, service, deployment } = under.place;
      const before = await read({ namespace, service, deployment });
      const all = await read({ namespace, service });

      await under.record([
        { status: 200, durationMs: 1 },
        { status: 500, durationMs: 1 },
      ]);

      const more = { total: (before?.total ?? 0) + 2, failed: (before?.failed ?? 0) + 1 };
      await expect.poll(() => read({ namespace, service, deployment }), deadline).toEqual(more);
      expect(await read({ namespace, service })).toEqual({
        total: (all?.total ?? 0) + 2,
        failed: (all?.failed ?? 0) + 1,
      });
      expect(await read({ namespace, service: 'nowhere' })).toBeUndefined();
    }, 60_000);

    it('says by its code that nobody answers', async () => {
      const question = { ...under.place, kind: 'requests', windowMs: 60_000 } as const;

      await expect(under.unreachable.measure(question)).rejects.toMatchObject({ code: 'METRICS_UNREACHABLE' });
    });

    it('answers a query of its own language, and refuses one where it has none', async () => {
      const { query } = under;
      if (query === undefined) {
        await expect(ask('query', { query: 'up' })).rejects.toMatchObject({ code: 'METRICS_QUESTION_UNSUPPORTED' });
        return;
      }

      await expect.poll(() => ask('query', { query: query.text }), deadline).toBeCloseTo(query.answer, 6);
      expect(await ask('query', { query: query.empty })).toBeUndefined();
      await expect(ask('query', { query: 'sum((' })).rejects.toMatchObject({ code: 'METRICS_QUESTION_INVALID' });
    });

    it('ends with its signal', async () => {
      const signal = AbortSignal.abort(new Error('enough'));

      await expect(
        under.provider.measure({ ...under.place, kind: 'requests', windowMs: 60_000 }, { signal }),
      ).rejects.toThrow('enough');
    });
  });
}
