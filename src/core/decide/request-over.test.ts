/** A merge request that is over leaves no question behind that nobody needs to answer. */
import { describe, expect, test } from 'vitest';
import { snapshotOf, watchedRequest } from '../../../test/fixtures/pulls.ts';
import { done, job } from '../../../test/fixtures/pull-decisions.ts';
import {
  beadWith,
  candidateOf,
  commit,
  doneJob,
  escalationWith,
  now,
  requestView,
} from '../../../test/fixtures/views.ts';
import { escalationId } from '../ids.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { PRStatusError } from '../pr-status.ts';
import type { MergeRequestView } from '../view.ts';
import { decideMergeRequest } from './merge-request.ts';

const b = commit('b');
const dedupeKey = 'mr-1:landing';
const asking = escalationWith({ status: 'open', dedupeKey });
const escalation = escalationId('esc-1');
const dropped = { bead: beadWith({ closeAs: 'dropped' }) };
const proved = done('prove', {
  kind: 'prove',
  answer: { is: 'landed', commit: commit('e'), targetTip: commit('f') },
});
const pushed = doneJob('push', {
  kind: 'push',
  answer: { is: 'landed', commit: commit('e'), targetTip: commit('f') },
});
const merged = { pr: 'merged', snapshot: snapshotOf(b, { state: 'merged' }), job } as const;
const landing = { stage: 'landing', slot: true, candidate: candidateOf(b), job } as const;

const resolved = (set: Partial<MergeRequest>, view: Partial<MergeRequestView>) =>
  decideMergeRequest(requestView(set, view)).actions.flatMap((action) =>
    action.do === 'resolve' && action.dedupeKey.startsWith('mr-1:') ? [action.dedupeKey] : [],
  );

describe('an open question about a merge request', () => {
  test.each<[string, Partial<MergeRequest>, Partial<MergeRequestView>]>([
    ['given up', {}, dropped],
    ['merged on the forge', { ...watchedRequest(b), ...merged }, proved],
    ['landed by us', landing, { job: pushed }],
  ])('is over with it: %s', (_name, set, view) => {
    const bound = { ...set, escalation };
    expect(resolved(bound, { ...view, escalation: asking })).toEqual([dedupeKey]);
    const answered = escalationWith({ status: 'resolved', dedupeKey });
    expect(resolved(bound, { ...view, escalation: answered })).toEqual([]);
    expect(resolved(set, view)).toEqual([]);
  });
});

describe('an incident', () => {
  const where = { provider: 'github', host: 'github.com' } as const;
  const flagged = (error: PRStatusError) => {
    const flag = { failureReason: 'pr_poll_failed', failureKind: error.kind, error } as const;
    return { ...watchedRequest(b), unobservable: { ...flag, since: now } };
  };

  test('of its own is over with it, one of the whole account is not', () => {
    const url = 'https://github.com/team/web/pull/12';
    const own = flagged({ ...where, kind: 'unrecognized_url', url });
    expect(resolved(own, dropped)).toEqual(['mr-1:poll']);
    const shared = flagged({ ...where, kind: 'no_token', resolutionChain: [] });
    expect(resolved(shared, dropped)).toEqual([]);
  });
});
