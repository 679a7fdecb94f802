/** The benchmark of the forge, at a size that takes seconds: that it runs, and what it says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { forgeBench, tableOf } from '../../bench/forge/bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'gastown bench '));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tiny = {
  repositories: 2,
  minutes: 4,
  merges: 4,
  hookMinutes: 2,
  hookMerges: 2,
  naiveMinutes: 1,
};

test('says what watching costs beside naive polling, and how soon a merge is noticed', async () => {
  const sizes = { open200: { ...tiny, open: 20 }, open1000: { ...tiny, open: 24 } };
  const report = await forgeBench(folder, () => undefined, sizes);
  for (const [name, open] of [['open200', 20] as const, ['open1000', 24] as const]) {
    const { [name]: watched, naive } = report;
    expect(naive[name]).toMatchObject({ requestsPerHour: 60 * open, pointsPerHour: 60 * open });
    expect(watched).toMatchObject({ merges: 4, mergesWithWebhooks: 2 });
    expect(watched.pointsPerHour).toBeLessThan(naive[name].pointsPerHour / 2);
    expect(watched.requestsPerHour).toBeGreaterThanOrEqual(watched.pointsPerHour);
    expect(watched.mergeNoticedP95Seconds).toBeLessThanOrEqual(60);
    expect(watched.withWebhooksP95Seconds).toBeLessThanOrEqual(5);
  }
  expect(tableOf(report)).toContain('points per hour');
});
