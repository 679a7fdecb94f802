/** Table tests of what people do to a pull request: close it, push to it, say what happens. */
import { describe, expect, test } from 'vitest';
import {
  commit,
  doneJob,
  escalationWith,
  later,
  now,
  requestView,
  settingsWith,
} from '../../../test/fixtures/views.ts';
import { snapshotOf, watchedRequest } from '../../../test/fixtures/pulls.ts';
import type { Plan } from '../action.ts';
import { escalationId } from '../ids.ts';
import type { JobResult } from '../job.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { PRStatusError } from '../pr-status.ts';
import { instant } from '../time.ts';
import { takeStrangers } from './pull-calls.ts';
import {
  b,
  merging,
  rig,
  watched,
  sets,
  done,
  ref,
  job,
  publishing,
} from '../../../test/fixtures/pull-decisions.ts';
import { calls, jobs, reasons } from '../../../test/fixtures/plans.ts';

/** The answer to a `take` of what the forge shows, for a request that has work of its own. */
function takeStrangersIn(request: Partial<MergeRequest>, result: JobResult): Plan {
  const view = requestView(watchedRequest(b, request), {
    rig,
    job: { ...doneJob('take', result), spec: { ...takeSpec, head: commit('5') } },
  });
  return takeStrangers(view, commit('5'));
}

const takeSpec = {
  kind: 'take',
  rig: ref,
  branch: 'gt/abcd/web-1/say-hello',
  bead: 'web-1',
  published: b,
} as const;

describe('a person', () => {
  const closed = snapshotOf(b, { state: 'closed', closedBy: 'ann' });

  test('who closes it is asked what happens, and nothing happens until then', () => {
    expect(sets(watched({ snapshot: closed }))).toEqual({ pr: 'closed' });
    const plan = watched({ snapshot: closed, pr: 'closed' });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        bind: true,
        failure: expect.objectContaining({ kind: 'pr_closed', by: 'ann' }),
      }),
    );
    const asked = { snapshot: closed, pr: 'closed', escalation: escalationId('esc-1') } as const;
    const dedupeKey = 'mr-1:closed';
    const waiting = watched(asked, { escalation: escalationWith({ dedupeKey }) });
    expect(waiting.actions).toEqual([]);
    expect(reasons(waiting)).toEqual(['human']);
  });

  test('who says redo gets another round and another pull request', () => {
    const asked = { snapshot: closed, pr: 'closed', escalation: escalationId('esc-1') } as const;
    const dedupeKey = 'mr-1:closed';
    const escalation = escalationWith({ status: 'resolved', answer: 'redo', dedupeKey });
    expect(sets(watched(asked, { escalation }))).toMatchObject({
      stage: 'changes_requested',
      pr: 'none',
      prNumber: null,
    });
  });

  test('who pushes while our own work waits loses nothing: the bead merges both', () => {
    const pending = { job, head: commit('8'), published: b } as const;
    const moved = publishing({ is: 'moved', remoteHead: commit('5') }, commit('8'), b);
    expect(jobs(watched(pending, moved))).toMatchObject([
      { kind: 'take', head: commit('5'), published: b },
    ]);
    const result: JobResult = {
      kind: 'take',
      answer: { is: 'taken', head: commit('5'), strangers: ['ann'] },
    };
    const shown = { ...pending, snapshot: snapshotOf(commit('5')) };
    const plan = takeStrangersIn(shown, result);
    expect(sets(plan)).toMatchObject({
      stage: 'changes_requested',
      published: commit('5'),
      failures: [{ kind: 'submission_not_descendant', head: commit('8'), published: commit('5') }],
    });
    expect(sets(plan).head).toBeUndefined();
  });

  test('who pushes to the branch is respected: the commits are taken in and judged', () => {
    const pushed = { snapshot: snapshotOf(commit('5')) };
    expect(jobs(watched(pushed))).toMatchObject([{ kind: 'take', head: commit('5') }]);
    const taken: JobResult = {
      kind: 'take',
      answer: { is: 'taken', head: commit('5'), strangers: ['ann'] },
    };
    expect(sets(watched({ ...pushed, job }, done('take', taken)))).toMatchObject({
      stage: 'queued',
      head: commit('5'),
      published: commit('5'),
    });
    const asks = settingsWith({ gates: [], strangerCommits: 'ask' });
    expect(jobs(watched(pushed, { settings: asks }))).toEqual([]);
  });
});

