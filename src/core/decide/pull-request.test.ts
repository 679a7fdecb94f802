/** Table tests of a pull request's life: opened once, watched honestly, merged safely. */
import { describe, expect, test } from 'vitest';
import {
  beadWith,
  commit,
  jobWith,
  later,
  now,
  rigWith,
  settingsWith,
  submissionOf,
} from '../../../test/fixtures/views.ts';
import { forge, hidden, noToken, snapshotOf } from '../../../test/fixtures/pulls.ts';
import type { MergeAnswer, Opened } from '../forge-answers.ts';
import type { JobResult } from '../job.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { PRStatusError } from '../pr-status.ts';
import { afterFailure, noStrikes } from '../strikes.ts';
import {
  b,
  merging,
  decide,
  watched,
  sets,
  guarded,
  done,
  job,
  publishing,
  specOf,
} from '../../../test/fixtures/pull-decisions.ts';
import { calls, jobs, reasons } from '../../../test/fixtures/plans.ts';

describe('opening', () => {
  const approved = { strategy: 'pr', stage: 'approved' } as const;

  test('publishes the judged head first, over nothing', () => {
    expect(jobs(decide(approved))).toMatchObject([
      { kind: 'publish', head: b, expectedRemoteHead: null },
    ]);
  });

  test('writes nothing to the remote before a person agreed', () => {
    const plan = decide(approved, { rig: rigWith({ forge, consentAt: null }) });
    expect(jobs(plan)).toEqual([]);
    expect(reasons(plan)).toEqual(['human']);
  });

  test('asks the forge once the branch is there, with a trailer that names the bead', () => {
    const opening = { ...approved, published: b, pr: 'opening' } as const;
    expect(calls(decide(opening))).toMatchObject([
      { op: 'open_pull', spec: { head: b, trailer: 'Gastown-Pull: abcd/web-1' } },
    ]);
    const { forgeCall } = sets(decide(opening));
    const asked = decide({ ...opening, forgeCall: forgeCall ?? null });
    expect(asked.actions).toEqual([]);
    expect(asked.waits).toMatchObject([{ reason: 'call', until: later(limits.forgeCallMs) }]);
  });

  test('that was not heard asks again under the same call id', () => {
    const opening = { ...approved, published: b, pr: 'opening' } as const;
    const first = calls(decide(opening))[0]?.callId;
    const forgeCall = { op: 'open', callId: first, deadline: now } as MergeRequest['forgeCall'];
    expect(calls(decide({ ...opening, forgeCall }))[0]?.callId).toBe(first);
  });

  test('publishes anew what somebody deleted before there was a pull request', () => {
    const published = { ...approved, published: b, head: commit('c'), job };
    const plan = decide(published, publishing({ is: 'gone' }, commit('c'), b));
    expect(sets(plan)).toEqual({ published: null, publishedAt: null, replaced: null, job: null });
  });

  const answeredBy = (answer: Opened) =>
    decide({ ...approved, published: b, pr: 'opening', forgeReport: { op: 'open', answer } });

  test.each(['opened', 'adopted', 'merged_before', 'closed_before'] as const)(
    'that answers %s is watched from there on and never opens a second',
    (is) => {
      expect(sets(answeredBy({ is, snapshot: snapshotOf(b) }))).toMatchObject({
        pr: 'open',
        prNumber: 12,
        account: forge.origin,
        readAt: now,
        forgeReport: null,
      });
    },
  );

  test('that finds somebody else’s pull request on its branch asks a person', () => {
    const plan = answeredBy({ is: 'not_ours', snapshot: snapshotOf(b) });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        bind: true,
        failure: expect.objectContaining({ kind: 'pr_not_ours' }),
      }),
    );
  });

  test('finds a branch of that name it did not make and leaves it alone', () => {
    const result: JobResult = {
      kind: 'publish',
      answer: { is: 'taken', remoteHead: commit('9') },
    };
    const plan = decide({ ...approved, job }, done('publish', result));
    expect(plan.actions).toContainEqual(
      expect.objectContaining({ failure: expect.objectContaining({ kind: 'branch_taken' }) }),
    );
  });
});

