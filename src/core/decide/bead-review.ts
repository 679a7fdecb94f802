/**
 * A bead whose change is being judged: into review, back for a round, or closed as merged.
 *
 * B2 Closing as merged copies the merge request's proof; without one it does not compile.
 * B4 Rounds are counted by cause and capped; at the cap a person is asked.
 * B5 No round starts while the pull request cannot be read or is over on its forge, or before
 *    what was handed in last was looked at. P5
 */
import type { Action, Plan } from '../action.ts';
import { assert, unreachable } from '../assert.ts';
import type { Bead, Proof, Round, RoundCause } from '../bead.ts';
import type { Failure } from '../failure.ts';
import { mergeRequestId } from '../ids.ts';
import { isOver, noPull, type MergeRequest } from '../merge-request.ts';
import { act, insert, rest, update, wait } from '../plan.ts';
import type { BeadView } from '../view.ts';
import { escalateFailed, liveAttempt } from './bead-attempt-end.ts';
import { noAttempt } from './pull-request.ts';

/** The bead goes into review: with its live merge request, or with a new one. */
export function openRequest(view: BeadView, why: string, progress: Partial<Bead> = {}): Plan {
  const { bead, mergeRequest } = view;
  const columns = { status: 'in_review' as const, ready: false, readyAt: null, ...progress };
  if (mergeRequest !== null && !isOver(mergeRequest)) return act(set(bead, columns, why));
  const fresh = newRequest(view, { ...bead, ...progress });
  return act(
    insert('merge_request', fresh, why),
    set(bead, { ...columns, mergeRequest: fresh.id }, why),
  );
}

export function inReview(view: BeadView): Plan {
  const { bead, mergeRequest, attempt } = view;
  assert(mergeRequest !== null, `${bead.id} is in review without a merge request`);
  if (attempt?.status === 'ended') {
    return act(set(bead, { attempt: null, stopAsked: false }, 'attempt_ended'));
  }
  switch (mergeRequest.stage) {
    case 'merged':
      assert(mergeRequest.proof !== null, `${mergeRequest.id} is merged without a proof`);
      return closeMerged(view, mergeRequest.proof);
    case 'abandoned':
      return afterAbandoned(view, mergeRequest);
    case 'changes_requested':
      if (bead.hold) return hold(view);
      if (mergeRequest.repairs) return nextRound(view, mergeRequest);
      return rest(wait('human', [mergeRequest.id], { because: 'author' }));
    case 'queued':
    case 'gating':
    case 'approved':
      if (bead.hold) return hold(view);
      return rest(wait('queue', [mergeRequest.id], { stage: mergeRequest.stage }));
    case 'landing':
      return rest(wait('queue', [mergeRequest.id], { stage: mergeRequest.stage }));
    default:
      return unreachable(mergeRequest.stage);
  }
}

/** What the next attempt is about, from what the merge request found; null: nothing was. */
export function roundFrom(view: BeadView, rounds: Bead['rounds']): Round | null {
  const { bead, mergeRequest } = view;
  if (mergeRequest?.stage !== 'changes_requested') return null;
  const cause = causeOf(mergeRequest.failures);
  const rejected = mergeRequest.failures.find((failure) => failure.kind === 'rejected_by_person');
  return {
    cause,
    number: (rounds[cause] ?? 0) + 1,
    // On a forge the branch may have grown since: by the target, or by other people.
    head: mergeRequest.head ?? bead.submission?.head ?? null,
    failures: mergeRequest.failures,
    question: null,
    answer: rejected?.reason ?? null,
  };
}

