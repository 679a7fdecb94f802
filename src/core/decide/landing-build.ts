/**
 * The first step of a direct landing: with the slot, make the commit that would land, or find
 * that it already landed.
 *
 * M3 The slot is taken in order of the number. M5 Only git's word makes `merged`.
 */
import type { Action, Plan } from '../action.ts';
import { assert, unreachable } from '../assert.ts';
import type { Failure } from '../failure.ts';
import { landingMessage } from '../landing-message.ts';
import { resultOf, type JobResult, type JobSpec } from '../job.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, insert, rest, update, wait } from '../plan.ts';
import { gatesOf } from '../setting-definitions.ts';
import { after, type Instant } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import { landingRig, noSlot, standAside } from './landing-slot.ts';
import { newJob } from './new-job.ts';
import { questionsOver } from './request-over.ts';

/** `first`: what comes before the first build; of an adopted change, bringing it in. */
export function build(
  view: MergeRequestView,
  first: (view: MergeRequestView) => Plan | null = () => null,
): Plan {
  const line = view.mergeRequest.strategy === 'direct' ? inLine(view) : null;
  return notYet(view) ?? line ?? first(view) ?? building(view);
}

/** Reasons not to stand in line at all. */
function notYet(view: MergeRequestView): Plan | null {
  const { mergeRequest, rig, escalation, now } = view;
  if (rig.consentAt === null) {
    return standAside(view, wait('human', [`rig:${rig.id}`], { because: 'consent' }));
  }
  if (rig.status !== 'ready') {
    return standAside(view, wait('setup', [`rig:${rig.id}`], { because: rig.status }));
  }
  if (mergeRequest.escalation !== null) {
    assert(escalation !== null, `${mergeRequest.id} waits for an escalation that is gone`);
    if (escalation.status !== 'resolved') {
      return standAside(view, wait('human', [escalation.id]));
    }
    const cleared = { escalation: null, lostRaces: 0, notBefore: null, red: null, failures: [] };
    return act(set(mergeRequest, cleared, 'answered'));
  }
  const { red, notBefore } = mergeRequest;
  if (red !== null && rig.targetTip !== null && rig.targetTip !== red.tip) {
    return act(set(mergeRequest, { red: null, notBefore: null, failures: [] }, 'target_moved'));
  }
  if (notBefore === null) return null;
  // What was found red stays noted: the gate step tries it anew before it believes it again. M7
  if (notBefore <= now) return act(set(mergeRequest, { notBefore: null }, 'again'));
  if (isPutRight(view, notBefore)) {
    return act(set(mergeRequest, { notBefore: null, red: null, failures: [] }, 'put_right'));
  }
  if (red !== null) {
    const detail = { gate: red.gate, tip: red.tip };
    return standAside(view, wait('target_red', [rig.id], detail, notBefore));
  }
  const isPersons = mergeRequest.failures.some(({ helps }) => helps === 'person');
  return standAside(
    view,
    isPersons
      ? wait('human', [`rig:${rig.id}`], { because: 'remote' }, notBefore)
      : wait('backoff', [], {}, notBefore),
  );
}

/** Somebody changed the gate that was red, or looked at the repository and found it well. */
function isPutRight(view: MergeRequestView, notBefore: Instant): boolean {
  const { mergeRequest, rig, settings } = view;
  if (mergeRequest.red === null) {
    return rig.probedAt !== null && rig.probedAt > notBefore - limits.rigProbeMs;
  }
  const gates = gatesOf(settings, rig.report);
  return mergeRequest.failures.some(
    (failure) =>
      failure.kind === 'target_red' &&
      !gates.some(({ name, command }) => name === failure.gate && command === failure.command),
  );
}

/** M3 */
function inLine(view: MergeRequestView): Plan | null {
  const { mergeRequest, slotHolder, firstInLine } = view;
  if (mergeRequest.slot) return null;
  if (!mergeRequest.wantsSlot) return act(set(mergeRequest, { wantsSlot: true }, 'in_line'));
  if (slotHolder === null && firstInLine === mergeRequest.id) {
    return act(set(mergeRequest, { slot: true, wantsSlot: false, job: null }, 'slot_taken'));
  }
  return rest(wait('queue', [slotHolder ?? firstInLine], { target: mergeRequest.target }));
}

function building(view: MergeRequestView): Plan {
  const { mergeRequest, job } = view;
  if (job === null || job.kind !== 'build') return start(view);
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'build' }));
  const result = resultOf(job, 'build');
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  const { answer } = result;
  switch (answer.is) {
    case 'built':
      return act(set(mergeRequest, gating(view, answer), 'built'), allWell(view));
    case 'landed':
      return landed(view, answer);
    case 'conflict':
      return act(
        set(
          mergeRequest,
          { stage: 'changes_requested', failures: [answer.failure], job: null, ...noSlot },
          'conflict',
        ),
      );
    case 'empty':
      return empty(view, answer.targetTip);
    default:
      return unreachable(answer);
  }
}

