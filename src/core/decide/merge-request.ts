/**
 * Decides what one merge request needs next: the three recorded steps build, gate, push. Pure.
 *
 * M2 `merged` carries its proof. M3 One holds the landing slot of its target, in order.
 * M4 A new head sets the stage back to `queued`; nothing judged about the old one counts.
 * M5 Every path to `merged` goes through a job that fetched the target and asked git.
 * M6 Passed is the only answer that lets a required gate through, also one that became required
 *    after the others had passed. P7
 */
import type { Plan } from '../action.ts';
import { assert, unreachable } from '../assert.ts';
import { act, rest, update, wait } from '../plan.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { MergeRequestView } from '../view.ts';
import { build } from './landing-build.ts';
import { gate, notPassed } from './landing-gate.ts';
import { push } from './landing-push.ts';
import { callUnderWay, firstTake } from './pull-calls.ts';
import { letGo, lettingGo } from './pull-left.ts';
import { isElsewhere } from './pull-proof.ts';
import { decidePull, unobservable } from './pull-request.ts';
import { stillMerging, takenBack } from './pull-withdraw.ts';
import { noSlot, standAside } from './landing-slot.ts';
import { questionsOver } from './request-over.ts';

export function decideMergeRequest(view: MergeRequestView): Plan {
  const { mergeRequest, bead } = view;
  const { stage } = mergeRequest;
  if (stage === 'abandoned') return letGo(view);
  if (stage === 'merged') return rest();
  if (stage === 'landing' && mergeRequest.strategy === 'direct') return push(view);
  const gone = settledOnForge(view);
  if (gone !== null) return gone;
  if (bead.closeAs !== null) return giveUp(view);
  const submitted = bead.submission;
  if (submitted !== null && isNewSubmission(submitted, mergeRequest)) {
    return act(set(mergeRequest, { ...anew, ...headOf(view) }, 'new_head'));
  }
  const isHeld = bead.status === 'held' || bead.hold;
  if (stage === 'landing') return isHeld ? landingHeld(view) : decidePull(view);
  if (stage === 'changes_requested') return takenBack(view, () => afterChanges(view));
  const held = () => standAside(view, wait('held', [bead.id]));
  if (isHeld) return takenBack(view, held);
  const isJudged = stage === 'approved';
  const isPaused = view.town.status !== 'running';
  const paused = () => standAside(view, wait('paused', ['town']));
  if (isPaused) return isJudged ? paused() : takenBack(view, paused);
  switch (stage) {
    case 'queued':
      return takenBack(view, () => build(view, bringIn));
    case 'gating':
      return takenBack(view, () => gate(view));
    case 'approved':
      return approved(view);
    default:
      return unreachable(stage);
  }
}

/** A pull request that was merged, closed or reopened decides itself, whatever else goes on. */
function settledOnForge(view: MergeRequestView): Plan | null {
  const { mergeRequest, bead } = view;
  const { pr, snapshot } = mergeRequest;
  if (mergeRequest.strategy === 'direct' || pr === 'none' || pr === 'opening') return null;
  const isGivenUp = bead.closeAs !== null && isElsewhere(mergeRequest);
  if (isGivenUp) return null;
  if (pr === 'merged' || snapshot?.state === 'merged') return decidePull(view);
  if (bead.closeAs !== null) return null; // what is given up need not be seen
  const isClosed = snapshot?.state === 'closed';
  const isReopened = pr === 'closed' && snapshot?.state === 'open';
  if (isClosed || isReopened) return decidePull(view);
  const blind = unobservable(view);
  // What was flagged before may be judged all the same: that is done here, not there.
  const isFlagged = mergeRequest.unobservable !== null;
  return mergeRequest.stage === 'changes_requested' || !isFlagged ? blind : null;
}

/** What somebody else opened is brought in only as it can be seen. P5 */
function bringIn(view: MergeRequestView): Plan | null {
  const take = firstTake(view);
  return take === null ? null : (unobservable(view) ?? take);
}

