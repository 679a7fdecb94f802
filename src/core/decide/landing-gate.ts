/**
 * The second step of a direct landing: every gate on exactly the candidate, one after another.
 *
 * M6 Passed is the only answer that lets a required gate through. P7
 * M7 A failure is run on the target too: if it fails there as well, the target is red, the bead
 *    is not sent back, and one escalation per rig and gate says so. After the wait it is tried
 *    on the target anew: what failed there once may have been chance, or is repaired.
 * M8 A setup failure is the rig's, never the bead's.
 */
import type { Plan } from '../action.ts';
import { assert } from '../assert.ts';
import type { Failure } from '../failure.ts';
import type { Commit } from '../ids.ts';
import { resultOf, type Candidate, type GateReport, type Job, type JobSpec } from '../job.ts';
import type { Gate } from '../launch-spec.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, insert, rest, update, wait } from '../plan.ts';
import { gatesOf, setupOf } from '../setting-definitions.ts';
import { after } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import { jobFailed } from './landing-build.ts';
import { landingRig, noSlot } from './landing-slot.ts';
import { newJob } from './new-job.ts';

export function gate(view: MergeRequestView): Plan {
  const { mergeRequest, rig } = view;
  const { candidate } = mergeRequest;
  assert(candidate !== null, `${mergeRequest.id} is gating without a candidate`);
  if (rig.status !== 'ready') {
    return act(set(mergeRequest, { stage: 'queued', job: null, ...noSlot }, 'rig_unready'));
  }
  if (view.job !== null) return onCandidate(view, view.job);
  if (view.targetJob !== null) return onTarget(view, view.targetJob);
  const next = gatesOf(view.settings, view.rig.report).find(
    (wanted) => reportOn(mergeRequest.gates, wanted) === null,
  );
  if (next !== undefined) return run(view, next, candidate.commit, 'job');
  return judged(view, candidate);
}

/** The required gates of now that did not pass, or have not run since a setting named them. */
export function notPassed({ mergeRequest, settings, rig }: MergeRequestView): readonly Gate[] {
  return gatesOf(settings, rig.report).filter(
    (wanted) => wanted.required && reportOn(mergeRequest.gates, wanted)?.result !== 'passed',
  );
}

function judged(view: MergeRequestView, candidate: Candidate): Plan {
  const { mergeRequest, rig } = view;
  const failing = notPassed(view);
  const { red } = mergeRequest;
  if (failing.length === 0) {
    const green = gatesOf(view.settings, rig.report).map((wanted) => greenAgain(rig.id, wanted));
    return act(set(mergeRequest, { stage: 'approved', red: null }, 'gates_passed'), ...green);
  }
  for (const wanted of failing) {
    const there = reportOn(view.targetReports, wanted);
    const isOld = red?.gate === wanted.name && red.tip === candidate.targetTip;
    if (there === null || isOld) return run(view, wanted, candidate.targetTip, 'targetJob');
    const here = reportOn(mergeRequest.gates, wanted);
    if (isRed(there, here)) return targetRed(view, there, candidate.targetTip);
  }
  const failures = failing.map((wanted) => failureOf(wanted, mergeRequest.gates));
  const columns = { stage: 'changes_requested' as const, failures, red: null, ...noSlot };
  return act(
    set(mergeRequest, columns, 'gate_failed'),
    ...failing.map((wanted) => greenAgain(rig.id, wanted)),
  );
}

/**
 * Is the target to blame? It is when it fails the gate itself, or shows the very same trouble.
 * A target that ran nothing says nothing about the first test that fails.
 */
function isRed(there: GateReport, here: GateReport | null): boolean {
  if (there.result === 'passed') return false;
  return there.result === 'failed' || there.result === 'timed_out' || there.result === here?.result;
}

function run(view: MergeRequestView, wanted: Gate, commit: Commit, as: 'job' | 'targetJob'): Plan {
  const { mergeRequest, settings, rig } = view;
  const spec: JobSpec = {
    kind: 'gate',
    rig: landingRig(view),
    commit,
    gate: wanted,
    setup: setupOf(settings, rig.report),
    isolation: { require: settings['isolation.require'], network: settings['isolation.network'] },
    env: settings.envVars,
  };
  const job = newJob(view, { rig: rig.id, subject: mergeRequest.id, spec });
  const columns = as === 'job' ? { job: job.id } : { targetJob: job.id, red: null };
  return act(insert('job', job, as), set(mergeRequest, columns, `gate_${wanted.name}`));
}

function onCandidate(view: MergeRequestView, job: Job): Plan {
  const { mergeRequest } = view;
  if (job.kind !== 'gate') return act(set(mergeRequest, { job: null }, 'stale_job'));
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'gate' }));
  const report = reported(view, job);
  if ('actions' in report) return report;
  const gates = [...mergeRequest.gates.filter(({ gate: name }) => name !== report.gate), report];
  return act(set(mergeRequest, { gates, job: null }, `gate_${report.result}`));
}

function onTarget(view: MergeRequestView, job: Job): Plan {
  const { mergeRequest } = view;
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'gate', on: 'target' }));
  const report = reported(view, job);
  if ('actions' in report) return report;
  // The report itself was kept with its commit when it arrived; the view has it now.
  return act(set(mergeRequest, { targetJob: null }, `target_${report.result}`));
}

/** The report of a done gate job, or what its failure means. M8 */
function reported(view: MergeRequestView, job: Job): GateReport | Plan {
  const { mergeRequest } = view;
  const result = resultOf(job, 'gate');
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  if (result.setup === null) return result.report;
  const aside = { stage: 'queued' as const, job: null, targetJob: null };
  return act(set(mergeRequest, { ...aside, ...noSlot }, 'setup_failed'));
}

/** M7 */
function targetRed(view: MergeRequestView, there: GateReport, tip: Commit): Plan {
  const { mergeRequest, rig, now } = view;
  const { gate: name, command, result, output } = there;
  assert(result !== 'passed', 'only a failure makes a target red');
  const on = { target: mergeRequest.target, tip };
  const what = { gate: name, command, result, output };
  const failure: Failure = { kind: 'target_red', helps: 'later', ...what, ...on };
  const columns = {
    stage: 'queued' as const,
    red: { gate: name, tip },
    // Judged again from the start: the same tip may be green later, when its cause was outside.
    gates: [],
    failures: [failure],
    notBefore: after(now, limits.rigProbeMs),
    ...noSlot,
  };
  return act(set(mergeRequest, columns, 'target_red'), {
    do: 'escalate',
    dedupeKey: `rig:${rig.id}:red:${name}`,
    bind: false,
    severity: 'failure',
    subject: `rig:${rig.id}`,
    failure,
    question: null,
  });
}

function greenAgain(rig: string, wanted: Gate) {
  return {
    do: 'resolve' as const,
    dedupeKey: `rig:${rig}:red:${wanted.name}`,
    why: 'green_again',
  };
}

function reportOn(reports: readonly GateReport[], wanted: Gate): GateReport | null {
  return (
    reports.find(({ gate: name, command }) => name === wanted.name && command === wanted.command) ??
    null
  );
}

function failureOf(wanted: Gate, reports: readonly GateReport[]): Failure {
  const report = reportOn(reports, wanted);
  assert(report !== null && report.result !== 'passed', 'only a failure is reported');
  return {
    kind: 'gate_failed',
    helps: 'no',
    gate: wanted.name,
    command: wanted.command,
    result: report.result,
    exitCode: report.exitCode,
    output: report.output,
  };
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
