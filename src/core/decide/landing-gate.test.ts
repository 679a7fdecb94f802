/** Table tests of a landing's gates: only passed lets a change through. */
import { describe, expect, test } from 'vitest';
import {
  candidateOf,
  commit,
  doneJob,
  gateWith,
  later,
  reportOf,
  requestView,
  rigWith,
  settingsWith,
} from '../../../test/fixtures/views.ts';
import { jobs, reasons, setsOf } from '../../../test/fixtures/plans.ts';
import type { Plan } from '../action.ts';
import { jobId } from '../ids.ts';
import type { GateResult } from '../job.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { MergeRequestView } from '../view.ts';
import { decideMergeRequest } from './merge-request.ts';

const decide = (request: Partial<MergeRequest>, set: Partial<MergeRequestView> = {}) =>
  decideMergeRequest(requestView(request, set));

const sets = (plan: Plan) => setsOf(plan, 'merge_request');
const job = jobId('job-1');
const b = commit('b');

describe('gates', () => {
  const candidate = candidateOf(b);
  const gating = { stage: 'gating', slot: true, candidate } as const;

  test('run on exactly the candidate', () => {
    expect(jobs(decide(gating))).toMatchObject([{ kind: 'gate', commit: candidate.commit }]);
  });

  test('that passed approve', () => {
    expect(sets(decide({ ...gating, gates: [reportOf()] }))).toMatchObject({ stage: 'approved' });
  });

  const notPassed: readonly GateResult[] = ['failed', 'could_not_run', 'ran_nothing', 'timed_out'];
  test.each(notPassed)('that answered %s never approve', (result) => {
    const failing = { ...gating, gates: [reportOf({ result })] };
    const unknown = decide(failing);
    expect(jobs(unknown)).toMatchObject([{ kind: 'gate', commit: candidate.targetTip }]);
    const green = decide(failing, { targetReports: [reportOf()] });
    expect(sets(green)).toMatchObject({
      stage: 'changes_requested',
      failures: [{ kind: 'gate_failed', gate: 'test', result }],
      slot: false,
    });
  });

  test('that fail on the target too make it wait, without a round, with one escalation', () => {
    const failing = { ...gating, gates: [reportOf({ result: 'failed' })] };
    const plan = decide(failing, { targetReports: [reportOf({ result: 'failed' })] });
    expect(sets(plan)).toMatchObject({
      stage: 'queued',
      slot: false,
      red: { gate: 'test', tip: candidate.targetTip },
    });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({ do: 'escalate', dedupeKey: 'rig:web:red:test' }),
    );
  });

  test('that come back to a target they found red try it there anew', () => {
    const red = { gate: 'test', tip: candidate.targetTip };
    const failing = { ...gating, red, gates: [reportOf({ result: 'failed' })] };
    const plan = decide(failing, { targetReports: [reportOf({ result: 'failed' })] });
    expect(jobs(plan)).toMatchObject([{ kind: 'gate', commit: candidate.targetTip }]);
    expect(sets(plan)).toMatchObject({ red: null });
  });

  test('that fail where the target ran nothing are the bead’s own', () => {
    const failing = { ...gating, gates: [reportOf({ result: 'failed' })] };
    const plan = decide(failing, { targetReports: [reportOf({ result: 'ran_nothing' })] });
    expect(sets(plan)).toMatchObject({ stage: 'changes_requested' });
  });

  test('that could not run here nor on the target are the target’s', () => {
    const failing = { ...gating, gates: [reportOf({ result: 'could_not_run' })] };
    const plan = decide(failing, { targetReports: [reportOf({ result: 'could_not_run' })] });
    expect(sets(plan)).toMatchObject({ stage: 'queued', red: { gate: 'test' } });
  });

  test('that pass again end what was said about a red target', () => {
    const plan = decide({ ...gating, gates: [reportOf()] });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({ do: 'resolve', dedupeKey: 'rig:web:red:test' }),
    );
  });

  test('that are optional are run and never block', () => {
    const settings = settingsWith({ gates: [gateWith({ required: false })] });
    expect(jobs(decide(gating, { settings }))).toHaveLength(1);
    const failed = { ...gating, gates: [reportOf({ result: 'failed' })] };
    expect(sets(decide(failed, { settings }))).toMatchObject({ stage: 'approved' });
  });

  test('whose command was changed are run again', () => {
    const settings = settingsWith({ gates: [gateWith({ command: 'npm run all' })] });
    expect(jobs(decide({ ...gating, gates: [reportOf()] }, { settings }))).toHaveLength(1);
  });

  test('that are red on the target are tried again as soon as the gate is another one', () => {
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

  test('whose setup failed stand aside: the rig’s failure is not the bead’s', () => {
    const setup = {
      kind: 'setup_failed',
      helps: 'person',
      name: 'install',
      command: 'npm ci',
      exitCode: 1,
      signal: null,
      timedOut: false,
      output: '',
    } as const;
    const done = doneJob('gate', { kind: 'gate', report: reportOf({ result: 'failed' }), setup });
    expect(sets(decide({ ...gating, job }, { job: done }))).toMatchObject({
      stage: 'queued',
      slot: false,
    });
  });

  test('that found the target red wait until it moves', () => {
    const red = { gate: 'test', tip: commit('a') };
    const notBefore = later(1000);
    expect(reasons(decide({ red, notBefore }))).toEqual(['target_red']);
    const moved = decide({ red, notBefore }, { rig: rigWith({ targetTip: commit('f') }) });
    expect(sets(moved)).toMatchObject({ red: null, notBefore: null });
  });
});
