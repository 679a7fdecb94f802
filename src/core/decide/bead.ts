/**
 * Decides what one bead needs next. Pure, and the only place that moves beads.
 *
 * B1 At most one live attempt: nothing here frees `attempt` before its end was seen.
 * B2 `closed: merged` only with the merge request's proof.
 * B3 `ready` is set only when it may be granted a slot at once.
 * B4 A round is charged to its cause, an attempt's failure to `charged`; neither to the other.
 * B5 Nothing is dispatched while its pull request cannot be read. P5
 */
import type { Plan } from '../action.ts';
import { assert, unreachable } from '../assert.ts';
import { answerRound, type Bead } from '../bead.ts';
import { overBudget } from '../budget.ts';
import { isOver } from '../merge-request.ts';
import { act, rest, update, wait } from '../plan.ts';
import type { BeadView } from '../view.ts';
import { endOfAttempt, liveAttempt } from './bead-attempt-end.ts';
import { inReview, openRequest, roundFrom } from './bead-review.ts';
import { noAttempt } from './pull-request.ts';

export function decideBead(view: BeadView): Plan {
  const status = view.bead.status;
  switch (status) {
    case 'held':
      return held(view);
    case 'blocked':
      return blocked(view);
    case 'open':
      return open(view);
    case 'in_progress':
      return inProgress(view);
    case 'in_review':
      return view.bead.closeAs !== null && !isMerged(view) ? closing(view) : inReview(view);
    case 'failed':
      return failed(view);
    case 'closed':
      return closed(view);
    default:
      return unreachable(status);
  }
}

function held(view: BeadView): Plan {
  const { bead } = view;
  if (bead.closeAs !== null) return closing(view);
  const { duplicate } = bead;
  if (bead.hold && duplicate?.letGo === false) {
    const { of, issue } = duplicate;
    const about = issue === null ? {} : { issue };
    return rest(wait('held', [bead.id], { because: 'duplicate', of, ...about }));
  }
  if (bead.hold) return rest(wait('held', []));
  if (isReviewing(view)) return act(set(bead, { status: 'in_review' }, 'released'));
  return act(set(bead, { status: isBlocked(bead) ? 'blocked' : 'open' }, 'released'));
}

function blocked(view: BeadView): Plan {
  const { bead } = view;
  if (bead.closeAs !== null) return closing(view);
  if (bead.hold) return act(set(bead, { status: 'held' }, 'held'));
  if (!isBlocked(bead)) return act(set(bead, { status: 'open' }, 'unblocked'));
  if (bead.brokenBlocker !== null) {
    return rest(wait('human', [bead.brokenBlocker], { because: 'blocker_not_merged' }));
  }
  return rest(wait('blocked', view.blockers, { open: bead.openBlockers }));
}

function open(view: BeadView): Plan {
  const { bead } = view;
  if (bead.attempt !== null) {
    return act(set(bead, { status: 'in_progress', ready: false, readyAt: null }, 'granted'));
  }
  if (isMerged(view)) return act(set(bead, { status: 'in_review', ...unready }, 'merged'));
  if (bead.closeAs !== null) return closing(view);
  if (bead.hold) return act(set(bead, { status: 'held', ...unready }, 'held'));
  if (isBlocked(bead)) return act(set(bead, { status: 'blocked', ...unready }, 'blocked'));
  if (bead.retryAsked) {
    const fresh = { retryAsked: false, notBefore: null, startFailures: 0 };
    return act(set(bead, fresh, 'retry_asked'));
  }
  if (bead.reverts !== null) return openRequest(view, 'revert');
  return bead.escalation === null ? makeReady(view) : awaitAnswer(view);
}

/** An agent asked; a person's answer starts the next attempt. */
function awaitAnswer(view: BeadView): Plan {
  const { bead, escalation } = view;
  assert(escalation !== null, `${bead.id} waits for an escalation that is gone`);
  if (escalation.status !== 'resolved') {
    return rest(wait('human', [escalation.id], { because: 'asked' }));
  }
  const question = escalation.question?.text ?? null;
  const round = answerRound(bead, { failures: [], question, answer: escalation.answer });
  const rounds = { ...bead.rounds, answer: round.number };
  return act(set(bead, { escalation: null, round, rounds }, 'answered'));
}

