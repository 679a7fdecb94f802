/** Table tests of what is done about failing checks, open remarks and branches left behind. */
import { describe, expect, test } from 'vitest';
import { commit, later, now, settingsWith } from '../../../test/fixtures/views.ts';
import { snapshotOf } from '../../../test/fixtures/pulls.ts';
import type { Feedback } from '../forge-answers.ts';
import type { JobResult } from '../job.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { b, merging, watched, sets, done, job } from '../../../test/fixtures/pull-decisions.ts';
import { calls, jobs, reasons } from '../../../test/fixtures/plans.ts';

test('what is not known of a green pull request is waited for, and nothing is merged', () => {
  const review = { is: 'unknown', why: 'forbidden' } as const;
  const plan = watched({ snapshot: snapshotOf(b, { review }) }, { settings: merging });
  expect(plan.actions).toEqual([]);
  const detail = { because: 'unknown_review', why: 'forbidden' };
  expect(plan.waits).toMatchObject([{ reason: 'poll', detail }]);
  const before = { green: { head: b, since: now }, snapshot: snapshotOf(b, { review }) };
  expect(sets(watched(before, { settings: merging }))).toEqual({ green: null });
});

describe('feedback', () => {
  const failing = { name: 'ci', url: null, id: '1' };
  const red = snapshotOf(b, {
    mergeableNow: false,
    checks: {
      is: 'complete',
      value: {
        required: { passed: 0, failed: 1, pending: 0, missing: 0 },
        all: { passed: 0, failed: 1, pending: 0, missing: 0 },
        failing: [failing],
      },
    },
  });
  const answer: Feedback = {
    head: b,
    threads: [],
    bodies: [],
    failing: [{ ...failing, step: 'test', log: 'no' }],
    complete: true,
  };
  const heard = (set: Partial<MergeRequest> = {}, feedback: Feedback = answer) =>
    watched({ snapshot: red, forgeReport: { op: 'feedback', answer: feedback }, ...set });

  test('is read in detail, then sent back as one round that carries it', () => {
    expect(calls(watched({ snapshot: red }))).toMatchObject([{ op: 'read_feedback' }]);
    expect(sets(heard())).toMatchObject({
      stage: 'changes_requested',
      failures: [{ kind: 'pr_feedback', checks: [{ name: 'ci', step: 'test', log: 'no' }] }],
    });
  });

  test('that was answered at this head is not sent back again', () => {
    const seen = sets(heard()).feedbackSeen ?? '';
    const again = watched({ snapshot: red, feedbackSeen: seen });
    expect(calls(again)).toEqual([]);
    expect(reasons(again)).toEqual(['checks']);
  });

  test('is read again when the pull request shows something new at the same head', () => {
    const feedbackSeen = sets(heard()).feedbackSeen ?? '';
    const updated = { ...red, updatedAt: later(1000) };
    const again = watched({ snapshot: updated, feedbackSeen });
    expect(calls(again)).toMatchObject([{ op: 'read_feedback' }]);
    const same = sets(heard({ snapshot: updated, feedbackSeen }));
    expect(same.stage).toBeUndefined();
    expect(calls(watched({ snapshot: updated, ...same, forgeReport: null }))).toEqual([]);
    const more = {
      ...answer,
      failing: [...answer.failing, { ...failing, name: 'lint', step: null, log: '' }],
    };
    expect(sets(heard({ snapshot: updated, feedbackSeen }, more)).stage).toBe('changes_requested');
  });

  test('that could not be read whole starts nothing', () => {
    const unclear = sets(heard({}, { ...answer, complete: false }));
    expect(unclear.stage).toBeUndefined();
    expect(unclear).toMatchObject({ readAt: now, notBefore: later(limits.pollWarmMs) });
    const paused = watched({ snapshot: red, notBefore: later(1000) });
    expect(calls(paused)).toEqual([]);
    expect(reasons(paused)).toEqual(['checks', 'backoff']);
  });

  test('is left to people where that is set', () => {
    const settings = settingsWith({ gates: [], autoResolvePrFeedback: false });
    expect(calls(watched({ snapshot: red }, { settings }))).toEqual([]);
  });

  test('of a branch that is behind or conflicts is repaired in git', () => {
    for (const value of ['behind', 'conflict'] as const) {
      const snapshot = snapshotOf(b, { mergeability: { is: 'complete', value } });
      expect(jobs(watched({ snapshot }))).toMatchObject([{ kind: 'update', head: b }]);
    }
    const updated: JobResult = {
      kind: 'update',
      answer: { is: 'updated', head: commit('7'), targetTip: commit('a') },
    };
    const snapshot = snapshotOf(b, { mergeability: { is: 'complete', value: 'behind' } });
    const plan = watched({ snapshot, job }, done('update', updated));
    expect(sets(plan)).toMatchObject({ stage: 'queued', head: commit('7') });
    expect(sets(plan).published).toBeUndefined();
  });
});