describe('strangers who are asked about', () => {
  const asks = settingsWith({ gates: [], strangerCommits: 'ask' });
  const pushed = { snapshot: snapshotOf(commit('5')) };
  const bound = { ...pushed, escalation: escalationId('esc-1') } as const;
  const dedupeKey = 'mr-1:strangers:555555555555';
  const when = (set: Parameters<typeof escalationWith>[0], more: Partial<MergeRequest> = {}) =>
    watched(
      { ...bound, ...more },
      { settings: asks, escalation: escalationWith({ dedupeKey, ...set }) },
    );

  test('are a question with choices, once, and nothing is taken before the answer', () => {
    const plan = watched(pushed, { settings: asks });
    expect(plan.actions).toMatchObject([
      {
        do: 'escalate',
        bind: true,
        severity: 'question',
        dedupeKey,
        question: { choices: ['accept', 'drop'] },
      },
    ]);
    const waiting = when({});
    expect(waiting.actions).toEqual([]);
    expect(waiting.waits).toMatchObject([
      { reason: 'human', on: ['esc-1'], detail: { because: 'stranger_commits' } },
    ]);
  });

  test('are taken in by the answer accept, and the question is over', () => {
    const accepted = { status: 'resolved', answer: 'accept' } as const;
    expect(jobs(when(accepted))).toMatchObject([{ kind: 'take', head: commit('5') }]);
    const result: JobResult = {
      kind: 'take',
      answer: { is: 'taken', head: commit('5'), strangers: ['ann'] },
    };
    const escalation = escalationWith({ dedupeKey, ...accepted });
    const view = { settings: asks, escalation, ...done('take', result) };
    expect(sets(watched({ ...bound, job }, view))).toMatchObject({
      stage: 'queued',
      head: commit('5'),
      escalation: null,
    });
  });

  test('are asked about again after another answer, and after another push', () => {
    expect(sets(when({ status: 'resolved', answer: 'left' }))).toEqual({ escalation: null });
    const again = when({}, { snapshot: snapshotOf(commit('6')) });
    expect(again.actions).toMatchObject([{ do: 'resolve', dedupeKey }, {}]);
    expect(sets(again)).toEqual({ escalation: null });
  });

  test('are taken in when the setting says so meanwhile', () => {
    const view = { escalation: escalationWith({ dedupeKey }) };
    expect(jobs(watched(bound, view))).toMatchObject([{ kind: 'take', head: commit('5') }]);
  });

  test('whom only git has seen so far are still asked about, until a read shows the branch', () => {
    const before = snapshotOf(b, { observedAt: instant(now - 1000) });
    const waiting = when({}, { snapshot: before });
    expect(waiting.actions).toEqual([]);
    expect(reasons(waiting)).toEqual(['human']);
    const accepted = when({ status: 'resolved', answer: 'accept' }, { snapshot: before });
    expect(sets(accepted).escalation).toBeUndefined();
  });

  test('who went away again keep nobody waiting', () => {
    const back = when({}, { snapshot: snapshotOf(b) });
    expect(back.actions).toMatchObject([{ do: 'resolve', dedupeKey }, {}]);
    expect(sets(back)).toMatchObject({ escalation: null });
  });

  test('who went away again are not asked about anew by what git saw before', () => {
    const moved = publishing({ is: 'moved', remoteHead: commit('5') }, b, b);
    const settings = settingsWith({ gates: [], autoMerge: true, strangerCommits: 'ask' });
    const green = { head: b, since: now };
    const asked = watched({ green, job }, { settings, ...moved });
    expect(asked.actions).toMatchObject([{ do: 'escalate', dedupeKey }]);
    const escalation = escalationWith({ dedupeKey });
    const bound = { green, job, escalation: escalation.id, snapshot: snapshotOf(b) };
    const back = sets(watched(bound, { settings, ...moved, escalation }));
    expect(back).toMatchObject({ escalation: null, job: null });
  });
});

test('a merge that the forge refused waits for the person who was asked', () => {
  const refused = { green: { head: b, since: now }, escalation: escalationId('esc-1') } as const;
  const asked = escalationWith({ dedupeKey: 'mr-1:landing', question: null });
  const waiting = watched(refused, { settings: merging, escalation: asked });
  expect(waiting.actions).toEqual([]);
  expect(reasons(waiting)).toEqual(['human']);
  const answered = { ...asked, status: 'resolved' } as const;
  const again = watched(refused, { settings: merging, escalation: answered });
  expect(sets(again)).toEqual({ escalation: null, failures: [] });
});

