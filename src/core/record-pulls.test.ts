/** Table tests of what reads of pull requests leave behind. */
import { describe, expect, test } from 'vitest';
import { commit, later, now, requestWith } from '../../test/fixtures/views.ts';
import { accountWith, noToken, snapshotOf, watchedRequest } from '../../test/fixtures/pulls.ts';
import type { Action } from './action.ts';
import { nextBeat } from './cadence.ts';
import type { ForgeAccount } from './forge-account.ts';
import { callId, forgeAccountId } from './ids.ts';
import { limits } from './limits.ts';
import type { MergeRequest } from './merge-request.ts';
import type { PRStatusError, PRStatusOutcome } from './pr-status.ts';
import { hinted, pullsRead } from './record-pulls.ts';
import { instant } from './time.ts';

const b = commit('b');
const error: PRStatusError = noToken;
const unobservable = {
  failureReason: 'pr_poll_failed',
  failureKind: 'no_token',
  error,
  since: now,
} as const;

const call = callId('x:read:1');
const startedAt = instant(now - 1000);

const reading = (request: MergeRequest): ForgeAccount =>
  accountWith({
    read: { callId: call, startedAt, deadline: later(1000), targets: [request.id] },
  });

function actionsOf(
  request: MergeRequest,
  account: ForgeAccount,
  outcome: PRStatusOutcome,
): readonly Action[] {
  const outcomes = [{ mergeRequest: request.id, outcome }];
  const fact = { kind: 'pulls_read', account: account.id, callId: call, outcomes } as const;
  return pullsRead(fact, account, [request], now);
}

/** What one read sets on the request it was about; null: nothing. */
function read(set: Partial<MergeRequest>, outcome: PRStatusOutcome): Partial<MergeRequest> | null {
  const snapshot = snapshotOf(b, { observedAt: startedAt });
  const request = requestWith(watchedRequest(b, { readAt: startedAt, snapshot, ...set }));
  return setOf(actionsOf(request, reading(request), outcome));
}

function setOf(actions: readonly Action[]): Partial<MergeRequest> | null {
  const found = actions.find(
    (action) => action.do === 'update' && action.entity === 'merge_request',
  );
  return found?.do === 'update' && found.entity === 'merge_request' ? found.set : null;
}

const seen = (at: number): PRStatusOutcome => ({
  ok: true,
  result: snapshotOf(b, { observedAt: instant(at) }),
});

