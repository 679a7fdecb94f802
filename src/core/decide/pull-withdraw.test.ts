/** Table tests of a merge that is taken back: out of the forge's queue, and never lost sight of. */
import { describe, expect, test } from 'vitest';
import { b, merging, sets, watched } from '../../../test/fixtures/pull-decisions.ts';
import { calls } from '../../../test/fixtures/plans.ts';
import { beadWith, commit, later, now, settingsWith } from '../../../test/fixtures/views.ts';
import { snapshotOf } from '../../../test/fixtures/pulls.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { PRStatusError } from '../pr-status.ts';
import type { PullRequestSnapshot } from '../pull-request.ts';
import type { MergeRequestView } from '../view.ts';

const queued = snapshotOf(b, { queue: { is: 'complete', value: 'queued' } });
const armed = snapshotOf(b, { nativeAutoMerge: { is: 'complete', value: true } });
const silent = snapshotOf(b, { nativeAutoMerge: { is: 'unsupported' } });
const asked = { head: b, until: now };
const held = { bead: beadWith({ status: 'held', hold: true }) };
const dropping = { bead: beadWith({ status: 'in_review', closeAs: 'dropped' }) };
const outage: PRStatusError = {
  provider: 'github',
  host: 'github.com',
  kind: 'network_error',
  cause: 'timeout',
};
const green = { head: b, since: now };
const unobservable: MergeRequest['unobservable'] = {
  failureReason: 'pr_poll_failed',
  failureKind: 'network_error',
  error: outage,
  since: now,
};
const seen = (snapshot: PullRequestSnapshot, set: Partial<MergeRequest> = {}) => ({
  snapshot,
  ...set,
});
const person = settingsWith({ gates: [], approval: 'person' });
const ops = (set: Partial<MergeRequest>, view: Partial<MergeRequestView> = {}) =>
  calls(watched(set, view)).map(({ op }) => op);

describe('what the forge would merge by itself is taken out', () => {
  test.each<[string, Partial<MergeRequest>, Partial<MergeRequestView>]>([
    ['when its bead goes back for a round', seen(queued, { stage: 'changes_requested' }), {}],
    ['when it is armed and its bead goes back', seen(armed, { stage: 'changes_requested' }), {}],
    ['when its bead is held', seen(queued), held],
    ['when a new head is judged', seen(queued, { stage: 'queued' }), {}],
    ['when its gates are judged again', seen(queued, { stage: 'gating' }), {}],
    ['when its bead is given up', seen(queued), dropping],
    ['when a word is missing since', seen(queued, { mergeAsked: asked }), { settings: person }],
    ['when merging is a person’s since', seen(queued, { mergeAsked: asked, green }), {}],
    ['where the forge does not tell', seen(silent, { stage: 'changes_requested' }), {}],
  ])('%s', (_name, set, view) => {
    expect(ops(set, view)).toEqual(['dequeue_pull']);
  });

  test.each<[string, Partial<MergeRequest>, Partial<MergeRequestView>]>([
    ['while it may be merged', seen(queued, { green }), { settings: merging }],
    ['by a person whose word it is', seen(queued), { settings: person }],
    ['where nothing merges it', seen(snapshotOf(b), { stage: 'changes_requested' }), {}],
    ['where it was said to be out', seen(silent, { stage: 'changes_requested', dequeued: b }), {}],
    ['that its author armed', seen(armed, { stage: 'changes_requested', repairs: false }), {}],
    ['while it cannot be read', seen(queued, { stage: 'queued', unobservable }), {}],
  ])('and not %s', (_name, set, view) => {
    expect(ops(set, view)).not.toContain('dequeue_pull');
  });
});

describe('a forge that was asked to take it out', () => {
  const back = seen(queued, { stage: 'changes_requested' as const });
  const refused = (reason: 'permission' | 'merging', set: Partial<MergeRequest> = {}) => {
    const answer = { is: 'refused', reason, detail: 'no' } as const;
    return watched({ ...back, ...set, forgeReport: { op: 'dequeue', answer } });
  };

  test('and did is read again before anything is asked of it', () => {
    const plan = watched({ ...back, forgeReport: { op: 'dequeue', answer: { is: 'out' } } });
    expect(sets(plan)).toMatchObject({ readAt: now, forgeCall: null, dequeued: b });
    expect(ops({ ...back, ...sets(plan) })).toEqual([]);
  });

  test('and cannot be reached is asked again, however often', () => {
    const plan = watched({ ...back, forgeReport: { op: 'dequeue', error: outage } });
    expect(sets(plan).notBefore).toBeGreaterThan(now);
    expect(sets(plan).mergeTries).toBeUndefined();
    expect(ops({ ...back, ...sets(plan), notBefore: null })).toEqual(['dequeue_pull']);
  });

  test('and is merging it is asked again a few times, and then a person is told', () => {
    expect(sets(refused('merging'))).toMatchObject({ mergeTries: 1 });
    const last = refused('merging', { mergeTries: limits.mergeTriesMax - 1 });
    expect(last.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        failure: expect.objectContaining({ kind: 'pr_refused', reason: 'dequeue' }),
      }),
    );
    expect(ops({ ...back, ...sets(last), notBefore: null })).toEqual([]);
  });

  test('and may not is a person’s at once', () => {
    const told = refused('permission').actions.map((action) => action.do);
    expect(told).toEqual(['update', 'escalate']);
  });
});

describe('a merge that is under way when its bead is given up', () => {
  const callId = 'x' as NonNullable<MergeRequest['forgeCall']>['callId'];
  const forgeCall = { op: 'merge', callId, deadline: later(1_000) } as const;
  const under = {
    stage: 'landing',
    forgeCall,
    mergeAsked: { head: b, until: later(1_000) },
  } as const;
  const answer = { is: 'merged', commit: commit('e') } as const;

  test('is waited for', () => {
    const plan = watched(under, dropping);
    expect(plan.actions).toEqual([]);
    expect(plan.waits).toMatchObject([{ reason: 'call', until: later(1_000) }]);
  });

  test.each([
    ['merged', { op: 'merge', answer }],
    ['refused', { op: 'merge', answer: { is: 'not_now', reason: 'blocked', detail: 'no' } }],
  ] as const)('and was %s is read before anything is believed', (_name, forgeReport) => {
    const older = snapshotOf(b, { observedAt: later(-1_000) });
    const heard = sets(watched({ ...under, snapshot: older, forgeReport }, dropping));
    expect(heard).toMatchObject({ stage: 'approved', readAt: now, mergeAsked: asked });
    const reading = watched({ ...under, snapshot: older, ...heard }, dropping);
    expect(reading.actions).toEqual([]);
    expect(reading.waits).toMatchObject([{ reason: 'poll', detail: { because: 'merge' } }]);
  });

  test('and merged it is proved in the target, and not given up', () => {
    const merged = snapshotOf(b, { state: 'merged', mergeCommit: commit('e') });
    const shown = { ...under, stage: 'approved', forgeCall: null, snapshot: merged } as const;
    expect(sets(watched(shown, dropping))).toMatchObject({ pr: 'merged' });
  });

  test('and did not merge it is given up', () => {
    const plan = watched({ forgeCall: null, mergeAsked: null }, dropping);
    expect(sets(plan)).toMatchObject({ stage: 'abandoned' });
  });

  test('is not asked for once more while its bead is held', () => {
    const late = { ...under, forgeCall: { ...forgeCall, deadline: later(-1) } };
    expect(sets(watched(late, held))).toMatchObject({ stage: 'approved', forgeCall: null });
  });
});
