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

describe('an opening that was under way', () => {
  const made = (op: 'open' | 'reopen', ms: number): MergeRequest['forgeCall'] =>
    ({ op, callId: 'x', deadline: later(ms) }) as MergeRequest['forgeCall'];
  const none = { pr: 'opening', prNumber: null, snapshot: null } as const;
  const opened = { op: 'open', answer: { is: 'opened', snapshot: snapshotOf(b) } } as const;

  test('is heard although the bead is given up, and what it opened is closed', () => {
    const bead = beadWith({ closeAs: 'dropped' });
    const underWay = { ...none, forgeCall: made('open', 1_000) };
    const given = sets(left({ ...underWay, stage: 'approved' }, { bead }));
    expect(given.stage).toBe('abandoned');
    expect(left({ ...underWay, ...given }).waits).toMatchObject([{ reason: 'call' }]);
    const seen = sets(left({ ...underWay, ...given, forgeReport: opened }));
    expect(seen).toMatchObject({ pr: 'open', prNumber: 12, readAt: null, forgeCall: null });
    expect(calls(left({ ...seen }))).toMatchObject([{ op: 'close_pull', ref: { number: 12 } }]);
  });

  test('and whose answer never came is looked for, and nothing is made', () => {
    const [look] = calls(left({ ...none, forgeCall: made('open', -1) }));
    expect(look).toMatchObject({ op: 'open_pull', spec: { missing: 'leave', labels: [] } });
    const answer = { is: 'none' } as const;
    const over = sets(left({ ...none, forgeReport: { op: 'open', answer } }));
    expect(over).toMatchObject({ pr: 'none', forgeCall: null });
    expect(left({ ...none, ...over }).actions).toEqual([]);
  });

  test('and could not be made is looked for later', () => {
    const failed = left({ ...none, forgeReport: { op: 'open', error: refusal } });
    expect(sets(failed)).toMatchObject({ mergeTries: 1, notBefore: later(limits.closeRetryMs[0]) });
  });

  test('again is waited for, and closed whatever came of it', () => {
    const closed = { pr: 'closed', snapshot: snapshotOf(b, { state: 'closed' }) } as const;
    const waiting = left({ ...closed, forgeCall: made('reopen', 1_000) });
    expect(waiting.waits).toMatchObject([{ reason: 'call' }]);
    const seen = sets(left({ ...closed, forgeCall: made('reopen', -1) }));
    expect(calls(left({ ...closed, ...seen }))).toMatchObject([{ op: 'close_pull' }]);
  });
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
  });

  test('is asked on now and then when a person was told, and given up after some days', () => {
    const told = { mergeTries: limits.mergeTriesMax };
    expect(calls(left(told))).toMatchObject([{ op: 'close_pull' }]);
    const again = left({ ...told, forgeReport: { op: 'close', error: refusal } });
    expect(again.actions.map((action) => action.do)).toEqual(['update']);
    const closed = left({ ...told, forgeReport: { op: 'close', answer: null } });
    expect(closed.actions).toContainEqual(
      expect.objectContaining({ do: 'resolve', dedupeKey: 'mr-1:left_open' }),
    );
    const over = left({ mergeTries: limits.closeTriesMax });
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
