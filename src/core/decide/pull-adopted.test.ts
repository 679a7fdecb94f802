/** Table tests of a pull request that somebody else opened: taken in, judged, never pushed over. */
import { describe, expect, test } from 'vitest';
import {
  beadView,
  beadWith,
  commit,
  doneJob,
  now,
  requestWith,
  settingsWith,
} from '../../../test/fixtures/views.ts';
import { noToken, snapshotOf, watchedRequest } from '../../../test/fixtures/pulls.ts';
import {
  b,
  decide,
  done,
  guarded,
  job,
  merging,
  ref,
  sets,
  watched,
} from '../../../test/fixtures/pull-decisions.ts';
import { calls, jobs, reasons } from '../../../test/fixtures/plans.ts';
import type { Failure } from '../failure.ts';
import { attemptId, type Commit } from '../ids.ts';
import type { JobResult, JobSpec } from '../job.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { PullRequestSnapshot } from '../pull-request.ts';
import { afterFailure, noStrikes } from '../strikes.ts';
import { decideBead } from './bead.ts';

const bead = beadWith({ status: 'in_review' });
const conflict: Failure = { kind: 'conflict', helps: 'no', target: 'main', files: ['a.txt'] };
const adopted = { adopted: true, repairs: true, branch: 'ann/greet', submittedBy: null } as const;
const left = { ...adopted, repairs: false } as const;
const fork = snapshotOf(b, { headProject: 'ann/web', headBranch: 'greet' });
const ofFork = { ...left, snapshot: fork, branch: 'ann/web:greet' } as const;

/** As the command leaves it. */
const fresh = (set: Partial<MergeRequest> = {}, view: Parameters<typeof decide>[1] = {}) =>
  decide(
    watchedRequest(b, {
      ...adopted,
      stage: 'queued',
      published: null,
      publishedAt: null,
      ...set,
    }),
    { bead, ...view },
  );

const takenJob = (head: string): JobResult => ({
  kind: 'take',
  answer: { is: 'taken', head: commit(head), strangers: ['ann'] },
});

const jobFor = (set: { head: Commit; published: Commit }, result: JobResult) => {
  const spec: JobSpec = {
    kind: 'take',
    rig: ref,
    branch: adopted.branch,
    bead: 'web-1',
    ...set,
  };
  return { job: { ...doneJob('take', result), spec } };
};

describe('an adopted pull request', () => {
  test('is brought in before anything is built: nothing of it was ever ours', () => {
    expect(jobs(fresh())).toMatchObject([
      { kind: 'take', branch: 'ann/greet', head: b, published: b },
    ]);
    const found = fresh({ job }, jobFor({ head: b, published: b }, takenJob('b')));
    expect(sets(found)).toMatchObject({ stage: 'queued', head: b, published: b });
    expect(jobs(fresh({ published: b }))).toMatchObject([{ kind: 'build', head: b }]);
  });

  test('that cannot be read before it was brought in is unobservable and stays out', () => {
    const strikes = afterFailure(noStrikes, noToken, now);
    const failures = [conflict];
    const flagged = sets(fresh({ strikes, failures }));
    expect(flagged).toMatchObject({ unobservable: { failureKind: 'no_token' } });
    expect(flagged.failures).toMatchObject([conflict, { kind: 'pr_poll_failed' }]);
    const unobservable = flagged.unobservable ?? null;
    const waiting = fresh({ strikes, unobservable });
    expect(waiting.actions).toEqual([]);
    expect(reasons(waiting)).toEqual(['unobservable']);
    // One that is here is judged all the same.
    expect(jobs(fresh({ strikes, unobservable, published: b }))).toMatchObject([{ kind: 'build' }]);
  });

  test('is taken at the head it has by then', () => {
    const moved = { snapshot: snapshotOf(commit('5')) };
    expect(jobs(fresh(moved))).toMatchObject([{ kind: 'take', head: commit('5') }]);
    const view = jobFor({ head: commit('5'), published: commit('5') }, takenJob('5'));
    expect(sets(fresh({ ...moved, job }, view))).toMatchObject({ head: commit('5') });
  });

  test('that was merged meanwhile is proved, and closes its bead', () => {
    const merged = snapshotOf(b, { state: 'merged', mergeCommit: commit('e') });
    expect(sets(fresh({ snapshot: merged }))).toMatchObject({ pr: 'merged' });
  });

  test('takes its author’s pushes even where strangers are asked about', () => {
    const settings = settingsWith({ gates: [], strangerCommits: 'ask' });
    const plan = watched({ ...adopted, snapshot: snapshotOf(commit('5')) }, { bead, settings });
    expect(jobs(plan)).toMatchObject([{ kind: 'take', head: commit('5') }]);
  });

  test('may be rewritten by its author until work of an agent is on it', () => {
    const rewritten = { ...adopted, snapshot: snapshotOf(commit('5')) };
    const free = watched(rewritten, { bead });
    expect(jobs(free)).toMatchObject([{ kind: 'take', head: commit('5'), published: commit('5') }]);
    const ours = watched({ ...rewritten, submittedBy: attemptId('web-1.1') }, { bead });
    expect(jobs(ours)).toMatchObject([{ kind: 'take', head: commit('5'), published: b }]);
    // What was handed in before it took the place of ours is on another branch.
    const instead = watched({ ...rewritten, ...left, submittedBy: attemptId('web-1.1') }, { bead });
    expect(jobs(instead)).toMatchObject([{ head: commit('5'), published: commit('5') }]);
  });

  test('whose push git finds before the forge shows it is taken in, once', () => {
    const merging = { ...adopted, stage: 'landing', green: { head: b, since: now }, job } as const;
    const moved: JobResult = { kind: 'publish', answer: { is: 'moved', remoteHead: commit('5') } };
    const spec: JobSpec = {
      kind: 'publish',
      rig: ref,
      branch: adopted.branch,
      bead: 'web-1',
      head: b,
      expectedRemoteHead: b,
    };
    const settings = settingsWith({ gates: [], autoMerge: true });
    const found = watched(merging, { bead, settings, job: { ...doneJob('publish', moved), spec } });
    expect(jobs(found)).toMatchObject([{ kind: 'take', head: commit('5') }]);
    const view = jobFor({ head: commit('5'), published: commit('5') }, takenJob('5'));
    const then = watched(merging, { bead, settings, ...view });
    expect(sets(then)).toMatchObject({ head: commit('5'), stage: 'queued' });
  });

  test('is repaired like our own where that was agreed to', () => {
    const behind = snapshotOf(b, { mergeability: { is: 'complete', value: 'behind' } });
    expect(jobs(watched({ ...adopted, snapshot: behind }, { bead }))).toMatchObject([
      { kind: 'update' },
    ]);
    const talk = { is: 'complete', value: { unresolved: 1, unresolvedByBots: 0 } } as const;
    const talked = snapshotOf(b, { threads: talk });
    expect(calls(watched({ ...adopted, snapshot: talked }, { bead }))).toMatchObject([
      { op: 'read_feedback' },
    ]);
  });

  test('is merged under the same gate, and its branch stays', () => {
    const green = { ...adopted, green: { head: b, since: now } } as const;
    const plan = watched(
      { ...green, stage: 'landing', job },
      { bead, ...guarded, settings: merging },
    );
    expect(calls(plan)).toMatchObject([{ op: 'merge_pull', expectedHead: b }]);
    const landed: JobResult = {
      kind: 'prove',
      answer: { is: 'landed', commit: commit('e'), targetTip: commit('f') },
    };
    const merged = snapshotOf(b, { state: 'merged', mergeCommit: commit('e') });
    const proved = watched(
      { ...adopted, snapshot: merged, pr: 'merged', job },
      { bead, ...done('prove', landed) },
    );
    expect(sets(proved).stage).toBe('merged');
    expect(calls(proved)).toEqual([]);
  });
});

