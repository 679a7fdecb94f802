/** When a merge request that stood aside comes back: its remote, or the gate, was put right. */
import { describe, expect, test } from 'vitest';
import {
  candidateOf,
  commit,
  doneJob,
  gateWith,
  later,
  now,
  reportOf,
  requestView,
  rigWith,
  settingsWith,
} from '../../../test/fixtures/views.ts';
import { reasons, setsOf } from '../../../test/fixtures/plans.ts';
import type { Plan } from '../action.ts';
import { jobId } from '../ids.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { MergeRequestView } from '../view.ts';
import { decideMergeRequest } from './merge-request.ts';

const b = commit('b');
const job = jobId('job-1');
const gating = { stage: 'gating', slot: true, candidate: candidateOf(b) } as const;

const decide = (request: Partial<MergeRequest>, set: Partial<MergeRequestView> = {}) =>
  decideMergeRequest(requestView(request, set));

const sets = (plan: Plan) => setsOf(plan, 'merge_request');

describe('a remote that is away', () => {
  const failure = { kind: 'remote_not_found', helps: 'person', remote: '/x', output: '' } as const;
  const failed = decide(
    { stage: 'landing', slot: true, job, candidate: candidateOf(b) },
    { job: doneJob('push', { kind: 'failed', failure }) },
  );

  test('is the rig’s trouble: the request stands aside and comes back by itself', () => {
    expect(sets(failed)).toMatchObject({ stage: 'queued', slot: false, failures: [failure] });
    expect(sets(failed).notBefore).toBe(later(limits.rigProbeMs));
    expect(failed.actions).toContainEqual(
      expect.objectContaining({ do: 'escalate', dedupeKey: 'rig:web:job', bind: false }),
    );
    expect(reasons(decide(sets(failed)))).toEqual(['human']);
  });

  test('is tried again as soon as a look at the repository found it well', () => {
    const seen = decide(sets(failed), { rig: rigWith({ probedAt: later(1000) }) });
    expect(sets(seen)).toMatchObject({ notBefore: null, failures: [] });
    const before = decide(sets(failed), { rig: rigWith({ probedAt: now }) });
    expect(before.actions).toEqual([]);
  });
});

test('a change that waits for a red target is judged anew once the gate is another one', () => {
  const notBefore = later(limits.rigProbeMs);
  const failing = { ...gating, gates: [reportOf({ result: 'could_not_run' })] };
  const found = decide(failing, { targetReports: [reportOf({ result: 'could_not_run' })] });
  const red = { ...sets(found), slot: false };
  expect(red).toMatchObject({ failures: [{ kind: 'target_red', result: 'could_not_run' }] });
  expect(reasons(decide(red))).toEqual(['target_red']);
  const settings = settingsWith({ gates: [gateWith({ command: 'npm run all' })] });
  expect(sets(decide({ ...red, notBefore }, { settings }))).toMatchObject({
    red: null,
    notBefore: null,
  });
});
