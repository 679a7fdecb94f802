/** Table tests of what people do to a pull request: close it, push to it, say what happens. */
import { describe, expect, test } from 'vitest';
import {
  commit,
  doneJob,
  escalationWith,
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
    expect(reasons(watched(pushed, { settings: asks }))).toEqual(['human']);
  });
});