function makeReady(view: BeadView): Plan {
  const { bead, mergeRequest, now } = view;
  const blocked = mergeRequest === null ? null : noAttempt(mergeRequest);
  if (blocked !== null) {
    if (bead.ready) return act(set(bead, unready, blocked.reason));
    return rest(blocked); // B5
  }
  const over = overBudget(view, view.settings);
  if (over !== null) {
    if (bead.ready) return act(set(bead, { ...unready, failure: over }, 'over_budget'));
    if (bead.failure?.kind !== 'over_budget')
      return act(set(bead, { failure: over }, 'over_budget'));
    return rest(wait('budget', [bead.rig], { scope: over.scope, unit: over.unit }));
  }
  if (bead.failure?.kind === 'over_budget') {
    return act(set(bead, { failure: null }, 'budget_raised'));
  }
  if (bead.notBefore !== null && bead.notBefore > now) {
    if (bead.ready) return act(set(bead, unready, 'backoff'));
    return rest(wait('backoff', [], { charged: bead.charged }, bead.notBefore));
  }
  // The pause is over for good: a clock that jumps back does not start it again.
  const rested = bead.notBefore === null ? {} : { notBefore: null };
  if (!bead.ready) return act(set(bead, { ready: true, readyAt: now, ...rested }, 'ready'));
  if (view.town.status !== 'running') return rest(wait('paused', ['town']));
  if (view.rig.status !== 'ready') return rest(wait('setup', [`rig:${view.rig.id}`]));
  return rest(wait('slot', ['dispatch']));
}

function inProgress(view: BeadView): Plan {
  const { bead, attempt } = view;
  assert(attempt !== null, `${bead.id} is in progress without an attempt`);
  if (bead.base === null && attempt.base !== null) {
    return act(set(bead, { base: attempt.base }, 'base_cut'));
  }
  if (attempt.submitted !== null) {
    const { head, summary, touched } = attempt.submitted;
    const base = bead.base ?? attempt.base;
    assert(base !== null, `${attempt.id} submitted without a base`);
    const submission = { attempt: attempt.id, head, base, summary, touched, at: view.now };
    const progress = { submission, round: null, charged: 0, startFailures: 0, failure: null };
    return openRequest(view, 'submitted', progress);
  }
  if (attempt.status === 'ended') return endOfAttempt(view, attempt);
  if (isMerged(view) && !bead.stopAsked) {
    // A person merged it meanwhile: there is nothing left to work at.
    return act(set(bead, { stopAsked: true }, 'merged_by_person'));
  }
  return rest(wait('call', [attempt.id], { phase: attempt.phase }));
}

function failed(view: BeadView): Plan {
  const { bead } = view;
  if (bead.closeAs !== null) return closing(view);
  if (bead.hold) return act(set(bead, { status: 'held' }, 'held'));
  if (!bead.retryAsked) return rest(wait('human', [bead.escalation], { because: 'failed' }));
  const fresh = { retryAsked: false, charged: 0, startFailures: 0, notBefore: null };
  const cleared = { failure: null, escalation: null, rounds: {} };
  const found = roundFrom(view, {});
  const round = found === null ? bead.round : { ...found, answer: bead.round?.answer ?? null };
  return act(
    { do: 'resolve', dedupeKey: `${bead.id}:failed`, why: 'retried' },
    set(bead, { status: 'open', ...fresh, ...cleared, round }, 'retry_asked'),
  );
}

/** A person closes it: first the attempt ends and the merge request gives up, then it closes. */
export function closing(view: BeadView): Plan {
  const { bead, mergeRequest } = view;
  assert(bead.closeAs !== null, `${bead.id} was not asked to close`);
  if (bead.status === 'open' && bead.attempt !== null) {
    return act(set(bead, { status: 'in_progress', ...unready }, 'granted'));
  }
  const live = liveAttempt(view);
  if (live !== null) return rest(wait('call', [live.id], { because: 'closing' }));
  if (mergeRequest !== null && !isOver(mergeRequest)) {
    return rest(wait('queue', [mergeRequest.id], { because: 'closing' }));
  }
  // B2: its change is in the target, whatever was asked for meanwhile.
  if (isMerged(view)) return act(set(bead, { status: 'open', ...unready }, 'merged'));
  return act(
    { do: 'resolve', dedupeKey: `${bead.id}:failed`, why: 'closed' },
    { do: 'resolve', dedupeKey: `${bead.id}:asked`, why: 'closed' },
    set(
      bead,
      // What it failed of is in the journal and its attempts; nothing is to be done about it.
      {
        status: 'closed',
        resolution: bead.closeAs,
        closedAt: view.now,
        attempt: null,
        failure: null,
        ...unready,
      },
      'closed_by_person',
    ),
  );
}

function closed(view: BeadView): Plan {
  const { bead, attempt } = view;
  if (attempt?.status === 'ended') return act(set(bead, { attempt: null }, 'attempt_ended'));
  return rest();
}

const unready = { ready: false, readyAt: null };

function set(bead: Bead, columns: Partial<Bead>, why: string) {
  return update('bead', bead.id, columns, why);
}

function isBlocked(bead: Bead): boolean {
  return bead.openBlockers > 0 || bead.brokenBlocker !== null;
}

function isReviewing(view: BeadView): boolean {
  return view.mergeRequest !== null && !isOver(view.mergeRequest);
}

function isMerged(view: BeadView): boolean {
  return view.mergeRequest?.stage === 'merged';
}
