/** Table tests of a merge request's decision: build, gate, push, and what each answer means. */
import { describe, expect, test } from 'vitest';
import {
  beadWith,
  candidateOf,
  commit,
  doneJob,
  escalationWith,
  gateWith,
  jobWith,
  later,
  now,
  reportOf,
  requestView,
  rigWith,
  settingsWith,
  submissionOf,
  townWith,
} from '../../../test/fixtures/views.ts';
import { jobs, reasons, setsOf } from '../../../test/fixtures/plans.ts';
import { specOf } from '../../../test/fixtures/pull-decisions.ts';
import type { Plan } from '../action.ts';
import { escalationId, jobId, mergeRequestId } from '../ids.ts';
import type { JobResult } from '../job.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { MergeRequestView } from '../view.ts';
import { decideMergeRequest } from './merge-request.ts';

const decide = (request: Partial<MergeRequest>, set: Partial<MergeRequestView> = {}) =>
  decideMergeRequest(requestView(request, set));

const sets = (plan: Plan) => setsOf(plan, 'merge_request');
const job = jobId('job-1');
const mine = mergeRequestId('mr-1');
const b = commit('b');

describe('in line', () => {
  test('a request asks for the slot, takes it when it is first, and else waits its turn', () => {
    expect(sets(decide({}))).toEqual({ wantsSlot: true });
    expect(sets(decide({ wantsSlot: true }, { firstInLine: mine }))).toMatchObject({ slot: true });
    const other = mergeRequestId('mr-0');
    const waiting = decide({ wantsSlot: true }, { firstInLine: mine, slotHolder: other });
    expect(waiting.actions).toEqual([]);
    expect(waiting.waits).toMatchObject([{ reason: 'queue', on: ['mr-0'] }]);
  });

  test('nothing is built before consent, on an unready rig, or in a paused town', () => {
    const slot = { slot: true };
    const noConsent = { rig: rigWith({ consentAt: null }) };
    expect(sets(decide(slot, noConsent))).toEqual({ slot: false, wantsSlot: false });
    expect(reasons(decide({}, noConsent))).toEqual(['human']);
    expect(reasons(decide({}, { rig: rigWith({ status: 'unready' }) }))).toEqual(['setup']);
    expect(reasons(decide({}, { town: townWith({ status: 'paused' }) }))).toEqual(['paused']);
  });

  test('a held bead gives the slot to the next in line', () => {
    const bead = beadWith({ status: 'held', submission: submissionOf(b) });
    expect(sets(decide({ slot: true }, { bead }))).toEqual({ slot: false, wantsSlot: false });
    expect(reasons(decide({}, { bead }))).toEqual(['held']);
  });
});