function nextRound(view: BeadView, request: MergeRequest): Plan {
  const { bead, settings } = view;
  const live = liveAttempt(view);
  if (live !== null) return rest(wait('call', [live.id], { because: 'round' }));
  const blocked = noAttempt(request);
  if (blocked !== null) return rest(blocked); // B5
  const { submission } = bead;
  if (submission !== null && submission.attempt !== request.submittedBy) {
    return rest(wait('queue', [request.id], { stage: request.stage })); // B5
  }
  const round = roundFrom(view, bead.rounds);
  assert(round !== null, `${bead.id} has no round to go into`);
  const rounds = { ...bead.rounds, [round.cause]: round.number };
  if (round.number <= settings.maxFeedbackRounds) {
    const columns = { status: 'open' as const, round, rounds, reverts: null };
    return act(set(bead, columns, `round_${round.cause}`));
  }
  const failure: Failure = {
    kind: 'rounds_exhausted',
    helps: 'person',
    cause: round.cause,
    rounds: round.number - 1,
    max: settings.maxFeedbackRounds,
  };
  return act(
    set(bead, { status: 'failed', failure, reverts: null }, 'rounds_exhausted'),
    escalateFailed(bead, failure),
  );
}

function afterAbandoned(view: BeadView, request: MergeRequest): Plan {
  const { bead } = view;
  const live = liveAttempt(view);
  if (live !== null) return rest(wait('call', [live.id], { because: 'closing' }));
  const empty = request.failures.some((failure) => failure.kind === 'submission_empty');
  const resolution = bead.closeAs ?? (empty ? 'no_change' : null);
  if (resolution === null) {
    return act(set(bead, { status: 'open', mergeRequest: null }, 'abandoned'));
  }
  const columns = { status: 'closed' as const, resolution, closedAt: view.now };
  return act(set(bead, columns, empty ? 'no_change' : 'closed_by_person'));
}

function closeMerged(view: BeadView, proof: Proof): Plan {
  const { bead } = view;
  const resolved = ['failed', 'asked'].map((what): Action => ({
    do: 'resolve',
    dedupeKey: `${bead.id}:${what}`,
    why: 'merged',
  }));
  const columns = { status: 'closed' as const, resolution: 'merged' as const, proof };
  return act(...resolved, set(bead, { ...columns, closedAt: view.now, failure: null }, 'merged'));
}

function hold(view: BeadView): Plan {
  const live = liveAttempt(view);
  if (live !== null) return rest(wait('call', [live.id], { because: 'held' }));
  return act(set(view.bead, { status: 'held' }, 'held'));
}

function causeOf(failures: readonly Failure[]): RoundCause {
  const kind = failures[0]?.kind;
  if (kind === 'conflict' || kind === 'submission_not_descendant') return 'conflict';
  if (kind === 'rejected_by_person') return 'review';
  if (kind === 'pr_feedback') return 'feedback';
  return 'gate';
}

/** A request as it begins, for a bead that goes into review. */
export function newRequest(
  view: Pick<BeadView, 'next' | 'rig' | 'settings' | 'now'>,
  bead: Bead,
): MergeRequest {
  const number = view.next.mergeRequest;
  const { mergeMethod } = view.settings;
  return {
    id: mergeRequestId(`mr-${number}`),
    number,
    bead: bead.id,
    rig: bead.rig,
    target: view.rig.target,
    branch: bead.branch,
    strategy: strategyOf(view, bead),
    ...noPull,
    stage: 'queued',
    head: bead.submission?.head ?? null,
    submittedBy: bead.submission?.attempt ?? null,
    reverts: bead.submission === null ? landedOf(bead.reverts) : null,
    method: mergeMethod === 'auto' ? 'merge' : mergeMethod,
    candidate: null,
    gates: [],
    red: null,
    targetJob: null,
    job: null,
    slot: false,
    wantsSlot: false,
    lostRaces: 0,
    decision: null,
    proof: null,
    failures: [],
    escalation: null,
    notBefore: null,
    waits: [],
    createdAt: view.now,
    updatedAt: view.now,
    mergedAt: null,
    parked: null,
  };
}

/** A revert has no agent and no branch: the system lands it directly. */
export function strategyOf(
  { settings, rig }: Pick<BeadView, 'rig' | 'settings'>,
  bead: Bead,
): MergeRequest['strategy'] {
  if (bead.reverts !== null || rig.forge === null) return 'direct';
  return settings.mergeStrategy ?? 'pr';
}

function landedOf(reverts: Bead['reverts']): MergeRequest['reverts'] {
  return reverts === null ? null : { before: reverts.before, after: reverts.after };
}

function set(bead: Bead, columns: Partial<Bead>, why: string) {
  return update('bead', bead.id, columns, why);
}
