/**
 * The simulator itself: the same seed is the same run, a few seeds are clean under every fault.
 */
import { expect, test } from 'vitest';
import { simulate } from './simulator.ts';
import { faultKinds } from './world/faults.ts';

const run = (seed: number) => simulate({ seed, ticks: 120, faults: faultKinds });

test('the same seed is the same run, bit for bit', async () => {
  for (const seed of [7, 8, 9]) {
    const first = await run(seed);
    const second = await run(seed);
    expect(second).toEqual(first);
    expect(first.actions).toBeGreaterThan(100);
  }
});

test('other seeds are other runs', async () => {
  const hashes = await Promise.all([1, 2, 3].map(async (seed) => (await run(seed)).hash));
  expect(new Set(hashes).size).toBe(3);
});

test('a small range is clean under every fault', { timeout: 300_000 }, async () => {
  for (let seed = 1_000; seed < 1_025; seed += 1) {
    const { failures } = await run(seed);
    expect(failures).toEqual([]);
  }
});

test('a world without faults settles with every bead closed', async () => {
  const { failures, faults } = await simulate({ seed: 3, ticks: 200, faults: [] });
  expect(failures).toEqual([]);
  expect(Object.values(faults).every((count) => count === 0)).toBe(true);
});
