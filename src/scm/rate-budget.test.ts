/**
 * A credential's budget: what is held back for people and merges, what unknown means, how far
 * apart writes are, and what a throttled answer stops.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../core/limits.ts';
import { after, instant } from '../core/time.ts';
import { learnedFromGraphql, RateBudgets, type BudgetKey, type CallKind } from './rate-budget.ts';

const now = instant(1_900_000_000_000);
const key: BudgetKey = { origin: 'https://github.com', identity: 'octocat', resource: 'graphql' };
const rest: BudgetKey = { ...key, resource: 'rest' };

function with5000(remaining: number): RateBudgets {
  const budgets = new RateBudgets();
  budgets.learn(key, { limit: 5000, remaining, resetAt: after(now, 3_600_000) }, now);
  return budgets;
}

const is = (budgets: RateBudgets, kind: CallKind, cost = 1): boolean =>
  budgets.allow(key, kind, cost, now).ok;

test('a forge that names no limit is asked freely', () => {
  const budgets = new RateBudgets();
  budgets.learn(key, { limit: null, remaining: null, resetAt: null }, now);
  expect(is(budgets, 'read', 1_000_000)).toBe(true);
  expect(budgets.suggestedPauseMs(key, 1, now)).toBe(0);
  expect(budgets.budgets(key, now)).toMatchObject([{ limit: null, remaining: null }]);
});

describe('with 5,000 an hour', () => {
  test.each([
    [2001, 'read', true],
    [2000, 'read', false],
    [2000, 'write', true],
    [501, 'write', true],
    [500, 'write', false],
    [500, 'merge', true],
    [1, 'merge', true],
    [0, 'merge', false],
  ] as const)('and %i left, a %s is allowed: %s', (remaining, kind, allowed) => {
    expect(is(with5000(remaining), kind)).toBe(allowed);
  });

  test('a read that is held back is told when the window begins anew, and may go then', () => {
    const budgets = with5000(100);
    const resetAt = after(now, 3_600_000);
    expect(budgets.allow(key, 'read', 1, now)).toEqual({
      ok: false,
      until: resetAt,
      because: 'reserve',
    });
    expect(budgets.allow(key, 'read', 1, resetAt).ok).toBe(true);
  });

  test('calls count at once, before their answers arrive', () => {
    const budgets = with5000(2003);
    expect([1, 2, 3, 4].map(() => is(budgets, 'read'))).toEqual([true, true, true, false]);
  });

  test('the pause spreads what is left over what is left of the hour', () => {
    expect(with5000(2360).suggestedPauseMs(key, 1, now)).toBe(10_000);
    expect(with5000(2000).suggestedPauseMs(key, 1, now)).toBe(3_600_000);
  });
});

test('an answer without headers leaves what is known', () => {
  const budgets = with5000(2500);
  budgets.learn(key, { limit: null, remaining: null, resetAt: null }, now);
  expect(budgets.budgets(key, now)).toMatchObject([{ limit: 5000, remaining: 2500 }]);
});

test('two writes are a second apart, whatever their resources; reads are not', () => {
  const budgets = new RateBudgets();
  expect(budgets.allow(key, 'write', 1, now).ok).toBe(true);
  expect(budgets.allow(rest, 'merge', 1, now)).toMatchObject({ ok: false, because: 'spacing' });
  expect(budgets.allow(rest, 'read', 1, now).ok).toBe(true);
  expect(budgets.allow(rest, 'merge', 1, after(now, limits.forgeWriteGapMs)).ok).toBe(true);
});

test('another login writes at the same time', () => {
  const budgets = new RateBudgets();
  budgets.allow(key, 'write', 1, now);
  expect(budgets.allow({ ...key, identity: 'hubot' }, 'write', 1, now).ok).toBe(true);
});

describe('a throttled answer', () => {
  const until = after(now, 90_000);

  test('of a secondary limit stops everything of that login, merges too', () => {
    const budgets = new RateBudgets();
    budgets.throttled(key, 'secondary', until, now);
    for (const each of [key, rest]) {
      expect(budgets.allow(each, 'merge', 1, now)).toEqual({
        ok: false,
        until,
        because: 'throttled',
      });
      expect(budgets.allow(each, 'read', 1, until).ok).toBe(true);
    }
  });

  test('of a primary limit stops its resource only', () => {
    const budgets = new RateBudgets();
    budgets.throttled(key, 'primary', until, now);
    expect(budgets.allow(key, 'read', 1, now).ok).toBe(false);
    expect(budgets.allow(rest, 'read', 1, now).ok).toBe(true);
    expect(budgets.suggestedPauseMs(key, 1, now)).toBe(90_000);
  });
});

test('what GraphQL says of its budget is understood, and nonsense is unknown', () => {
  const resetAt = '2030-05-01T12:00:00Z';
  expect(learnedFromGraphql({ limit: 5000, remaining: 4999, resetAt })).toEqual({
    limit: 5000,
    remaining: 4999,
    resetAt: Date.parse(resetAt),
  });
  expect(learnedFromGraphql({ resetAt: 'soon' })).toEqual({
    limit: null,
    remaining: null,
    resetAt: null,
  });
});

test('whatever is asked, reads may use their share of a window and never more', () => {
  const calls = fc.array(
    fc.record({ kind: fc.constantFrom<CallKind>('read', 'write'), cost: fc.nat(50) }),
  );
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 5000 }), (asked, limit) => {
      const budgets = new RateBudgets();
      budgets.learn(key, { limit, remaining: limit, resetAt: after(now, 3_600_000) }, now);
      let read = 0;
      let spent = 0;
      for (const { kind, cost } of asked) {
        const { ok } = budgets.allow(key, kind, cost, now);
        if (ok) spent += cost;
        if (ok && kind === 'read') read += cost;
        // Never less, either: it would have left too little to the others.
        const fits = kind === 'read' && spent + cost <= limit * 0.6;
        expect(ok || !fits).toBe(true);
      }
      expect(read).toBeLessThanOrEqual(limit * 0.6);
    }),
  );
});
