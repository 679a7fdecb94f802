/**
 * A pull request that a person closed without merging: they say what happens, and until then
 * nothing does. Pure.
 *
 * L3 `reopen` opens it again on the forge, `redo` is another round with a pull request of its
 *    own, `drop` closes the bead (the command does that). Any other word looks again and asks.
 * L17 A round that was decided before keeps what it is about, whatever is asked meanwhile.
 * L13 What the forge shows counts more than the question: reopened or merged there, it is over.
 * L14 A forge that reopened it has shown that it is open, and nothing else about it: a read that
 *     began before that would ask again, and a redo would open a second one beside it.
 */
import type { Action, Plan } from '../action.ts';
import { assert } from '../assert.ts';
import { failureMessageFor } from '../explain-forge.ts';
import type { Failure } from '../failure.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, backoffUntil, rest, update, wait } from '../plan.ts';
import type { PRStatusError } from '../pr-status.ts';
import type { PullRequestSnapshot } from '../pull-request.ts';
import { bucketOf } from '../strikes.ts';
import { after, type Instant } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import { forgeCall, projectOf } from './pull-calls.ts';
import { pullRefOf } from './pull-ref.ts';

export function closedByPerson(view: MergeRequestView): Plan {
  const { mergeRequest, escalation } = view;
  const { snapshot } = mergeRequest;
  if (snapshot?.state === 'open' || snapshot?.state === 'merged') {
    // L13
    const why = snapshot.state === 'open' ? 'pr_reopened' : 'pr_merged';
    return act(
      { do: 'resolve', dedupeKey: keyOf(mergeRequest), why },
      set(
        mergeRequest,
        { pr: snapshot.state, escalation: null, failures: besides(mergeRequest) },
        why,
      ),
    );
  }
  if (mergeRequest.escalation === null) {
    const by = snapshot?.closedBy ?? null;
    const url = mergeRequest.prUrl ?? '';
    const failure: Failure = { kind: 'pr_closed', helps: 'person', url, by };
    const failures = besides(mergeRequest, failure);
    return act(set(mergeRequest, { failures }, 'asks'), raise(mergeRequest, failure));
  }
  assert(escalation !== null, `${mergeRequest.id} waits for an escalation that is gone`);
  const { dedupeKey, status } = escalation;
  if (dedupeKey !== keyOf(mergeRequest)) {
    // An earlier question about something else: its answer would not be about this.
    const why = 'pr_closed';
    return act({ do: 'resolve', dedupeKey, why }, set(mergeRequest, { escalation: null }, why));
  }
  if (status !== 'resolved') return rest(wait('human', [escalation.id]));
  if (escalation.answer === 'reopen') return reopen(view);
  if (escalation.answer === 'redo' && !mergeRequest.adopted) return redo(mergeRequest);
  return lookAgain(view);
}

function raise(request: MergeRequest, failure: Failure): Action {
  return {
    do: 'escalate',
    dedupeKey: keyOf(request),
    bind: true,
    severity: 'question',
    subject: request.id,
    failure,
    question: {
      text: 'The pull request was closed without being merged. What happens now?',
      // What somebody else opened is not made anew.
      choices: request.adopted ? ['reopen', 'drop'] : ['reopen', 'redo', 'drop'],
    },
  };
}

function reopen(view: MergeRequestView): Plan {
  const { mergeRequest, rig } = view;
  const ref = pullRefOf(mergeRequest, rig);
  assert(ref !== null, `${mergeRequest.id} has no pull request to reopen`);
  return forgeCall(view, 'reopen', (id) => ({
    op: 'reopen_pull',
    callId: id,
    rig: rig.id,
    project: projectOf(view),
    mergeRequest: mergeRequest.id,
    ref,
  }));
}

const heard = { forgeCall: null, forgeReport: null };

/** L17 */
function besides({ stage, failures }: MergeRequest, ...asked: readonly Failure[]) {
  return stage === 'changes_requested' ? failures : asked;
}

function watchedAgain(request: MergeRequest) {
  const failures = besides(request);
  return { ...heard, pr: 'open' as const, escalation: null, failures, notBefore: null };
}

/** What it is, only the next read says. */
function lookAgain({ mergeRequest, now }: MergeRequestView): Plan {
  const columns = { ...watchedAgain(mergeRequest), snapshot: null, readAt: now };
  return act(set(mergeRequest, columns, 'look_again'));
}

/** L14 */
export function reopened({ mergeRequest, now }: MergeRequestView): Plan {
  const { snapshot } = mergeRequest;
  const open = snapshot === null ? null : justOpen(snapshot, now);
  const columns = { ...watchedAgain(mergeRequest), snapshot: open, readAt: now };
  return act(set(mergeRequest, columns, 'reopened'));
}

function justOpen(snapshot: PullRequestSnapshot, now: Instant): PullRequestSnapshot {
  const unread = { is: 'unknown', why: 'not_read_yet' } as const;
  const groups = { mergeability: unread, checks: unread, review: unread, threads: unread };
  const rest = { queue: unread, nativeAutoMerge: unread, mergeableNow: false, closedBy: null };
  return { ...snapshot, ...groups, ...rest, state: 'open', observedAt: now };
}

/** An outage passes; a forge that will not reopen it is a question again, with what it said. */
export function couldNotReopen(view: MergeRequestView, error: PRStatusError): Plan {
  const { mergeRequest, now } = view;
  const bucket = bucketOf(error);
  if (bucket === 'transient' || bucket === null) {
    const told = error.kind === 'throttled' ? error.retryAt : now;
    const notBefore = told > now ? told : after(now, limits.forgeThrottleMs);
    return act(set(mergeRequest, { ...heard, notBefore }, `reopen_${error.kind}`));
  }
  const failure: Failure = {
    kind: 'pr_refused',
    helps: 'person',
    branch: mergeRequest.branch,
    reason: 'reopen',
    detail: failureMessageFor(error, { url: mergeRequest.prUrl }),
  };
  const notBefore = backoffUntil(now, 1, limits.mergeRetryMs);
  const failures = besides(mergeRequest, failure);
  const columns = { ...heard, escalation: null, failures, notBefore };
  return act(set(mergeRequest, columns, 'reopen_refused'), raise(mergeRequest, failure));
}

/** Branch and number are history: on the old branch the forge would find the closed one again. */
function redo(request: MergeRequest): Plan {
  const failure: Failure = { kind: 'rejected_by_person', helps: 'person', reason: 'redo' };
  const branch = nextBranch(request.branch);
  const columns = { ...forgotten, branch, stage: 'changes_requested' as const };
  return act(set(request, { ...columns, escalation: null, failures: [failure] }, 'redo'));
}

/** `…/say-hello` → `…/say-hello-r2` → `…/say-hello-r3` */
function nextBranch(branch: string): string {
  const found = /^(.*)-r(\d+)$/.exec(branch);
  return found === null ? `${branch}-r2` : `${found[1] ?? ''}-r${Number(found[2]) + 1}`;
}

const forgotten = {
  ...heard,
  pr: 'none' as const,
  published: null,
  publishedAt: null,
  replaced: null,
  feedbackSeen: null,
  answers: [],
  job: null,
  prNumber: null,
  prNodeId: null,
  prUrl: null,
  snapshot: null,
  green: null,
  readAt: null,
};

function keyOf({ id }: MergeRequest): string {
  return `${id}:closed`;
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
