/** Table tests of how often a pull request is read, and when exactly. */
import { describe, expect, test } from 'vitest';
import { snapshotOf } from '../../test/fixtures/pulls.ts';
import { commit, now } from '../../test/fixtures/views.ts';
import { nextBeat, nextReadAt, temperatureOf, type Temperature } from './cadence.ts';
import { forgeAccountId } from './ids.ts';
import { limits } from './limits.ts';
import type { PullRequestSnapshot } from './pull-request.ts';
import { instant } from './time.ts';

const head = commit('b');
const hour = 3_600_000;
const account = forgeAccountId('https://github.com');

const ago = (ms: number) => ({ updatedAt: instant(now - ms) });
const tally = { passed: 1, failed: 0, pending: 0, missing: 0 };
const pending = { ...tally, pending: 1 };
const computing = { mergeability: { is: 'complete', value: 'computing' } } as const;
const reviewed = (decision: 'required' | 'approved') =>
  ({ review: { is: 'complete', value: { decision, approvalsLeft: null } } }) as const;

const temperature = (set: Partial<PullRequestSnapshot>, busy = false): Temperature =>
  temperatureOf(snapshotOf(head, set), busy, now);

describe('the temperature of a pull request', () => {
  test.each<[string, Partial<PullRequestSnapshot>, Temperature]>([
    ['nobody touched for a month', ago(30 * 24 * hour), 'cold'],
    ['was touched this week', ago(24 * hour), 'cool'],
    ['was touched within two hours', ago(hour), 'warm'],
    ['is a draft, though touched just now', { ...ago(0), draft: true }, 'cool'],
    [
      'whose checks run, however old it is',
      {
        ...ago(30 * 24 * hour),
        checks: { is: 'complete', value: { required: pending, all: pending, failing: [] } },
      },
      'hot',
    ],
    ['that stands in a queue', { ...ago(hour), queue: { is: 'complete', value: 'queued' } }, 'hot'],
    ['whose mergeability a merge waits for', { ...ago(24 * hour), ...computing }, 'hot'],
    [
      'that was approved and whose mergeability is computed',
      { ...ago(24 * hour), ...computing, ...reviewed('approved') },
      'hot',
    ],
    [
      'that waits for a reviewer, while its mergeability is computed anew',
      { ...ago(24 * hour), ...computing, ...reviewed('required') },
      'cool',
    ],
  ])('that %s', (_, set, expected) => {
    expect(temperature(set)).toBe(expected);
  });

  test('is hot where something of ours is about to happen, and before it was seen', () => {
    expect(temperature(ago(30 * 24 * hour), true)).toBe('hot');
    expect(temperatureOf(null, false, now)).toBe('hot');
  });
});

describe('the next read', () => {
  const numbers = Array.from({ length: 200 }, (_, n) => n + 1);
  const of = (kind: Temperature, number: number, at: number = now) =>
    nextReadAt(kind, { number, account }, instant(at)) - at;

  test.each<[Temperature, number]>([
    ['hot', limits.pollHotMs],
    ['warm', limits.pollWarmMs],
    ['cool', limits.pollCoolMs],
    ['cold', limits.pollColdMs],
  ])('of a %s one is a tenth or a beat from its interval, and never at once', (kind, interval) => {
    for (const late of [0, 1, 7_000, 13_000, 19_999]) {
      for (const number of numbers) {
        const wait = of(kind, number, now + late);
        expect(Math.abs(wait - interval)).toBeLessThanOrEqual(0.1 * interval + 10_000);
        expect(wait).toBeGreaterThanOrEqual(8_000);
      }
    }
  });

  test('of all hot ones falls on one moment, so that one request reads them', () => {
    const at = (late: number, number: number) =>
      nextReadAt('hot', { number, account }, instant(now + late));
    const beat = nextBeat({ number: 1, account }, now);
    const read = numbers.map((number) => at(beat - now + number * 5, number));
    expect(new Set(read)).toEqual(new Set([instant(beat + limits.pollHotMs)]));
  });

  test('of quiet ones spreads over several beats', () => {
    expect(new Set(numbers.map((number) => of('cool', number))).size).toBeGreaterThan(5);
  });

  test('of two accounts is at two moments', () => {
    const other = forgeAccountId('https://gitlab.com');
    const beats = [account, other].map((one) => nextBeat({ number: 1, account: one }, now));
    expect(beats[0]).not.toBe(beats[1]);
  });
});
