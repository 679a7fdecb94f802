/**
 * What the forge's answer to opening, merging or reading feedback means. Pure.
 *
 * L6 An answer that merged is believed only after the pull request was read again and git proved
 *    the commit in the target. L7 A moved head voids the verdict and is not a failure.
 * L19 One that was seen merged meanwhile is: no answer about merging it holds up its proof.
 */
import type { Plan } from '../action.ts';
import { unreachable } from '../assert.ts';
import type { Failure } from '../failure.ts';
import type { Feedback, MergeAnswer, Opened } from '../forge-answers.ts';
import { limits } from '../limits.ts';
import type { ForgeReport, MergeRequest, PullState } from '../merge-request.ts';
import { act, backoffUntil, rest, update } from '../plan.ts';
import type { PRStatusError } from '../pr-status.ts';
import type { PullRequestSnapshot } from '../pull-request.ts';
import { accountIdOf } from '../forge-account.ts';
import { afterFailure, judge, retryAt } from '../strikes.ts';
import { after, type Instant } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import { ask } from './landing-build.ts';
import { roundOf } from './pull-blocked.ts';
import { unpublished } from './pull-calls.ts';
import { couldNotReopen, reopened } from './pull-closed.ts';
import { rivalFound, rivalOver } from './pull-rival.ts';
import { couldNotReply, replied } from './pull-replies.ts';
import { askedUntilNow, couldNotDequeue, dequeued } from './pull-withdraw.ts';

export function answered(view: MergeRequestView, report: ForgeReport): Plan {
  if (isOutrun(view, report)) return act(set(view.mergeRequest, outrun, 'merge_answered_late'));
  if ('error' in report) return failed(view, report.op, report.error);
  switch (report.op) {
    case 'open':
      return opened(view, report.answer);
    case 'merge':
      return merged(view, report.answer);
    case 'feedback':
      return feedback(view, report.answer);
    case 'reply':
      return replied(view, report.answer);
    case 'reopen':
      return reopened(view);
    case 'dequeue':
      return dequeued(view, report.answer);
    case 'close':
      return rest(); // heard where it was asked: `pull-left.ts`
    default:
      return unreachable(report);
  }
}

function failed(view: MergeRequestView, op: ForgeReport['op'], error: PRStatusError): Plan {
  if (op === 'reply') return couldNotReply(view, error);
  if (op === 'dequeue') return couldNotDequeue(view, error);
  return op === 'reopen' ? couldNotReopen(view, error) : couldNot(view, error);
}

const heard = { forgeCall: null, forgeReport: null };
const outrun = { ...heard, stage: 'approved' as const };

/** L19 */
function isOutrun({ mergeRequest }: MergeRequestView, { op }: ForgeReport): boolean {
  const { stage, snapshot } = mergeRequest;
  return op === 'merge' && stage === 'landing' && snapshot?.state === 'merged';
}

function opened(view: MergeRequestView, answer: Opened): Plan {
  const { mergeRequest } = view;
  switch (answer.is) {
    case 'opened':
    case 'adopted':
    case 'merged_before':
    case 'closed_before': {
      const columns = { ...heard, ...seen(view, answer.snapshot), ...rivalOver(view) };
      return act(set(mergeRequest, columns, answer.is));
    }
    case 'rival':
      return rivalFound(view, answer.snapshot);
    case 'none':
      return act(set(mergeRequest, { ...heard, pr: 'none' }, answer.is));
    case 'not_ours':
      return refused(view, {
        kind: 'pr_not_ours',
        helps: 'person',
        url: answer.snapshot.ref.url,
        branch: mergeRequest.branch,
      });
    case 'refused': {
      const { reason, detail } = answer;
      const { branch } = mergeRequest;
      if (reason === 'branch_missing' && isOld(view)) {
        // Somebody deleted it since: without a pull request it is nobody's but ours.
        return act(set(mergeRequest, { ...heard, pr: 'none', ...unpublished }, reason));
      }
      return refused(view, { kind: 'pr_refused', helps: 'person', branch, reason, detail });
    }
    default:
      return unreachable(answer);
  }
}

/** Was it published long enough ago for the forge to know? */
function isOld({ mergeRequest, now }: MergeRequestView): boolean {
  const { publishedAt } = mergeRequest;
  return publishedAt !== null && after(publishedAt, limits.forgeYoungMs) <= now;
}

