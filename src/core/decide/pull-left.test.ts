/** Table tests of a pull request whose bead was closed without landing: ours is closed, once. */
import { describe, expect, test } from 'vitest';
import { sets } from '../../../test/fixtures/pull-decisions.ts';
import { calls } from '../../../test/fixtures/plans.ts';
import { beadWith, commit, later, requestView, rigWith } from '../../../test/fixtures/views.ts';
import { forge, snapshotOf, watchedRequest } from '../../../test/fixtures/pulls.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { PRStatusError } from '../pr-status.ts';
import type { MergeRequestView } from '../view.ts';
import { decideMergeRequest } from './merge-request.ts';

const b = commit('b');
const dropped = beadWith({ status: 'closed', resolution: 'dropped' });
const refusal: PRStatusError = {
  provider: 'github',
  host: 'github.com',
  kind: 'http_error',
  status: 403,
  statusText: 'Forbidden',
  transient: false,
  reason: 'forbidden',
  requestId: null,
  tokenSource: 'rig.token',
};

const left = (set: Partial<MergeRequest> = {}, view: Partial<MergeRequestView> = {}) =>
  decideMergeRequest(
    requestView(
      { ...watchedRequest(b), stage: 'abandoned', readAt: null, ...set },
      { bead: dropped, rig: rigWith({ forge }), ...view },
    ),
  );

test('giving up ends what is under way, and closes the pull request next', () => {
  const bead = beadWith({ closeAs: 'dropped' });
  const underWay = { op: 'feedback', callId: 'x', deadline: later(1) } as MergeRequest['forgeCall'];
  const plan = left({ stage: 'approved', forgeCall: underWay, mergeTries: 3 }, { bead });
  expect(sets(plan)).toMatchObject({ stage: 'abandoned', forgeCall: null, mergeTries: 0 });
  const [call] = calls(left({ ...sets(plan) }, { bead }));
  expect(call).toMatchObject({
    op: 'close_pull',
    ref: { number: 12 },
    body: 'Closed without being merged: the work on web-1 was given up.',
  });
});

test.each<[string, Partial<MergeRequest>, Partial<MergeRequestView>]>([
  ['what somebody else opened', { adopted: true }, {}],
  ['one that is closed already', { snapshot: snapshotOf(b, { state: 'closed' }) }, {}],
  ['one that was merged', { pr: 'merged' }, {}],
  ['none', { pr: 'none', prNumber: null, snapshot: null }, {}],
  ['that of a bead that goes on', {}, { bead: beadWith({ status: 'open' }) }],
])('%s is left alone', (_name, set, view) => {
  const plan = left(set, view);
  expect([plan.actions, plan.waits]).toEqual([[], []]);
});

test('one that its rig moved away from is not called on another forge: a person is told', () => {
  const elsewhere = rigWith({ forge: { ...forge, origin: 'https://git.example.com' } });
  const plan = left({}, { rig: elsewhere });
  expect(calls(plan)).toEqual([]);
  expect(plan.actions).toContainEqual(
    expect.objectContaining({
      do: 'escalate',
      subject: 'web-1',
      failure: expect.objectContaining({
        kind: 'pr_left_behind',
        url: 'https://github.com/team/web/pull/12',
      }),
    }),
  );
  expect(left({ ...sets(plan) }, { rig: elsewhere }).actions).toEqual([]);
});

describe('a forge that was asked to close it', () => {
  test('and did is believed, and not asked again', () => {
    const columns = sets(left({ forgeReport: { op: 'close', answer: null } }));
    expect(columns).toMatchObject({ pr: 'closed', forgeCall: null, forgeReport: null });
    expect(left({ ...columns }).actions).toEqual([]);
  });

  test('and did not is asked again later, a few times, and then a person is told', () => {
    const first = left({ forgeReport: { op: 'close', error: refusal } });
    expect(sets(first)).toMatchObject({ mergeTries: 1, notBefore: later(limits.mergeRetryMs[0]) });
    expect(left({ ...sets(first) }).waits).toMatchObject([{ reason: 'backoff' }]);
    const mergeTries = limits.mergeTriesMax - 1;
    const last = left({ mergeTries, forgeReport: { op: 'close', error: refusal } });
    expect(last.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        subject: 'web-1',
        failure: expect.objectContaining({ kind: 'pr_refused', reason: 'close' }),
      }),
    );
    const over = left({ ...sets(last) });
    expect([over.actions, over.waits]).toEqual([[], []]);
  });

  test('is asked under another name each time, and waited for in between', () => {
    const [one] = calls(left());
    const [two] = calls(left({ mergeTries: 1 }));
    expect(one?.callId).not.toBe(two?.callId);
    const asked = left({ ...sets(left()) });
    expect(asked.waits).toMatchObject([{ reason: 'call', until: later(limits.forgeCallMs) }]);
  });
});
