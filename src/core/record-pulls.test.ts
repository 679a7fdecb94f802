/** Table tests of what reads of pull requests leave behind. */
import { describe, expect, test } from 'vitest';
import { commit, later, now, requestWith } from '../../test/fixtures/views.ts';
import { forge, snapshotOf, watchedRequest } from '../../test/fixtures/pulls.ts';
import { callId, forgeAccountId } from './ids.ts';
import type { MergeRequest } from './merge-request.ts';
import type { PRStatusError, PRStatusOutcome } from './pr-status.ts';
import { pullsRead } from './record-pulls.ts';
import { instant } from './time.ts';

const b = commit('b');
const error: PRStatusError = {
  kind: 'no_token',
  provider: 'github',
  host: 'github.com',
  resolutionChain: [],
};

/** What one read sets on the request it was about; null: nothing. */
function read(set: Partial<MergeRequest>, outcome: PRStatusOutcome): Partial<MergeRequest> | null {
  const request = requestWith(watchedRequest(b, { readAt: now, ...set }));
  const account = forgeAccountId(forge.origin);
  const outcomes = [{ mergeRequest: request.id, outcome }];
  const fact = { kind: 'pulls_read', account, callId: callId('x:read:1'), outcomes } as const;
  const found = pullsRead(fact, [request], now).find(
    (action) => action.do === 'update' && action.entity === 'merge_request',
  );
  return found?.do === 'update' && found.entity === 'merge_request' ? found.set : null;
}

const seen = (at: number): PRStatusOutcome => ({
  ok: true,
  result: snapshotOf(b, { observedAt: instant(at) }),
});

describe('a read', () => {
  test('that arrives after a newer one changes nothing', () => {
    const snapshot = snapshotOf(b, { observedAt: now });
    expect(read({ snapshot }, seen(now - 1000))).toBeNull();
  });

  test('after the clock went back is believed, or nothing would be until it caught up', () => {
    const snapshot = snapshotOf(b, { observedAt: later(3_600_000) });
    const unobservable = {
      failureReason: 'pr_poll_failed',
      failureKind: 'no_token',
      error,
      since: now,
    } as const;
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

  test('that heals leaves alone what a round is about', () => {
    const conflict = { kind: 'conflict', helps: 'later', target: 'main', files: ['a'] } as const;
    const blind = { kind: 'pr_poll_failed', helps: 'person', url: '', error, by: 'soft' } as const;
    const unobservable = {
      failureReason: 'pr_poll_failed',
      failureKind: 'no_token',
      error,
      since: now,
    } as const;
    const set = { stage: 'changes_requested', unobservable, failures: [conflict, blind] } as const;
    expect(read(set, seen(now))).toMatchObject({ failures: [conflict] });
  });
});
