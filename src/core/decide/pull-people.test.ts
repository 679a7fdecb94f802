/** Table tests of what people do to a pull request: close it, push to it, say what happens. */
import { describe, expect, test } from 'vitest';
import {
  commit,
  doneJob,
  escalationWith,
  now,
  requestView,
  settingsWith,
} from '../../../test/fixtures/views.ts';
import { snapshotOf, watchedRequest } from '../../../test/fixtures/pulls.ts';
import type { Plan } from '../action.ts';
import { escalationId } from '../ids.ts';
import type { JobResult } from '../job.ts';
import type { MergeRequest } from '../merge-request.ts';
import { takeStrangers } from './pull-calls.ts';
import {
  b,
  merging,
  rig,
  watched,
  sets,
  jobs,
  reasons,
  done,
  ref,
  job,
  publishing,
} from '../../../test/fixtures/pull-decisions.ts';

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
    const waiting = watched(asked, { escalation: escalationWith() });
    expect(waiting.actions).toEqual([]);
    expect(reasons(waiting)).toEqual(['human']);
  });

  test('who says redo gets another round and another pull request', () => {
    const asked = { snapshot: closed, pr: 'closed', escalation: escalationId('esc-1') } as const;
    const escalation = escalationWith({ status: 'resolved', answer: 'redo' });
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

  test('who went away again keep nobody waiting', () => {
    const back = when({}, { snapshot: snapshotOf(b) });
    expect(back.actions).toMatchObject([{ do: 'resolve', dedupeKey }, {}]);
    expect(sets(back)).toEqual({ escalation: null });
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
