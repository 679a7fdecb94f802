/**
 * A merge that is taken back: what the forge would still merge by itself, in its queue or armed, is
 * taken out of it once the bead went back, was held or is given up. Pure.
 *
 * L20 Whoever put it there: of two words on one pull request the later one counts, and the forge
 *     would merge a head that nobody here stands for any more. One that is only watched is its
 *     author's: there, only what we asked for is taken back.
 * L21 Nothing waits for it but the closing of the bead: the next round goes on meanwhile.
 * L22 A bead is not called dropped while its change may be merged by our own call: the forge is
 *     read after the call is over, and one that merged meanwhile is merged.
 * L23 A refusal is told to a person after a few tries, and then the queue decides: what it merged
 *     and left out is told. An outage is no refusal.
 */
import type { Action, Plan } from '../action.ts';
import type { Failure } from '../failure.ts';
import type { Dequeued } from '../forge-answers.ts';
import { limits } from '../limits.ts';
import type { MergeAsked, MergeRequest } from '../merge-request.ts';
import { act, backoffUntil, rest, update, wait } from '../plan.ts';
import type { PRStatusError } from '../pr-status.ts';
import { mergesByItself } from '../pull-request.ts';
import { afterFailure, retryAt } from '../strikes.ts';
import { after } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import { callUnderWay, forgeCall, projectOf } from './pull-calls.ts';
import { pullRefOf } from './pull-ref.ts';

const heard = { forgeCall: null, forgeReport: null };

/** What else is to be done, with the merge that was taken back being ended beside it. L21 */
export function takenBack(view: MergeRequestView, otherwise: () => Plan): Plan {
  if (view.mergeRequest.unobservable !== null) return otherwise();
  const taking = dequeue(view);
  if (taking === null) return otherwise();
  if (taking.actions.length > 0) return taking;
  const plan = otherwise();
  return plan.actions.length > 0 ? plan : rest(...plan.waits, ...taking.waits);
}

/** L22. What the closing of its bead waits for; null: nothing merges it any more. */
export function stillMerging(view: MergeRequestView): Plan | null {
  const { mergeRequest, now } = view;
  const { pr, account, forgeReport: report, mergeAsked, readAt, snapshot } = mergeRequest;
  if (pr !== 'open' || pullRefOf(mergeRequest, view.rig) === null) return null;
  if (report?.op === 'merge') {
    const back = mergeRequest.stage === 'landing' ? { stage: 'approved' as const } : {};
    const asked = 'error' in report ? mergeAsked : askedUntilNow(view);
    const columns = { ...heard, ...back, mergeAsked: asked, readAt: now };
    return act(set(mergeRequest, columns, 'merge_answered'));
  }
  const underWay = callUnderWay(view, 'merge');
  if (underWay !== null) return rest(underWay);
  if (!mayMerge(mergeRequest)) return null;
  const isSeen = mergeAsked === null || (snapshot?.observedAt ?? 0) >= mergeAsked.until;
  if (isSeen) return dequeue(view);
  const due = mergeAsked.until > now ? mergeAsked.until : now;
  if (readAt === null || readAt > due) return act(set(mergeRequest, { readAt: due }, 'read_first'));
  const because = { because: 'merge' };
  return rest(wait('poll', [account], because, due > now ? due : null));
}

/** After any answer, also a no: an earlier call may have done it, and only a read shows that. */
export function askedUntilNow({ mergeRequest, now }: MergeRequestView): MergeAsked | null {
  const { mergeAsked } = mergeRequest;
  return mergeAsked === null ? null : { ...mergeAsked, until: now };
}

export function dequeued(view: MergeRequestView, answer: Dequeued): Plan {
  const { mergeRequest, now } = view;
  const { head } = mergeRequest;
  // What the forge says is read before anything is asked of it again.
  const seen = { ...heard, readAt: now };
  switch (answer.is) {
    case 'out':
    case 'over': {
      const notBefore = after(now, limits.pollHotMs);
      const shown = mergeRequest.snapshot?.head ?? head;
      const columns = { ...seen, mergeTries: 0, notBefore, dequeued: shown };
      return act(set(mergeRequest, columns, `dequeue_${answer.is}`));
    }
    case 'refused': {
      const { reason, detail } = answer;
      const tries = mergeRequest.mergeTries + 1;
      const isLast = reason === 'permission' || tries >= limits.mergeTriesMax;
      const mergeTries = isLast ? limits.mergeTriesMax : tries;
      const notBefore = backoffUntil(now, tries, limits.mergeRetryMs);
      const again = set(mergeRequest, { ...seen, mergeTries, notBefore }, `dequeue_${reason}`);
      return isLast ? act(again, told(mergeRequest, detail)) : act(again);
    }
  }
}

/** L23 */
export function couldNotDequeue(view: MergeRequestView, error: PRStatusError): Plan {
  const { mergeRequest, now } = view;
  const strikes = afterFailure(mergeRequest.strikes, error, now);
  const columns = { ...heard, strikes, notBefore: retryAt(strikes, now) };
  return act(set(mergeRequest, columns, `dequeue_${error.kind}`));
}

/** L23 */
function told({ id, bead, branch }: MergeRequest, detail: string): Action {
  const failure: Failure = {
    kind: 'pr_refused',
    helps: 'person',
    branch,
    reason: 'dequeue',
    detail,
  };
  const about = { dedupeKey: `${id}:dequeue`, bind: false, subject: bead } as const;
  return { do: 'escalate', ...about, severity: 'warning', failure, question: null };
}

/** L20. null: nothing merges it by itself, or nothing more can be done about that. */
function dequeue(view: MergeRequestView): Plan | null {
  const { mergeRequest, rig } = view;
  const { forgeReport: report, mergeTries } = mergeRequest;
  const ref = pullRefOf(mergeRequest, rig);
  if (!mayMerge(mergeRequest) || ref === null) return null;
  if (report?.op === 'dequeue') {
    if ('answer' in report) return dequeued(view, report.answer);
    return couldNotDequeue(view, report.error);
  }
  // What was asked before is about a head that nothing is done with now.
  if (report !== null) return act(set(mergeRequest, heard, `${report.op}_unheard`));
  if (mergeTries >= limits.mergeTriesMax) return null; // L23
  return forgeCall(view, 'dequeue', (id) => ({
    op: 'dequeue_pull',
    callId: id,
    rig: rig.id,
    project: projectOf(view),
    mergeRequest: mergeRequest.id,
    ref,
  }));
}

/** May the forge still merge it? What it does not tell counts until it was asked to stop. */
function mayMerge(request: MergeRequest): boolean {
  const { pr, snapshot, repairs, mergeAsked, dequeued: out } = request;
  if (pr !== 'open' || (!repairs && mergeAsked === null)) return false;
  if (snapshot === null) return mergeAsked !== null;
  if (snapshot.state !== 'open') return false;
  const isTold = snapshot.nativeAutoMerge.is !== 'unsupported';
  return mergeAsked !== null || mergesByItself(snapshot) || (!isTold && out !== snapshot.head);
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