describe('build', () => {
  const building = { slot: true, job } as const;
  const build = (answer: Extract<JobResult, { kind: 'build' }>['answer']) => ({
    job: doneJob('build', { kind: 'build', answer }),
  });

  test('is asked for with the stored candidate, so that a lost push is found', () => {
    const candidate = candidateOf(b);
    const plan = decide({ slot: true, candidate });
    expect(jobs(plan)).toMatchObject([{ kind: 'build', head: b, stored: candidate }]);
  });

  test('leads to gating with no report carried over to a new candidate', () => {
    const candidate = candidateOf(b);
    const found = build({ is: 'built', candidate, reused: false, overlap: true });
    const old = { ...building, candidate: candidateOf(b, commit('d')), gates: [reportOf()] };
    expect(sets(decide(old, found))).toMatchObject({ stage: 'gating', candidate, gates: [] });
  });

  test('keeps the reports when the very same candidate is used again', () => {
    const candidate = candidateOf(b);
    const found = build({ is: 'built', candidate, reused: true, overlap: true });
    const old = { ...building, candidate, gates: [reportOf()] };
    expect(sets(decide(old, found)).gates).toEqual([reportOf()]);
  });

  test('keeps the reports over a clean rebuild only with gateFreshness clean_merge', () => {
    const candidate = candidateOf(b);
    const found = build({ is: 'built', candidate, reused: false, overlap: false });
    const old = { ...building, candidate: candidateOf(b, commit('d')), gates: [reportOf()] };
    expect(sets(decide(old, found)).gates).toEqual([]);
    const settings = settingsWith({ gates: [gateWith()], gateFreshness: 'clean_merge' });
    expect(sets(decide(old, { ...found, settings })).gates).toEqual([reportOf()]);
    const overlapping = build({ is: 'built', candidate, reused: false, overlap: true });
    expect(sets(decide(old, { ...overlapping, settings })).gates).toEqual([]);
  });

  test('that finds the change in the target is merged with the proof git gave', () => {
    const found = build({ is: 'landed', by: 'head', commit: b, targetTip: commit('e') });
    expect(sets(decide(building, found))).toMatchObject({
      stage: 'merged',
      slot: false,
      proof: { by: 'head', commit: b, target: 'main', targetTip: commit('e'), at: now },
    });
  });

  test('that meets a conflict sends the bead back and frees the slot', () => {
    const failure = { kind: 'conflict', helps: 'no', target: 'main', files: ['a'] } as const;
    const found = build({ is: 'conflict', failure, targetTip: commit('a') });
    expect(sets(decide(building, found))).toMatchObject({
      stage: 'changes_requested',
      failures: [failure],
      slot: false,
    });
  });

  test('that would change nothing gives up instead of landing an empty commit', () => {
    const found = build({ is: 'empty', targetTip: commit('a') });
    expect(sets(decide(building, found))).toMatchObject({
      stage: 'abandoned',
      failures: [{ kind: 'submission_empty' }],
    });
  });

  test('that the network failed stands aside and comes back by itself', () => {
    const failure = {
      kind: 'remote_unreachable',
      helps: 'later',
      remote: '/srv/web.git',
      cause: 'timeout',
      output: '',
    } as const;
    const plan = decide(building, { job: doneJob('build', { kind: 'failed', failure }) });
    expect(sets(plan)).toMatchObject({
      stage: 'queued',
      slot: false,
      notBefore: later(limits.rigProbeMs),
    });
    expect(plan.actions).toContainEqual(
      expect.objectContaining({ do: 'escalate', bind: false, subject: 'rig:web' }),
    );
  });
});

describe('a gate that became required after the others had passed', () => {
  const settings = settingsWith({ gates: [gateWith()] });
  const approved = { stage: 'approved', slot: true, candidate: candidateOf(b), gates: [] } as const;

  test.each(['direct', 'pr'] as const)('is run before the landing: %s', (strategy) => {
    const plan = decide({ ...approved, strategy }, { settings });
    expect(sets(plan)).toEqual({ stage: 'gating', job: null });
  });

  test('waits for what is being done with the branch', () => {
    const pushing = jobWith({ kind: 'publish', status: 'running', spec: specOf('publish') });
    const plan = decide({ ...approved, strategy: 'pr', job }, { settings, job: pushing });
    expect(sets(plan).stage).toBeUndefined();
  });

  test('does not count where it is not required', () => {
    const optional = settingsWith({ gates: [gateWith({ required: false })] });
    expect(sets(decide(approved, { settings: optional }))).toMatchObject({ stage: 'landing' });
  });
});

describe('approval by a person', () => {
  const settings = settingsWith({ approval: 'person', gates: [] });
  const approved = { stage: 'approved', slot: true, candidate: candidateOf(b) } as const;

  test('is waited for without holding the slot', () => {
    expect(sets(decide(approved, { settings }))).toEqual({ slot: false, wantsSlot: false });
    expect(reasons(decide({ ...approved, slot: false }, { settings }))).toEqual(['human']);
  });

  test('counts for its head only', () => {
    const decision = { head: commit('9'), verdict: 'approve', reason: '', at: now } as const;
    expect(reasons(decide({ ...approved, slot: false, decision }, { settings }))).toEqual([
      'human',
    ]);
  });

  test('leads back into line, and from there to the landing', () => {
    const decision = { head: b, verdict: 'approve', reason: '', at: now } as const;
    expect(sets(decide({ ...approved, slot: false, decision }, { settings }))).toMatchObject({
      stage: 'queued',
    });
    expect(sets(decide({ ...approved, decision }, { settings }))).toMatchObject({
      stage: 'landing',
    });
  });

  test('that was refused sends the bead back with the person’s words', () => {
    const decision = { head: b, verdict: 'reject', reason: 'too clever', at: now } as const;
    expect(sets(decide({ ...approved, decision }, { settings }))).toMatchObject({
      stage: 'changes_requested',
      failures: [{ kind: 'rejected_by_person', reason: 'too clever' }],
    });
  });
});