test('a branch deleted under an open pull request waits for what the forge makes of it', () => {
  const head = commit('c');
  const gone = publishing({ is: 'gone' }, head, b);
  const waiting = watched({ head, job, snapshot: snapshotOf(b) }, gone);
  expect(waiting.actions).toEqual([]);
  expect(waiting.waits).toMatchObject([{ reason: 'poll', detail: { because: 'branch_gone' } }]);
  const back = watched({ head, job, snapshot: snapshotOf(b, { observedAt: later(1) }) }, gone);
  expect(sets(back)).toEqual({ job: null });
});

describe('merging', () => {
  test('is left to a person unless it was agreed to', () => {
    const green = { green: { head: b, since: now } };
    const plan = watched(green);
    expect(plan.waits).toMatchObject([{ reason: 'human', detail: { because: 'merge' } }]);
    const guarding = watched(green, { settings: merging });
    expect(jobs(guarding)).toMatchObject([{ kind: 'publish', head: b, expectedRemoteHead: b }]);
    const view = { settings: merging, ...guarded };
    expect(sets(watched({ ...green, job }, view))).toMatchObject({ stage: 'landing' });
  });

  test('sends exactly the head that was judged', () => {
    const landing = { stage: 'landing', green: { head: b, since: now } } as const;
    const view = { settings: merging, ...guarded };
    expect(calls(watched({ ...landing, job }, view))).toMatchObject([
      { op: 'merge_pull', expectedHead: b },
    ]);
  });

  test('waits for the delay of this head, from when it was first green', () => {
    const settings = settingsWith({ gates: [], autoMerge: true, autoMergeDelayMinutes: 10 });
    expect(sets(watched({}, { settings }))).toEqual({ green: { head: b, since: now } });
    const plan = watched({ green: { head: b, since: now } }, { settings });
    expect(plan.waits).toMatchObject([{ reason: 'delay', until: later(600_000) }]);
  });

  const answered = (answer: MergeAnswer, set: Partial<MergeRequest> = {}) =>
    watched({ stage: 'landing', forgeReport: { op: 'merge', answer }, ...set });

  test.each([
    { is: 'merged', commit: commit('e') },
    { is: 'queued' },
    { is: 'head_moved' },
  ] as const)('that was answered is not sent again before the next read: %o', (answer) => {
    const columns = sets(answered(answer));
    expect(columns).toMatchObject({ readAt: now, notBefore: later(limits.pollHotMs) });
    const green = { head: b, since: now };
    const view = { settings: merging, ...guarded };
    const again = watched({ ...columns, stage: 'approved', green, job }, view);
    expect(calls(again)).toEqual([]);
    expect(reasons(again)).toEqual(['backoff']);
  });

  test('goes on taking in what git found, instead of asking git once more', () => {
    const taking = jobWith({ status: 'running', kind: 'take', spec: specOf('take') });
    const view = { settings: merging, job: taking };
    const plan = watched({ green: { head: b, since: now }, job }, view);
    expect(jobs(plan)).toEqual([]);
    expect(plan.waits).toMatchObject([{ reason: 'call', detail: { op: 'take' } }]);
  });

  test('that the forge says it did is read again before it is believed', () => {
    const found = sets(answered({ is: 'merged', commit: commit('e') }));
    expect(found).toMatchObject({ stage: 'approved', readAt: now });
    expect(found.proof).toBeUndefined();
  });

  test('of a branch that carries another bead’s commits is refused for good', () => {
    const failure = {
      kind: 'branch_contaminated',
      helps: 'person',
      branch: 'gt/abcd/web-1/say-hello',
      commits: [commit('3')],
      of: 'web-2',
    } as const;
    const found = publishing({ is: 'refused', failure }, b, b);
    const plan = watched({ job, green: { head: b, since: now } }, { settings: merging, ...found });
    expect(calls(plan)).toEqual([]);
    expect(plan.actions).toContainEqual(
      expect.objectContaining({ do: 'escalate', bind: true, failure }),
    );
  });

  test('that met another head is void and not a failure', () => {
    expect(sets(answered({ is: 'head_moved' }))).toMatchObject({ stage: 'approved', green: null });
    expect(sets(answered({ is: 'head_moved' })).mergeTries).toBeUndefined();
  });

  test.each([
    { is: 'merged', commit: commit('e') },
    { is: 'head_moved' },
    { is: 'not_now', reason: 'blocked', detail: 'needs ci' },
  ] as const)('answered after another head came in: leaves that head’s stage: %o', (answer) => {
    const mergeTries = limits.mergeTriesMax - 1;
    const closed = snapshotOf(b, { state: 'closed' });
    const columns = sets(answered(answer, { stage: 'queued', mergeTries, snapshot: closed }));
    const heard = { forgeCall: null, forgeReport: null, mergeAsked: null };
    expect(columns).toEqual({ ...heard, readAt: now });
  });

  test('that was refused backs off, and asks a person in the end', () => {
    const refused = { is: 'not_now', reason: 'blocked', detail: 'needs ci' } as const;
    expect(sets(answered(refused))).toMatchObject({
      mergeTries: 1,
      notBefore: later(limits.mergeRetryMs[0]),
    });
    const last = answered(refused, { mergeTries: limits.mergeTriesMax - 1 });
    expect(last.actions).toContainEqual(
      expect.objectContaining({ failure: expect.objectContaining({ kind: 'pr_merge_refused' }) }),
    );
  });

  test('by anybody closes the bead only with git’s proof', () => {
    const merged = snapshotOf(b, { state: 'merged', mergeCommit: commit('e') });
    expect(sets(watched({ snapshot: merged }))).toEqual({ pr: 'merged', notBefore: null });
    const proving = watched({ snapshot: merged, pr: 'merged' });
    expect(jobs(proving)).toMatchObject([{ kind: 'prove', commits: [commit('e'), b] }]);
    const landed: JobResult = {
      kind: 'prove',
      answer: { is: 'landed', commit: commit('e'), targetTip: commit('f') },
    };
    const proved = watched({ snapshot: merged, pr: 'merged', job }, done('prove', landed));
    expect(sets(proved)).toMatchObject({
      stage: 'merged',
      proof: { by: 'forge', commit: commit('e'), targetTip: commit('f') },
    });
    expect(calls(proved)).toMatchObject([{ op: 'delete_branch', head: b }]);
    const keeps = { settings: settingsWith({ deleteBranchAfterMerge: false }) };
    const kept = { snapshot: merged, pr: 'merged', job } as const;
    expect(calls(watched(kept, { ...done('prove', landed), ...keeps }))).toEqual([]);
    const lagging: JobResult = {
      kind: 'prove',
      answer: { is: 'not_there', targetTip: commit('f') },
    };
    const waiting = watched({ snapshot: merged, pr: 'merged', job }, done('prove', lagging));
    expect(sets(waiting).stage).toBeUndefined();
  });

  describe('at an older head', () => {
    const landed: JobResult = {
      kind: 'prove',
      answer: { is: 'landed', commit: commit('e'), targetTip: commit('f') },
    };
    const told = (set: Partial<MergeRequest>, result = landed) => {
      const snapshot = snapshotOf(b, { state: 'merged', mergedBy: 'ann' });
      const proving = { snapshot, pr: 'merged', job, ...set } as const;
      const { actions } = watched(proving, done('prove', result));
      expect(actions).toContainEqual(
        expect.objectContaining({ set: expect.objectContaining({ stage: 'merged' }) }),
      );
      return actions.flatMap((action) => (action.do === 'escalate' ? [action.failure] : []));
    };
    const left = { kind: 'pr_merged_without', by: 'ann', merged: b, head: commit('c') };

    test('closes the bead, and a person is told what was left out', () => {
      expect(told({ head: commit('c') })).toMatchObject([left]);
      const published = commit('c');
      expect(told({ head: published, published, replaced: b })).toMatchObject([left]);
    });

    test('that has everything says nothing', () => {
      expect(told({})).toEqual([]);
      const head = commit('c');
      const answer = { is: 'landed', commit: head, targetTip: commit('f') } as const;
      expect(told({ head }, { kind: 'prove', answer })).toEqual([]);
    });
  });

  test('by a person counts while the bead is being worked at', () => {
    const merged = snapshotOf(b, { state: 'merged', mergeCommit: commit('e') });
    const plan = watched({ snapshot: merged, stage: 'changes_requested' });
    expect(sets(plan)).toEqual({ pr: 'merged', notBefore: null });
  });
});