describe('a person who closed it', () => {
  const closed = snapshotOf(b, { state: 'closed', closedBy: 'ann' });
  const dedupeKey = 'mr-1:closed';
  const says = (answer: string, set: Partial<MergeRequest> = {}) =>
    watched(
      { snapshot: closed, pr: 'closed', escalation: escalationId('esc-1'), ...set },
      { escalation: escalationWith({ status: 'resolved', answer, dedupeKey }) },
    );
  const where = { provider: 'github', host: 'github.com' } as const;
  const refusal: PRStatusError = {
    ...where,
    kind: 'http_error',
    status: 422,
    statusText: 'Unprocessable',
    transient: false,
    reason: 'other',
    requestId: null,
    tokenSource: 'town.token',
  };

  test('is given choices, and of what somebody else opened no second one', () => {
    const asked = (set: Partial<MergeRequest>) =>
      watched({ snapshot: closed, pr: 'closed', ...set }).actions.flatMap((action) =>
        action.do === 'escalate' ? [action.question?.choices] : [],
      );
    expect(asked({})).toEqual([['reopen', 'redo', 'drop']]);
    expect(asked({ adopted: true })).toEqual([['reopen', 'drop']]);
  });

  describe.each(['approved', 'landing', 'queued', 'gating', 'changes_requested'] as const)(
    'while it is %s',
    (stage) => {
      test.each(['open', 'merged'] as const)(
        'and it is %s on the forge: nothing is asked',
        (state) => {
          const escalation = escalationId('esc-1');
          const plan = watched(
            { stage, pr: 'closed', snapshot: snapshotOf(b, { state }), escalation },
            { escalation: escalationWith({ dedupeKey }) },
          );
          expect(plan.actions).toContainEqual(
            expect.objectContaining({ do: 'resolve', dedupeKey }),
          );
          expect(sets(plan)).toMatchObject({ pr: state, escalation: null, failures: [] });
        },
      );
    },
  );

  test('while a round is due: what that is about stays, whatever is asked and answered', () => {
    const conflict = { kind: 'conflict', helps: 'no', target: 'main', files: ['a'] } as const;
    const due = { stage: 'changes_requested', failures: [conflict] } as const;
    const asked = watched({ ...due, pr: 'closed', snapshot: closed });
    expect(sets(asked).failures).toEqual([conflict]);
    expect(asked.actions).toContainEqual(expect.objectContaining({ do: 'escalate', bind: true }));
    for (const report of [
      { op: 'reopen', answer: null },
      { op: 'reopen', error: refusal },
    ] as const) {
      expect(sets(says('reopen', { ...due, forgeReport: report })).failures).toEqual([conflict]);
    }
    expect(sets(says('hm', due)).failures).toEqual([conflict]);
    const open = { ...due, pr: 'closed', snapshot: snapshotOf(b) } as const;
    expect(sets(watched(open)).failures).toEqual([conflict]);
  });

  test('and says reopen has it opened there, and it is what the next read says', () => {
    const plan = says('reopen');
    expect(calls(plan)).toMatchObject([{ op: 'reopen_pull', ref: { number: 12 } }]);
    expect(sets(plan).escalation).toBeUndefined();
    const heard = says('reopen', { forgeReport: { op: 'reopen', answer: null } });
    const columns = sets(heard);
    expect(columns).toMatchObject({ pr: 'open', readAt: now, escalation: null, failures: [] });
    const unread = watched({ ...columns }, { settings: merging });
    expect(unread.actions).toEqual([]);
    expect(new Set(reasons(unread))).toEqual(new Set(['poll']));
  });

  test('and says reopen: nothing that was seen of it before is believed any more', () => {
    const heard = says('reopen', { forgeReport: { op: 'reopen', answer: null } });
    expect(sets(heard).snapshot).toMatchObject({
      state: 'open',
      observedAt: now,
      checks: { is: 'unknown' },
      review: { is: 'unknown' },
      threads: { is: 'unknown' },
      mergeability: { is: 'unknown' },
      mergeableNow: false,
    });
  });

  test('is asked again, with what the forge said, where it does not reopen it', () => {
    const plan = says('reopen', { forgeReport: { op: 'reopen', error: refusal } });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        bind: true,
        failure: expect.objectContaining({ kind: 'pr_refused', reason: 'reopen' }),
      }),
    );
    expect(sets(plan).strikes).toBeUndefined();
  });

  test('is not asked again for an outage: it is tried later', () => {
    const error: PRStatusError = { ...where, kind: 'network_error', cause: 'timeout' };
    const plan = says('reopen', { forgeReport: { op: 'reopen', error } });
    expect(plan.actions).toHaveLength(1);
    expect(sets(plan)).toMatchObject({ notBefore: later(limits.forgeThrottleMs) });
    const paused = says('reopen', { notBefore: later(1000) });
    expect(calls(paused)).toEqual([]);
    expect(paused.waits).toMatchObject([{ reason: 'backoff', until: later(1000) }]);
  });

  test('and says redo gets a branch the forge knows nothing of', () => {
    const branch = 'gt/abcd/web-1/say-hello-r2';
    expect(sets(says('redo'))).toMatchObject({ branch, published: null, answers: [] });
    expect(sets(says('redo', { branch })).branch).toBe('gt/abcd/web-1/say-hello-r3');
    expect(sets(says('redo', { adopted: true })).branch).toBeUndefined();
  });

  test('and says anything else has it looked at again, and is asked if it is still closed', () => {
    expect(sets(says('hm'))).toMatchObject({ pr: 'open', snapshot: null, escalation: null });
  });

  test('is not taken at an answer to another question', () => {
    const escalation = escalationWith({ status: 'resolved', answer: 'redo', dedupeKey: 'x' });
    const set = { snapshot: closed, pr: 'closed', escalation: escalationId('esc-1') } as const;
    expect(sets(watched(set, { escalation }))).toEqual({ escalation: null });
  });
});