export function seen(view: MergeRequestView, snapshot: PullRequestSnapshot): Partial<MergeRequest> {
  return {
    pr: 'open',
    account: accountIdOf(view.rig),
    prProject: snapshot.ref.project.path,
    prNumber: snapshot.ref.number,
    prNodeId: snapshot.ref.nodeId,
    prUrl: snapshot.ref.url,
    snapshot,
    readAt: view.now,
  };
}

function refused(view: MergeRequestView, failure: Failure, pr: PullState = 'none'): Plan {
  const plan = ask({ ...view, mergeRequest: { ...view.mergeRequest, ...heard } }, failure);
  const back = { ...heard, pr };
  return { ...plan, actions: [set(view.mergeRequest, back, 'refused'), ...plan.actions] };
}

function merged(view: MergeRequestView, answer: MergeAnswer): Plan {
  const { mergeRequest, now } = view;
  const mergeAsked = askedUntilNow(view);
  if (mergeRequest.stage !== 'landing') {
    // Another head came in while the call was under way: the answer is about an earlier one.
    return act(set(mergeRequest, { ...heard, mergeAsked, readAt: now }, 'merge_answered_late'));
  }
  switch (answer.is) {
    case 'merged':
      return act(set(mergeRequest, { ...readFirst(now), mergeAsked }, 'merge_answered'));
    case 'queued':
      return act(set(mergeRequest, { ...readFirst(now), mergeAsked }, 'merge_queued'));
    case 'head_moved':
      return act(set(mergeRequest, { ...readFirst(now), mergeAsked, green: null }, 'head_moved'));
    case 'not_now': {
      const mergeTries = mergeRequest.mergeTries + 1;
      // A right that is missing does not come by waiting.
      if (answer.reason === 'permission' || mergeTries >= limits.mergeTriesMax) {
        const { reason, detail } = answer;
        const url = mergeRequest.prUrl ?? '';
        const failure: Failure = {
          kind: 'pr_merge_refused',
          helps: 'person',
          url,
          reason,
          detail,
          times: mergeTries,
        };
        return refusedMerge(view, failure);
      }
      const notBefore = backoffUntil(now, mergeTries, limits.mergeRetryMs);
      const again = { ...heard, mergeAsked, mergeTries, notBefore, readAt: now };
      const back = { ...again, stage: 'approved' as const };
      return act(set(mergeRequest, back, `merge_${answer.reason}`));
    }
    default:
      return unreachable(answer);
  }
}

/** L6: what the forge says is read again before anything is believed, or asked of it again. */
function readFirst(now: Instant): Partial<MergeRequest> {
  return { ...heard, readAt: now, stage: 'approved', notBefore: after(now, limits.pollHotMs) };
}

function refusedMerge(view: MergeRequestView, failure: Failure): Plan {
  const { mergeRequest } = view;
  const none = { mergeTries: 0, mergeAsked: askedUntilNow(view), readAt: view.now };
  const back = { ...heard, stage: 'approved' as const, ...none, failures: [failure] };
  return act(set(mergeRequest, back, failure.kind), {
    do: 'escalate',
    dedupeKey: `${mergeRequest.id}:landing`,
    bind: true,
    severity: 'failure',
    subject: mergeRequest.id,
    failure,
    question: null,
  });
}

/** A call that could not be made is a read that failed: the same strikes, the same words. */
function couldNot(view: MergeRequestView, error: PRStatusError): Plan {
  const { mergeRequest, now } = view;
  const strikes = afterFailure(mergeRequest.strikes, error, now);
  const stage = mergeRequest.stage === 'landing' ? { stage: 'approved' as const } : {};
  const verdict = judge(strikes, now);
  const columns = { ...heard, ...stage, strikes, notBefore: retryAt(strikes, now) };
  if (mergeRequest.pr !== 'opening' || verdict.is === 'fine') {
    return act(set(mergeRequest, columns, error.kind));
  }
  const failure: Failure = {
    kind: 'pr_poll_failed',
    helps: 'person',
    url: mergeRequest.branch,
    error,
    by: verdict.by,
  };
  // It may have been opened all the same: whoever gives it up looks for it.
  return refused(view, failure, 'opening');
}

function feedback(view: MergeRequestView, answer: Feedback): Plan {
  return roundOf(view, answer);
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
