/** Table tests of what is done about failing checks, open remarks and branches left behind. */
import { describe, expect, test } from 'vitest';
import {
  commit,
  doneJob,
  requestView,
  rigWith,
  settingsWith,
} from '../../../test/fixtures/views.ts';
import { forge, snapshotOf, watchedRequest } from '../../../test/fixtures/pulls.ts';
import type { Plan } from '../action.ts';
import type { Feedback } from '../forge-answers.ts';
import { jobId } from '../ids.ts';
import type { JobResult } from '../job.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { MergeRequestView } from '../view.ts';
import { decideMergeRequest } from './merge-request.ts';

const b = commit('b');
const rig = rigWith({ forge });

const decide = (request: Partial<MergeRequest>, set: Partial<MergeRequestView> = {}) =>
  decideMergeRequest(requestView(request, { rig, settings: settingsWith({ gates: [] }), ...set }));

const watched = (set: Partial<MergeRequest> = {}, view: Partial<MergeRequestView> = {}) =>
  decide(watchedRequest(b, set), view);

function sets(plan: Plan): Partial<MergeRequest> {
  const found: Partial<MergeRequest> = {};
  for (const action of plan.actions) {
    if (action.do === 'update' && action.entity === 'merge_request') {
      Object.assign(found, action.set);
    }
  }
  return found;
}

const calls = (plan: Plan) =>
  plan.actions.flatMap((action) => (action.do === 'call' ? [action.call] : []));
const jobs = (plan: Plan) =>
  plan.actions.flatMap((action) =>
    action.do === 'insert' && action.entity === 'job' ? [action.row.spec] : [],
  );
const reasons = (plan: Plan) => plan.waits.map(({ reason }) => reason);
const done = (kind: 'publish' | 'update' | 'take' | 'prove', result: JobResult) => ({
  job: { ...doneJob(kind, result), spec: specOf(kind) },
});
const ref = { rig: rig.id, tag: 'abcd', remote: rig.remote, lends: null, target: 'main' };
function specOf(kind: 'publish' | 'update' | 'take' | 'prove') {
  const base = { rig: ref, branch: 'gt/abcd/web-1/say-hello', bead: 'web-1', head: b };
  switch (kind) {
    case 'publish':
      return { ...base, kind, expectedRemoteHead: null };
    case 'update':
      return { ...base, kind, author: null, signoff: false };
    case 'take':
      return { ...base, kind, head: commit('5'), published: b };
    case 'prove':
      return { kind, rig: ref, commits: [b] };
  }
}
const job = jobId('job-1');

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

  test('that could not be read whole starts nothing', () => {
    expect(sets(heard({}, { ...answer, complete: false })).stage).toBeUndefined();
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