describe('a read', () => {
  test('that began before what is known changes nothing, however late it answers', () => {
    const snapshot = snapshotOf(b, { observedAt: now });
    expect(read({ snapshot }, seen(now))).toBeNull();
    const older = snapshotOf(b, { observedAt: instant(startedAt - 1) });
    expect(read({ snapshot: older }, seen(now))).toMatchObject({ snapshot: { observedAt: now } });
  });

  test('of one that another pull request took the place of meanwhile changes nothing', () => {
    expect(read({}, seen(now))).not.toBeNull();
    expect(read({ prNumber: 15 }, seen(now))).toBeNull();
  });

  test('that was given up says nothing, and does not end the one that is under way', () => {
    const request = requestWith(watchedRequest(b));
    const next = { ...reading(request).read, callId: callId('x:read:2') };
    const account = { ...reading(request), read: next } as ForgeAccount;
    expect(actionsOf(request, account, seen(now))).toEqual([]);
    expect(actionsOf(request, account, { ok: false, error })).toEqual([]);
    expect(actionsOf(request, { ...account, read: null }, { ok: false, error })).toEqual([]);
  });

  test('with a credential that is not used for it any more says nothing about it', () => {
    const request = requestWith(watchedRequest(b, { account: forgeAccountId('other') }));
    const actions = actionsOf(request, reading(request), { ok: false, error });
    expect(actions).toMatchObject([{ entity: 'forge_account', set: { read: null } }]);
  });

  test('leaves due what became due while it was under way', () => {
    expect(read({ readAt: now }, seen(now))).toMatchObject({ readAt: now });
    expect(read({ readAt: startedAt }, seen(now))?.readAt).toBeGreaterThan(now);
  });

  test('after the clock went back is believed, or nothing would be until it caught up', () => {
    const snapshot = snapshotOf(b, { observedAt: later(3_600_000) });
    const set = read({ snapshot, unobservable }, seen(now));
    expect(set).toMatchObject({ unobservable: null });
    expect(set?.readAt).toBeGreaterThan(now);
  });

  test.each([{ stage: 'abandoned' }, { stage: 'merged' }, { pr: 'merged' }] as const)(
    'that answers after it was over ends the reading: %o',
    (over) => {
      expect(read(over, seen(now))).toEqual({ readAt: null });
      expect(read(over, { ok: false, error })).toEqual({ readAt: null });
      expect(read({ ...over, readAt: null }, seen(now))).toBeNull();
    },
  );

  test('of one that is unobservable is tried again by the probe and not before', () => {
    const readAt = (set: Partial<MergeRequest>) => read(set, { ok: false, error })?.readAt;
    expect(readAt({ unobservable })).toBe(later(limits.unobservableProbeMs));
    expect(readAt({})).toBeLessThan(later(limits.unobservableProbeMs));
  });

  test('that heals leaves alone what a round is about', () => {
    const conflict = { kind: 'conflict', helps: 'later', target: 'main', files: ['a'] } as const;
    const blind = { kind: 'pr_poll_failed', helps: 'person', url: '', error, by: 'soft' } as const;
    const set = { stage: 'changes_requested', unobservable, failures: [conflict, blind] } as const;
    expect(read(set, seen(now))).toMatchObject({ failures: [conflict] });
  });
});

describe('a hint', () => {
  type Hint = Parameters<typeof hinted>[0];
  const none = { numbers: [], heads: [], bases: [], soon: [] };
  const far = requestWith(watchedRequest(b, { readAt: later(600_000) }));
  const due = requestWith(watchedRequest(b, { readAt: startedAt }));

  const hint = (
    request: MergeRequest,
    account: ForgeAccount | null,
    of: Partial<Hint> = { numbers: [12] },
  ) => {
    const fact: Hint = { kind: 'pull_hinted', rig: request.rig, ...none, ...of };
    return setOf(hinted(fact, account, [request], now));
  };

  test('makes a later read due now', () => {
    expect(hint(far, null)).toEqual({ readAt: now });
    expect(hint(far, null, { heads: [b] })).toEqual({ readAt: now });
  });

  test('of a branch, or of what was seen in passing, waits for the account’s next beat', () => {
    const beat = nextBeat(far, now);
    expect(beat).toBeGreaterThan(now);
    expect(beat - now).toBeLessThanOrEqual(limits.pollHotMs);
    expect(hint(far, null, { bases: [far.target] })).toEqual({ readAt: beat });
    expect(hint(far, null, { soon: [12] })).toEqual({ readAt: beat });
    const sooner = requestWith(watchedRequest(b, { readAt: instant(beat - 1) }));
    expect(hint(sooner, null, { soon: [12] })).toBeNull();
  });

  test('about another pull request is none', () => {
    expect(hint(far, null, { numbers: [99], soon: [98] })).toBeNull();
  });

  test('keeps the place in line of what is due anyway', () => {
    expect(hint(due, accountWith({ read: null }))).toBeNull();
  });

  test('about what is being read has it read once more', () => {
    expect(hint(due, reading(due))).toEqual({ readAt: now });
    const again = requestWith(watchedRequest(b, { readAt: now }));
    expect(hint(again, reading(again))).toBeNull();
  });

  test('for the next beat is not forgotten by the read that is under way', () => {
    const beat = nextBeat(due, now);
    expect(hint(due, reading(due), { bases: [due.target] })).toEqual({ readAt: beat });
    expect(read({ readAt: beat }, seen(now))).toMatchObject({ readAt: beat });
  });
});