describe('push', () => {
  const landing = { stage: 'landing', slot: true, candidate: candidateOf(b), job } as const;
  const push = (answer: Extract<JobResult, { kind: 'push' }>['answer']) => ({
    job: doneJob('push', { kind: 'push', answer }),
  });

  test('sends exactly the candidate', () => {
    expect(jobs(decide({ ...landing, job: null }))).toMatchObject([
      { kind: 'push', candidate: candidateOf(b) },
    ]);
  });

  test('is merged only on the word that it is in the target', () => {
    expect(decide(landing, { job: jobWith({ kind: 'push', status: 'running' }) }).actions).toEqual(
      [],
    );
    const found = push({ is: 'landed', commit: commit('c'), targetTip: commit('c') });
    expect(sets(decide(landing, found))).toMatchObject({ stage: 'merged', slot: false });
  });

  test('that lost its race builds again and keeps the slot and the stored candidate', () => {
    const moved = push({ is: 'moved', targetTip: commit('d') });
    const found = sets(decide(landing, moved));
    expect(found).toEqual({ stage: 'queued', job: null, lostRaces: 1 });
  });

  test('that lost too many races asks a person', () => {
    const moved = push({ is: 'moved', targetTip: commit('d') });
    const plan = decide({ ...landing, lostRaces: limits.landingAttempts - 1 }, moved);
    expect(plan.actions).toContainEqual(
      expect.objectContaining({
        do: 'escalate',
        bind: true,
        failure: expect.objectContaining({ kind: 'lost_races', times: limits.landingAttempts }),
      }),
    );
  });

  test('that was refused asks a person and is tried again only on their word', () => {
    const failure = {
      kind: 'push_refused',
      helps: 'person',
      remote: '/srv/web.git',
      ref: 'main',
      cause: 'protected',
      output: '',
    } as const;
    const plan = decide(landing, push({ is: 'refused', failure }));
    expect(sets(plan)).toMatchObject({ stage: 'queued', slot: false });
    const waiting = { escalation: escalationId('esc-1') };
    expect(reasons(decide(waiting, { escalation: escalationWith() }))).toEqual(['human']);
    const said = { escalation: escalationWith({ status: 'resolved' }) };
    expect(sets(decide(waiting, said))).toMatchObject({ escalation: null });
  });

  test('is finished even when a person drops the bead meanwhile', () => {
    const bead = beadWith({ status: 'in_review', closeAs: 'dropped' });
    const found = push({ is: 'landed', commit: commit('c'), targetTip: commit('c') });
    expect(sets(decide(landing, { ...found, bead }))).toMatchObject({ stage: 'merged' });
  });
});

describe('a new head', () => {
  test('starts over: nothing judged about the old one counts', () => {
    const bead = beadWith({ status: 'in_review', submission: submissionOf(commit('9')) });
    const judged = { stage: 'approved', candidate: candidateOf(b), gates: [reportOf()] } as const;
    expect(sets(decide(judged, { bead }))).toMatchObject({
      stage: 'queued',
      head: commit('9'),
      candidate: null,
      gates: [],
    });
  });

  test('is not needed when a round ends with the same commit', () => {
    const submission = submissionOf(b, 'web-1.2');
    const bead = beadWith({ status: 'in_review', submission });
    const plan = decide({ stage: 'changes_requested' }, { bead });
    expect(sets(plan)).toMatchObject({ stage: 'queued', submittedBy: 'web-1.2' });
  });
});

const stages = ['queued', 'gating', 'approved', 'changes_requested'] as const;

test.each(stages)(
  'a dropped bead’s request gives up while it is %s, and holds nothing',
  (stage) => {
    const bead = beadWith({ status: 'in_review', closeAs: 'dropped', submission: submissionOf(b) });
    const held = {
      stage,
      job,
      targetJob: jobId('job-2'),
      readAt: later(60_000),
      slot: true,
      wantsSlot: true,
    };
    expect(sets(decide(held, { bead }))).toMatchObject({
      stage: 'abandoned',
      job: null,
      targetJob: null,
      readAt: null,
      slot: false,
      wantsSlot: false,
    });
  },
);
