import { describe, expect, it } from 'vitest';
import { historyMs, RequestMetrics } from './request-metrics.ts';

const web = { deployment: 'web', revision: 'a' };
const canary = { deployment: 'web-canary', revision: 'b' };

describe('RequestMetrics', () => {
  it('counts since the start, and by window', () => {
    let now = 1_000_000;
    const metrics = new RequestMetrics(() => now);
    metrics.count(web, 200, 3);
    metrics.count(canary, 500, 30);
    now += 10_000;
    metrics.count(web, 0, 3);

    expect(metrics.read().revisions.map(({ deployment, requests }) => [deployment, requests])).toEqual([
      ['web', 2],
      ['web-canary', 1],
    ]);
    expect(metrics.read(5_000)).toMatchObject({
      windowMs: 5_000,
      revisions: [{ ...web, requests: 1, byStatus: { '2xx': 0, error: 1 }, latency: { sumMs: 3 } }],
    });
    expect(metrics.read(10_000).revisions).toHaveLength(2);
    expect(metrics.read(20_000).revisions).toHaveLength(2);
  });

  it('forgets what is older than its history, and not the totals', () => {
    let now = 0;
    const metrics = new RequestMetrics(() => now);
    for (let minute = 0; minute < 60; minute++) {
      now = minute * 60_000;
      metrics.count(web, 200, 1);
    }

    expect(metrics.read(10 * historyMs).windowMs).toBe(historyMs);
    expect(metrics.read(10 * historyMs).revisions[0]?.requests).toBe(16);
    expect(metrics.read().revisions[0]?.requests).toBe(60);
  });

  it('holds one bucket a second at most, whatever comes', () => {
    let now = 0;
    const metrics = new RequestMetrics(() => now);
    for (let index = 0; index < 200_000; index++) {
      now = index * 10;
      metrics.count(web, 200, 1);
    }

    // 2,000 s went by; of them the last 900 count, and the second that they begin in.
    expect(metrics.read(historyMs).revisions[0]?.requests).toBeLessThanOrEqual(90_100);
    expect(metrics.read(1_000).revisions[0]?.requests).toBeLessThanOrEqual(200);
  });
});
