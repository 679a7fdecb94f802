/**
 * Decides what an approved merge request on a forge needs next: publish, open, watch, repair,
 * merge, prove. Pure.
 *
 * L1 One pull request per bead: opening looks first, and a row that has a number never opens.
 * L2 Failing to look dispatches nothing: an unobservable one waits, whatever else is true. P5
 * L3 A person's close asks; a person's merge closes the bead with git's proof.
 * L4 Merging needs `approved` for exactly the snapshot's head, and sends that head.
 * L5 A branch only grows: a head is published over the head we published, or not at all.
 */
import type { Plan } from '../action.ts';
import { unreachable } from '../assert.ts';
import type { Failure } from '../failure.ts';
import { incidentKey } from '../forge-account.ts';
import { mergeGate, type GateInput } from '../merge-gate.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, rest, update, wait } from '../plan.ts';
import { judge } from '../strikes.ts';
import type { MergeRequestView } from '../view.ts';
import type { Wait } from '../wait.ts';
import { answered } from './pull-answers.ts';
import { blocked } from './pull-blocked.ts';
import { closedByPerson } from './pull-closed.ts';
import { headOf, merge, openPull, publish, takeStrangers } from './pull-calls.ts';
import { proving } from './pull-proof.ts';
import { rivalAsked } from './pull-rival.ts';
import { replying } from './pull-replies.ts';
import { strangersGone } from './pull-strangers.ts';
import { takenBack } from './pull-withdraw.ts';

/** For stage `approved`, `changes_requested` and `landing` of a request on a forge. */
export function decidePull(view: MergeRequestView): Plan {
  const { mergeRequest } = view;
  if (mergeRequest.forgeReport !== null) return answered(view, mergeRequest.forgeReport);
  const flagged = unobservable(view);
  if (flagged !== null) return flagged;
  switch (mergeRequest.pr) {
    case 'none':
      return opening(view);
    case 'opening':
      return openPull(view);
    case 'open':
      return watching(view);
    case 'merged':
      return proving(view);
    case 'closed':
      return closedByPerson(view);
    default:
      return unreachable(mergeRequest.pr);
  }
}

/** L2. At the threshold once: the flag, the failure, one event, one incident. */
export function unobservable(view: MergeRequestView): Plan | null {
  const { mergeRequest, now } = view;
  const { strikes, id, prUrl } = mergeRequest;
  if (mergeRequest.pr !== 'open') return null;
  const flagged = unseen(mergeRequest);
  if (flagged !== null) return rest(flagged);
  const { lastError: error, lastFailureAt } = strikes;
  if (error === null || lastFailureAt === null) return null;
  // As of the last failed look: time alone, without another look, proves nothing.
  const verdict = judge(strikes, lastFailureAt);
  if (verdict.is === 'fine') return null;
  const failure: Failure = {
    kind: 'pr_poll_failed',
    helps: 'person',
    url: prUrl ?? '',
    error,
    by: verdict.by,
  };
  const flag = {
    failureReason: 'pr_poll_failed' as const,
    failureKind: error.kind,
    error,
    since: now,
  };
  const { stage, failures } = mergeRequest;
  // A round that was decided before keeps what it is about, and judging what it waits for.
  const isJudged = stage === 'queued' || stage === 'gating';
  const about = stage === 'changes_requested' ? failures : [...(isJudged ? failures : []), failure];
  return act(
    set(mergeRequest, { unobservable: flag, failures: about }, 'unobservable'),
    {
      do: 'event',
      name: 'pr.poll_failed',
      about: { kind: 'merge_request', id },
      data: {
        beadId: mergeRequest.bead,
        rigId: mergeRequest.rig,
        failureKind: error.kind,
        provider: error.provider,
        statusCode: error.kind === 'http_error' ? error.status : null,
      },
    },
    {
      do: 'escalate',
      dedupeKey: incidentKey(mergeRequest, error),
      bind: false,
      severity: 'failure',
      subject: `rig:${mergeRequest.rig}`,
      failure,
      question: null,
    },
  );
}

/** L2. What everything about an unobservable one waits for; null: it can be read. */
function unseen({ id, account, unobservable: flag }: MergeRequest): Wait | null {
  return flag === null ? null : wait('unobservable', [account, id], { kind: flag.failureKind });
}

/** Why no attempt is started on a pull request: it cannot be read, or it is over there. */
export function noAttempt(request: MergeRequest): Wait | null {
  const { id, pr, escalation, stage } = request;
  if (pr === 'closed' && escalation !== null) return wait('human', [escalation]);
  if (pr === 'closed' || pr === 'merged') return wait('queue', [id], { stage });
  return unseen(request);
}

function opening(view: MergeRequestView): Plan {
  const { mergeRequest } = view;
  const asked = rivalAsked(view);
  if (asked !== null) return asked;
  if (mergeRequest.published !== mergeRequest.head) return publish(view);
  return act(set(mergeRequest, { pr: 'opening' }, 'opening'));
}

function watching(view: MergeRequestView): Plan {
  const { mergeRequest, settings, now } = view;
  const { snapshot, head } = mergeRequest;
  if (snapshot === null) return rest(wait('poll', [mergeRequest.account]));
  if (snapshot.state === 'merged') {
    return act(set(mergeRequest, { pr: 'merged', notBefore: null }, 'pr_merged'));
  }
  if (snapshot.state === 'closed') return act(set(mergeRequest, { pr: 'closed' }, 'pr_closed'));
  const isBack = mergeRequest.stage === 'changes_requested';
  if (isBack && mergeRequest.repairs) {
    return rest(wait('call', [view.bead.id], { because: 'round' }));
  }
  if (mergeRequest.published !== head) return publish(view);
  if (snapshot.head !== head) return takeStrangers(view, snapshot.head);
  const settled = strangersGone(view);
  if (settled !== null) return settled;
  if (isBack && mergeRequest.failures.length > 0) {
    return rest(wait('human', [mergeRequest.id], { because: 'author' }));
  }
  // Somebody asked for another judgement of the same head.
  if (isBack) return act(set(mergeRequest, headOf(snapshot.head, view), 'judged_anew'));
  const replies = replying(view);
  if (replies !== null) return replies;
  const input: GateInput = {
    snapshot,
    policy: {
      checksPolicy: settings.checksPolicy,
      autoMerge: settings.autoMerge,
      autoMergeDelayMinutes: settings.autoMergeDelayMinutes,
    },
    target: mergeRequest.target,
    judgedHead: head,
    headSince: mergeRequest.publishedAt ?? mergeRequest.createdAt,
    greenSince: mergeRequest.green?.head === snapshot.head ? mergeRequest.green.since : null,
    now,
  };
  const answer = mergeGate(input);
  if (answer.is === 'blocked') return blocked(view, answer.blockers);
  if (mergeRequest.green?.head !== snapshot.head) {
    return act(set(mergeRequest, { green: { head: snapshot.head, since: now } }, 'green'));
  }
  switch (answer.is) {
    case 'person':
      return rest(wait('human', [mergeRequest.id], { because: 'merge' }));
    case 'queued': {
      const waits = rest(wait('queue', [mergeRequest.id], { because: 'merge_queue' }));
      const isOurs = mergeRequest.mergeAsked !== null;
      // Merging is a person's here since; what a person has put there stays.
      return isOurs && !settings.autoMerge ? takenBack(view, () => waits) : waits;
    }
    case 'wait':
      return rest(wait('delay', [mergeRequest.id], {}, answer.until));
    case 'merge':
      return merge(view, answer.head);
    default:
      return unreachable(answer);
  }
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
