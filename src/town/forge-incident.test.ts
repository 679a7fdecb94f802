/** Many pull requests behind one credential that fails: one incident, and one probe of it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adoptionOf, answered, ForgeTown } from '../../test/fixtures/forge-town.ts';
import { forge, hidden, noToken, snapshotOf } from '../../test/fixtures/pulls.ts';
import { commit } from '../../test/fixtures/rows.ts';
import type { PRStatusError } from '../core/pr-status.ts';
import { escalations } from '../storage/tables/escalations.ts';
import { forgeAccounts } from '../storage/tables/forge-accounts.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { ForgeQueries } from './forge-queries.ts';

const pulls = 30;
const minute = 60_000;

let town: ForgeTown;
/** Thirty, judged and waiting for a person: each is a draft. */
beforeEach(async () => {
  town = await ForgeTown.begin();
  town.snapshot = snapshotOf(commit('b'), { draft: true });
  for (let number = 1; number <= pulls; number += 1) adopt(number);
  for (let n = 0; n < pulls * 6 && stages() !== 'approved'; n += 1) await town.work(answered);
  if (stages() !== 'approved') throw new Error(`they are ${stages()}`);
});
afterEach(() => town.close());

function adopt(number: number): void {
  const ref = { ...snapshotOf(commit('b')).ref, number };
  town.ask(adoptionOf({ ref, draft: true, headBranch: `ann/greet-${number}` }));
}

const live = () => mergeRequests.live(town.sql, 100);
const stages = () => [...new Set(live().map(({ stage }) => stage))].join();
const unseen = () => live().filter(({ unobservable }) => unobservable !== null).length;
const status = () => forgeAccounts.get(town.sql, forge.origin)?.status;

async function pass(ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += minute) await town.pass(minute);
}

async function allFlagged(error: PRStatusError): Promise<void> {
  town.unread = error;
  for (let n = 0; n < 120 && unseen() < pulls; n += 1) await pass(minute);
  expect(unseen()).toBe(pulls);
  await pass(5 * minute);
  town.reads.length = 0;
}

describe('a credential that fails', () => {
  beforeEach(() => allFlagged(noToken));

  test('is one incident, probed by one pull request in each interval', async () => {
    expect(escalations.open(town.sql)).toHaveLength(1);
    expect(status()).toBe('incident');
    await pass(minute);
    const [account] = new ForgeQueries(town.sql).accounts();
    const isLater = (at: string | null) => at !== null && Date.parse(at) > town.now;
    expect(account?.view.pulls.every(({ nextReadAt }) => isLater(nextReadAt))).toBe(true);
    await pass(3 * 60 * minute);
    expect(town.reads.length).toBeGreaterThanOrEqual(11);
    expect(town.reads.length).toBeLessThanOrEqual(13);
    expect(new Set(town.reads)).toEqual(new Set([1]));
    expect(town.town.dryResync()).toEqual([]);
  });

  test('that works again is noticed by the probe, and everything is read at once', async () => {
    town.unread = null;
    await pass(16 * minute);
    expect(unseen()).toBe(0);
    expect(town.reads.slice(0, 3)).toEqual([1, 25, 4]);
    expect(status()).toBe('clear');
    expect(escalations.open(town.sql)).toEqual([]);
  });

  test('keeps nothing waiting when another one is set', async () => {
    town.unread = null;
    const kind = 'credential_set';
    const { origin } = forge;
    const sealed = {
      provider: 'github',
      origin,
      apiOrigin: origin,
      sealed: 'x',
      mask: '*',
    } as const;
    expect(town.ask({ kind, rig: null, login: null, ...sealed }).ok).toBe(true);
    await town.pass();
    expect(unseen()).toBe(0);
  });

  /** But for the one that was probed last: it was looked at a moment ago, and has its own time. */
  test.each([
    ['a person asks', () => town.ask({ kind: 'mr_retry', mergeRequest: 'mr-17' })],
    ['another pull request is read', () => adopt(99)],
  ])('does not keep the rest waiting when %s', async (_, happens) => {
    town.unread = null;
    happens();
    await town.pass();
    expect(unseen()).toBeLessThanOrEqual(1);
    await pass(15 * minute);
    expect(unseen()).toBe(0);
  });
});

test('pull requests that are gone one by one are looked for each, in common reads', async () => {
  await allFlagged(hidden);
  expect(status()).toBe('clear');
  await pass(15 * minute);
  expect(town.reads.reduce((sum, count) => sum + count, 0)).toBe(pulls);
});
