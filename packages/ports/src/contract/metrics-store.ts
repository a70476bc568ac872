import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MetricPoint, MetricsStore } from '../store.ts';

/** A metrics store with nothing in it. */
export interface MetricsStoreUnderTest {
  readonly store: MetricsStore;
  close(): Promise<void>;
}

/** What every {@link MetricsStore} keeps to. */
export function metricsStoreContract(name: string, make: () => Promise<MetricsStoreUnderTest>): void {
  describe(`metrics store contract: ${name}`, () => {
    let under: MetricsStoreUnderTest;

    beforeAll(async () => {
      under = await make();
    });

    afterAll(async () => {
      await under.close();
    });

    it('keeps a point once by its key, also within one write', async () => {
      const one = point('once', { value: 1.5 });

      await under.store.write([one, one, { ...one, value: 9 }]);
      await under.store.write([one]);

      expect(await under.store.query({ name: 'once' })).toEqual([one]);
      await under.store.write([]);
    });

    it('finds by name, labels and time, and returns the newest of a limit, oldest first', async () => {
      const points = Array.from({ length: 5 }, (_, index) =>
        point('found', {
          key: `found-${index}`,
          at: `2026-01-0${index + 1}T00:00:00.000Z`,
          labels: { stage: index % 2 === 0 ? 'test' : 'build', run: `r${index}` },
        }),
      );
      await under.store.write([...points].reverse());
      const days = async (query: Parameters<MetricsStore['query']>[0]): Promise<readonly string[]> =>
        (await under.store.query({ name: 'found', ...query })).map((found) => found.at.slice(8, 10));

      expect(await days({})).toEqual(['01', '02', '03', '04', '05']);
      expect(await days({ limit: 2 })).toEqual(['04', '05']);
      expect(await days({ labels: { stage: 'test' } })).toEqual(['01', '03', '05']);
      expect(await days({ labels: { stage: 'test', run: 'r2' } })).toEqual(['03']);
      expect(await days({ since: '2026-01-04T00:00:00.000Z' })).toEqual(['04', '05']);
    });

    it('takes many points in one write', async () => {
      await under.store.write(Array.from({ length: 2_500 }, (_, index) => point('many', { key: `many-${index}` })));

      expect(await under.store.query({ name: 'many', limit: 5_000 })).toHaveLength(2_500);
      expect(await under.store.query({ name: 'many' })).toHaveLength(1_000);
    });
  });
}

function point(name: string, more: Partial<MetricPoint> = {}): MetricPoint {
  return { name, at: '2026-01-01T00:00:00.000Z', value: 1, unit: 'ms', labels: {}, key: name, ...more };
}
