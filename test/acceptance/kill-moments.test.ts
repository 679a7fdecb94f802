/**
 * `kill -9` of the server, of an agent, of both, at ten random moments of the demonstration, then
 * `gt up`: everything still lands, and nothing lands twice. GASTOWN_KILL_SEED repeats the moments
 * that a run has printed.
 */
import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { landUnderKills, momentsOf, seeded, type Moment } from './kill-landing.ts';

const seed = Number(process.env['GASTOWN_KILL_SEED'] ?? randomInt(2 ** 31));

test(`three beads land once under ten kills (GASTOWN_KILL_SEED=${seed})`, async () => {
  console.log(`GASTOWN_KILL_SEED=${seed}`);
  const random = seeded(seed);
  const towns = [4, 3, 3].map((count) => momentsOf(random, count));
  const killed = await Promise.all(towns.map(namingSeed));
  expect(killed.flat()).toHaveLength(10);
}, 240_000);

async function namingSeed(moments: readonly Moment[], town: number): Promise<readonly string[]> {
  try {
    return await landUnderKills(moments);
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`seed ${seed}, town ${town}: ${said}`, { cause: thrown });
  }
}