function start(view: MergeRequestView): Plan {
  const { mergeRequest, settings, bead } = view;
  const spec: JobSpec = {
    kind: 'build',
    rig: landingRig(view),
    head: mergeRequest.head,
    reverts: mergeRequest.reverts,
    submittedBy: mergeRequest.submittedBy,
    method: mergeRequest.method,
    message: landingMessage(bead, mergeRequest),
    author: settings['git.author'],
    signoff: settings['git.signoff'],
    stored: mergeRequest.candidate,
  };
  const job = newJob(view, { rig: bead.rig, subject: mergeRequest.id, spec });
  return act(insert('job', job, 'build'), set(mergeRequest, { job: job.id }, 'build'));
}

type Built = Extract<Extract<JobResult, { kind: 'build' }>['answer'], { is: 'built' }>;

/** Reports hold for exactly their candidate; `clean_merge` lets them stand for a clean rebuild. */
function gating(view: MergeRequestView, built: Built): Partial<MergeRequest> {
  const { mergeRequest, settings } = view;
  const clean = settings.gateFreshness === 'clean_merge' && !built.overlap;
  const keep = mergeRequest.candidate !== null && (built.reused || clean);
  return {
    stage: 'gating',
    candidate: built.candidate,
    gates: keep ? mergeRequest.gates : [],
    job: null,
    targetJob: null,
    failures: [],
  };
}

/** M5: git found the stored candidate, or the head itself, in the freshly fetched target. */
export function landed(
  view: MergeRequestView,
  found: {
    readonly by?: 'candidate' | 'head';
    readonly commit: NonNullable<MergeRequest['proof']>['commit'];
    readonly targetTip: NonNullable<MergeRequest['proof']>['targetTip'];
  },
): Plan {
  const { mergeRequest, now } = view;
  const proof = {
    by: found.by ?? 'candidate',
    commit: found.commit,
    target: mergeRequest.target,
    targetTip: found.targetTip,
    at: now,
  };
  const columns = { stage: 'merged' as const, proof, mergedAt: now, job: null, failures: [] };
  const over = { ...columns, ...noSlot, readAt: null };
  return act(set(mergeRequest, over, 'merged'), allWell(view), ...questionsOver(view));
}

function empty(view: MergeRequestView, targetTip: NonNullable<MergeRequest['head']>): Plan {
  const { mergeRequest } = view;
  const failure: Failure = {
    kind: 'submission_empty',
    helps: 'no',
    base: targetTip,
    head: mergeRequest.head ?? targetTip,
  };
  const columns = { stage: 'abandoned' as const, failures: [failure], job: null };
  const over = { ...columns, ...noSlot, readAt: null };
  return act(set(mergeRequest, over, 'empty'), ...questionsOver(view));
}

/**
 * The machine, the network or the rig failed: it stands aside and comes back, or asks. A remote
 * that is away is the rig's trouble, not the change's, and may come back by itself. P5
 */
export function jobFailed(view: MergeRequestView, failure: Failure): Plan {
  const { mergeRequest, rig, now } = view;
  const aside = { stage: 'queued' as const, job: null, targetJob: null, failures: [failure] };
  const isRigs = failure.helps === 'later' || isRemote(failure);
  const voice: Action = {
    do: 'escalate',
    dedupeKey: isRigs ? `rig:${rig.id}:job` : `${mergeRequest.id}:landing`,
    bind: !isRigs,
    severity: failure.helps === 'later' ? 'warning' : 'failure',
    subject: isRigs ? `rig:${rig.id}` : mergeRequest.id,
    failure,
    question: null,
  };
  const notBefore = isRigs ? after(now, limits.rigProbeMs) : null;
  return act(set(mergeRequest, { ...aside, ...noSlot, notBefore }, failure.kind), voice);
}

/** A person is asked what happens; until then it stands aside. */
export function ask({ mergeRequest }: MergeRequestView, failure: Failure): Plan {
  const aside = { stage: 'queued' as const, job: null, failures: [failure] };
  return act(set(mergeRequest, { ...aside, ...noSlot }, failure.kind), {
    do: 'escalate',
    dedupeKey: `${mergeRequest.id}:landing`,
    bind: true,
    severity: 'failure',
    subject: mergeRequest.id,
    failure,
    question: null,
  });
}

const REMOTE: readonly Failure['kind'][] = [
  'remote_not_found',
  'remote_needs_login',
  'remote_credential_missing',
  'remote_unreachable',
];

function isRemote({ kind }: Failure): boolean {
  return REMOTE.includes(kind);
}

/** Git answered: whatever was said about the rig's jobs is over. */
function allWell(view: MergeRequestView): Action {
  return { do: 'resolve', dedupeKey: `rig:${view.rig.id}:job`, why: 'recovered' };
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