/** On a forge the head also moves by the target and by other people; an attempt hands in once. */
function isNewSubmission(
  submission: NonNullable<MergeRequestView['bead']['submission']>,
  request: MergeRequest,
): boolean {
  return request.strategy === 'direct'
    ? submission.head !== request.head
    : submission.attempt !== request.submittedBy;
}

/** What is asked of the forge is heard; nothing more is asked of it while its bead is held. */
function landingHeld(view: MergeRequestView): Plan {
  const { mergeRequest, now } = view;
  const isAsked = mergeRequest.forgeReport !== null || callUnderWay(view, 'merge') !== null;
  if (isAsked) return decidePull(view);
  return act(set(mergeRequest, { stage: 'approved', forgeCall: null, readAt: now }, 'held'));
}

/** What a new head leaves behind. M4 */
const anew = {
  stage: 'queued' as const,
  candidate: null,
  gates: [],
  red: null,
  lostRaces: 0,
  failures: [],
  escalation: null,
  notBefore: null,
  job: null,
  targetJob: null,
};

function headOf(view: MergeRequestView): Partial<MergeRequest> {
  const { submission } = view.bead;
  assert(submission !== null, 'a new head comes from a submission');
  return { head: submission.head, submittedBy: submission.attempt, reverts: null };
}

/** The bead goes back for a round with the same head: an agent found nothing to change. */
function afterChanges(view: MergeRequestView): Plan {
  const { mergeRequest, bead } = view;
  if (!mergeRequest.repairs) return decidePull(view); // its author goes on
  const { submission } = bead;
  const again =
    bead.status === 'in_review' &&
    submission !== null &&
    submission.attempt !== mergeRequest.submittedBy;
  if (again) return act(set(mergeRequest, { ...anew, ...headOf(view) }, 'same_head_again'));
  return standAside(view, wait('call', [bead.id], { because: 'round' }));
}

function approved(view: MergeRequestView): Plan {
  const { mergeRequest, settings, job } = view;
  const isIdle = job === null || job.status === 'done';
  if (isIdle && mergeRequest.candidate !== null && notPassed(view).length > 0) {
    return act(set(mergeRequest, { stage: 'gating', job: null }, 'gates_changed')); // M6
  }
  if (settings.approval === 'person') {
    const head = mergeRequest.head ?? mergeRequest.reverts?.after;
    const decision = mergeRequest.decision?.head === head ? mergeRequest.decision : null;
    if (decision === null) {
      const because = { because: 'approval' };
      const asking = () => standAside(view, wait('human', [mergeRequest.id], because));
      // What a person has put into the queue is that person's word.
      return mergeRequest.mergeAsked === null ? asking() : takenBack(view, asking);
    }
    if (decision.verdict === 'reject') {
      const failure = {
        kind: 'rejected_by_person' as const,
        helps: 'person' as const,
        reason: decision.reason,
      };
      return act(
        set(
          mergeRequest,
          { stage: 'changes_requested', failures: [failure], decision: null, ...noSlot },
          'rejected',
        ),
      );
    }
  }
  if (mergeRequest.strategy === 'pr') return decidePull(view);
  // Without the slot the target may have moved: the build step looks again before the push.
  if (!mergeRequest.slot) return act(set(mergeRequest, { stage: 'queued', job: null }, 'in_line'));
  return act(set(mergeRequest, { stage: 'landing', job: null }, 'landing'));
}

/** Not before it is known that nothing merges it any more, for as long as that can be known. */
function giveUp(view: MergeRequestView): Plan {
  const merging = stillMerging(view);
  if (merging === null) return abandon(view);
  return unobservable(view) ?? merging;
}

function abandon(view: MergeRequestView): Plan {
  const { mergeRequest } = view;
  // Nobody watches what was given up.
  const over = { stage: 'abandoned' as const, job: null, targetJob: null, readAt: null };
  const columns = { ...over, ...noSlot, ...lettingGo(mergeRequest) };
  return act(set(mergeRequest, columns, 'abandoned'), ...questionsOver(view));
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