describe('one that is not ours to repair', () => {
  const troubled: readonly Partial<PullRequestSnapshot>[] = [
    { mergeability: { is: 'complete', value: 'behind' } },
    { mergeability: { is: 'complete', value: 'conflict' } },
    { threads: { is: 'complete', value: { unresolved: 1, unresolvedByBots: 0 } } },
  ];

  test.each([left, ofFork])('is neither updated nor worked at, whatever keeps it', (request) => {
    for (const trouble of troubled) {
      const snapshot = { ...request, snapshot: { ...fork, ...trouble } };
      const own = { ...request, snapshot: snapshotOf(b, trouble) };
      const plan = watched(request === left ? own : snapshot, { bead });
      expect(plan.actions).toEqual([]);
      expect(plan.waits).toHaveLength(1);
    }
  });

  test('waits for its author when a gate fails, and starts no agent', () => {
    const back = { ...left, stage: 'changes_requested', failures: [conflict] } as const;
    const plan = watched(back, { bead });
    expect(plan.actions).toEqual([]);
    expect(plan.waits).toMatchObject([{ reason: 'human', detail: { because: 'author' } }]);
    const request = requestWith(watchedRequest(b, back));
    const worker = decideBead(beadView({ ...bead }, { mergeRequest: request }));
    expect(worker.actions).toEqual([]);
    expect(worker.waits).toMatchObject([{ reason: 'human' }]);
  });

  test('is judged anew at the same head when somebody asks for it', () => {
    const back = { ...left, stage: 'changes_requested', failures: [] } as const;
    expect(sets(watched(back, { bead }))).toMatchObject({ stage: 'queued', head: b, gates: [] });
  });

  test('is judged anew when its author pushes', () => {
    const back = {
      ...left,
      stage: 'changes_requested',
      snapshot: snapshotOf(commit('5')),
    } as const;
    expect(jobs(watched(back, { bead }))).toMatchObject([{ kind: 'take', head: commit('5') }]);
    const view = jobFor({ head: commit('5'), published: b }, takenJob('5'));
    expect(sets(watched({ ...back, job }, { bead, ...view }))).toMatchObject({
      stage: 'queued',
      head: commit('5'),
    });
  });
});

describe('one from a fork', () => {
  test('is taken from where the repository itself shows it', () => {
    expect(jobs(fresh(ofFork))).toMatchObject([
      { kind: 'take', head: b, from: 'refs/pull/12/head', branch: 'ann/web:greet' },
    ]);
  });

  test('is guarded without a push before it is merged', () => {
    const green = { ...ofFork, green: { head: b, since: now } };
    const guarding = watched(green, { bead, settings: merging });
    expect(jobs(guarding)).toMatchObject([{ kind: 'take', head: b, from: 'refs/pull/12/head' }]);
    const view = jobFor({ head: b, published: b }, takenJob('b'));
    const again = watched({ ...green, job }, { bead, settings: merging, ...view });
    expect(sets(again)).toMatchObject({ stage: 'landing' });
    expect(reasons(again)).toEqual([]);
  });
});