describe('a call that could not be made', () => {
  const retryAt = later(90_000);
  const error: PRStatusError = {
    provider: 'github',
    host: 'github.com',
    kind: 'throttled',
    scope: 'primary',
    retryAt,
    budget: { limit: null, remaining: null },
  };

  test.each([
    ['open', { pr: 'opening', prNumber: null, snapshot: null }, {}],
    ['merge', { stage: 'landing', green: { head: b, since: now } }, { stage: 'approved' }],
  ] as const)('%s: is made again when the forge said, and not before', (op, set, then) => {
    const columns = sets(watched({ ...set, forgeReport: { op, error } }));
    const freed = { notBefore: retryAt, forgeCall: null, forgeReport: null };
    expect(columns).toMatchObject({ ...freed, ...then });
    const retried = watched({ ...set, ...columns }, { settings: merging });
    expect(calls(retried)).toEqual([]);
    expect(retried.waits).toMatchObject([{ reason: 'backoff', until: retryAt }]);
  });

  test('the reading of feedback is put off until the forge said', () => {
    const columns = sets(watched({ forgeReport: { op: 'feedback', error } }));
    expect(columns).toMatchObject({ notBefore: retryAt, forgeCall: null, forgeReport: null });
  });
});

describe('what cannot be read', () => {
  const strikes = afterFailure(noStrikes, noToken, now);

  test('is flagged once, with one event and one incident per account', () => {
    const plan = watched({ strikes });
    expect(sets(plan)).toMatchObject({
      unobservable: { failureReason: 'pr_poll_failed', failureKind: 'no_token' },
    });
    expect(plan.actions.filter((action) => action.do === 'event')).toMatchObject([
      { name: 'pr.poll_failed', data: { failureKind: 'no_token', provider: 'github' } },
    ]);
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        dedupeKey: `forge:${forge.origin}:no_token`,
        bind: false,
      }),
    );
    expect(sets(plan).failures).toMatchObject([{ kind: 'pr_poll_failed', by: 'immediate' }]);
  });

  test('leaves a round that was decided before what it is about', () => {
    const conflict = { kind: 'conflict', helps: 'no', target: 'main', files: ['a'] } as const;
    const plan = watched({ strikes, stage: 'changes_requested', failures: [conflict] });
    expect(sets(plan)).toMatchObject({ unobservable: { failureKind: 'no_token' } });
    expect(sets(plan).failures).toEqual([conflict]);
  });

  test('waits as unobservable and does nothing else, however red it was last seen', () => {
    const flag = {
      failureReason: 'pr_poll_failed',
      failureKind: 'no_token',
      error: noToken,
      since: now,
    } as const;
    const all = { required: null, all: { passed: 0, failed: 3, pending: 0, missing: 0 } };
    const red = snapshotOf(b, {
      checks: { is: 'complete', value: { ...all, failing: [] } },
    });
    for (const stage of ['approved', 'changes_requested'] as const) {
      const plan = watched({ strikes, unobservable: flag, snapshot: red, stage });
      expect(plan.actions).toEqual([]);
      expect(reasons(plan)).toEqual(['unobservable']);
    }
  });

  test('is its own incident where only this pull request is gone', () => {
    const plan = watched({ strikes: afterFailure(noStrikes, hidden, now) });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({ do: 'escalate', dedupeKey: 'mr-1:poll' }),
    );
  });
});

test('an agent’s next submission is judged and published over what was published', () => {
  const bead = beadWith({
    status: 'in_review',
    submission: submissionOf(commit('8'), 'web-1.2'),
  });
  const plan = watched({ stage: 'changes_requested' }, { bead });
  expect(sets(plan)).toMatchObject({ stage: 'queued', head: commit('8') });
  const judged = watched(
    { head: commit('8'), submittedBy: bead.submission?.attempt ?? null },
    { bead },
  );
  expect(jobs(judged)).toMatchObject([
    { kind: 'publish', head: commit('8'), expectedRemoteHead: b },
  ]);
});
