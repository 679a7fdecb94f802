import { expect, test } from 'vitest';
import { limits } from '../core/limits.ts';
import { instant } from '../core/time.ts';
import type { Clock, Timers } from '../ports/host.ts';
import { RateBudgets } from './rate-budget.ts';
import { Turns, type Turn } from './turns.ts';

interface Wait {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that only a test moves, and what waits for it. */
class Hand implements Clock, Timers {
  ms = Date.UTC(2026, 0, 5);
  readonly waits: Wait[] = [];

  now() {
    return instant(this.ms);
  }

  monotonicMs(): number {
    return this.ms;
  }

  after(ms: number, run: () => void): () => void {
    const wait = { at: this.ms + ms, run };
    this.waits.push(wait);
    return () => this.waits.splice(this.waits.indexOf(wait), 1);
  }

  /** To the next thing that waits. */
  async step(): Promise<boolean> {
    await settled();
    const next = this.waits.toSorted((a, b) => a.at - b.at)[0];
    if (next === undefined) return false;
    this.waits.splice(this.waits.indexOf(next), 1);
    this.ms = Math.max(this.ms, next.at);
    next.run();
    await settled();
    return true;
  }
}

async function settled(): Promise<void> {
  for (let n = 0; n < 30; n += 1) await Promise.resolve();
}

function turn(kind: Turn['kind'], identity = 'ann'): Turn {
  const origin = 'https://github.com';
  return { key: { origin, identity, resource: 'rest' }, kind, cost: 1 };
}

function made() {
  const hand = new Hand();
  const budgets = new RateBudgets();
  return { hand, budgets, turns: new Turns({ budgets, clock: hand, timers: hand }) };
}

test('of one login two requests are under way, the others come in their order', async () => {
  const { turns } = made();
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const asked = [0, 1, 2, 3].map((n) =>
    turns.take(turn('read'), async () => {
      started.push(n);
      await new Promise<void>((end) => ends.push(end));
    }),
  );
  await settled();
  expect(started).toEqual([0, 1]);
  ends[1]?.();
  await settled();
  expect(started).toEqual([0, 1, 2]);
  const other = turns.take(turn('read', 'bob'), () => Promise.resolve('at once'));
  expect(await other).toEqual({ ok: true, value: 'at once' });
  for (const n of [0, 2, 3]) {
    ends[n]?.();
    await settled();
  }
  expect((await Promise.all(asked)).map(({ ok }) => ok)).toEqual([true, true, true, true]);
});

test('a place is given back by a call that throws', async () => {
  const { turns } = made();
  const broken = () => Promise.reject(new Error('bug'));
  for (let n = 0; n < 5; n += 1) {
    await expect(turns.take(turn('read'), broken)).rejects.toThrow('bug');
  }
  expect(await turns.take(turn('read'), () => Promise.resolve(1))).toEqual({ ok: true, value: 1 });
});

test('writes asked for at once go out a second apart, and no read waits for them', async () => {
  const { hand, turns } = made();
  const sent: number[] = [];
  const writes = [1, 2, 3, 4].map(() =>
    turns.take(turn('write'), () => {
      sent.push(hand.ms);
      return Promise.resolve();
    }),
  );
  await settled();
  expect(sent).toHaveLength(1);
  const read = await turns.take(turn('read'), () => Promise.resolve('read'));
  expect(read).toEqual({ ok: true, value: 'read' });
  while (await hand.step());
  await Promise.all(writes);
  const gaps = sent.slice(1).map((at, index) => at - (sent[index] ?? 0));
  expect(gaps).toEqual([1000, 1000, 1000]);
  expect(limits.forgeWriteGapMs).toBe(1000);
});

test('what the budget does not allow is refused with its time, and not sent', async () => {
  const { hand, budgets, turns } = made();
  const { key } = turn('read');
  const resetAt = instant(hand.ms + 600_000);
  budgets.learn(key, { limit: 5000, remaining: 100, resetAt }, hand.now());
  let sent = 0;
  const call = () => {
    sent += 1;
    return Promise.resolve();
  };
  expect(await turns.take(turn('read'), call)).toEqual({
    ok: false,
    error: { until: resetAt, budget: { limit: 5000, remaining: 100 } },
  });
  expect(sent).toBe(0);
  expect((await turns.take(turn('merge'), call)).ok).toBe(true); // the reserve is for merges
});
