/**
 * The pull request of a bead that was closed without landing: ours is closed on its forge, with a
 * word of why. Pure.
 *
 * L15 Only one that we opened, and that was open when it was last seen. L16 A forge that does not
 *    close it after a few tries is a person's to talk to: it is told once, and asked on now and
 *    then for a few days, since outages end. L18 Where its rig moved away from the forge it is on,
 *    nothing is tried. L24 An opening or reopening that was under way is waited for, and what it
 *    left is looked for by its branch and trailer.
 */
import type { Action, Plan } from '../action.ts';
import { failureMessageFor } from '../explain-forge.ts';
import type { Failure } from '../failure.ts';
import type { Opened } from '../forge-answers.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, backoffUntil, rest, update } from '../plan.ts';
import type { PRStatusError } from '../pr-status.ts';
import type { MergeRequestView } from '../view.ts';
import { seen } from './pull-answers.ts';
import { callUnderWay, forgeCall, openPull, projectOf } from './pull-calls.ts';
import { pullRefOf } from './pull-ref.ts';

/**
 * What a request that is given up starts from: nothing that is under way is heard any more, but
 * what may open it. L24
 */
export function lettingGo({ forgeCall: made, forgeReport }: MergeRequest): Partial<MergeRequest> {
  const opens = made?.op === 'open' || made?.op === 'reopen';
  const kept = opens ? { forgeCall: made, forgeReport } : over;
  return { ...kept, notBefore: null, mergeTries: 0 };
}

const over = { forgeCall: null, forgeReport: null };
const fresh = { ...over, notBefore: null, mergeTries: 0 };

export function letGo(view: MergeRequestView): Plan {
  const { mergeRequest, bead } = view;
  const { adopted, mergeTries } = mergeRequest;
  const isDropped = bead.closeAs !== null || bead.status === 'closed';
  if (!isDropped || adopted || mergeTries >= limits.closeTriesMax) return rest(); // L15, L16
  if (mergeRequest.pr === 'opening') return stillOpening(view);
  if (mergeRequest.forgeCall?.op === 'reopen') return stillReopening(view);
  return closeIt(view);
}

/** L24. What our call opened, or may have opened, is found, and then closed as any other. */
function stillOpening(view: MergeRequestView): Plan {
  const { mergeRequest, rig } = view;
  const { forgeReport: report } = mergeRequest;
  if (rig.forge === null) return act(set(mergeRequest, { ...fresh, pr: 'none' }, 'moved_away'));
  if (report?.op === 'open' && 'answer' in report) return opened(view, report.answer);
  const underWay = callUnderWay(view, 'open');
  if (underWay !== null) return rest(underWay);
  if (report === null) return openPull(view, 'leave');
  // Whether it was made, nobody has said: until the call is over, it may be yet.
  if (!('error' in report)) return act(set(mergeRequest, over, 'unheard'));
  return couldNot(view, report.error, 'open');
}

function opened(view: MergeRequestView, answer: Opened): Plan {
  const { mergeRequest } = view;
  switch (answer.is) {
    case 'opened':
    case 'adopted': {
      const columns = { ...seen(view, answer.snapshot), ...fresh, readAt: null };
      return act(set(mergeRequest, columns, answer.is));
    }
    case 'merged_before':
    case 'closed_before': {
      const pr = answer.is === 'merged_before' ? ('merged' as const) : ('closed' as const);
      const columns = { ...seen(view, answer.snapshot), ...fresh, readAt: null, pr };
      return act(set(mergeRequest, columns, answer.is));
    }
    case 'none':
    case 'rival':
    case 'not_ours':
    case 'refused':
      return act(set(mergeRequest, { ...fresh, pr: 'none' }, answer.is));
  }
}

/** L24. Whatever came of it: what is closed is not open. */
function stillReopening(view: MergeRequestView): Plan {
  const underWay = callUnderWay(view, 'reopen');
  if (underWay !== null) return rest(underWay);
  const columns = { ...fresh, pr: 'open' as const, snapshot: null };
  return act(set(view.mergeRequest, columns, 'perhaps_reopened'));
}

function closeIt(view: MergeRequestView): Plan {
  const { mergeRequest, bead, rig } = view;
  const { pr, snapshot, forgeReport: report } = mergeRequest;
  const ref = pullRefOf(mergeRequest, rig);
  if (pr !== 'open' || (snapshot !== null && snapshot.state !== 'open')) return rest(); // L15
  if (report?.op === 'close') {
    if ('error' in report) return couldNot(view, report.error, 'close');
    return act(set(mergeRequest, { ...fresh, pr: 'closed' }, 'closed'), nobodyAsked(mergeRequest));
  }
  if (ref === null) return leftBehind(mergeRequest, bead.id); // L18
  return forgeCall(view, 'close', (id) => ({
    op: 'close_pull',
    callId: id,
    rig: rig.id,
    project: projectOf(view),
    mergeRequest: mergeRequest.id,
    ref,
    marker: `<!-- gastown-close: ${view.town.tag}/${mergeRequest.id} -->`,
    body: `Closed without being merged: the work on ${bead.id} was given up.`,
  }));
}

/** L18 */
function leftBehind(request: MergeRequest, subject: string): Plan {
  const { prUrl, rig } = request;
  const failure: Failure = { kind: 'pr_left_behind', helps: 'person', url: prUrl ?? '', rig };
  const about = { dedupeKey: keyOf(request), bind: false, subject } as const;
  return act(set(request, { ...fresh, mergeTries: limits.closeTriesMax }, 'left_behind'), {
    do: 'escalate',
    ...about,
    severity: 'warning',
    failure,
    question: null,
  });
}

/** L16 */
function couldNot(view: MergeRequestView, error: PRStatusError, op: 'open' | 'close'): Plan {
  const { mergeRequest, bead, now } = view;
  const mergeTries = mergeRequest.mergeTries + 1;
  const notBefore = backoffUntil(now, mergeTries, limits.closeRetryMs);
  const again = set(mergeRequest, { ...over, mergeTries, notBefore }, `${op}_${error.kind}`);
  if (mergeTries !== limits.mergeTriesMax) return act(again);
  const { branch, prUrl } = mergeRequest;
  const detail = failureMessageFor(error, { url: prUrl });
  const failure: Failure = { kind: 'pr_refused', helps: 'person', branch, reason: 'close', detail };
  const about = { dedupeKey: keyOf(mergeRequest), bind: false, subject: bead.id } as const;
  return act(again, { do: 'escalate', ...about, severity: 'warning', failure, question: null });
}

function nobodyAsked(request: MergeRequest): Action {
  return { do: 'resolve', dedupeKey: keyOf(request), why: 'closed' };
}

function keyOf({ id }: MergeRequest): string {
  return `${id}:left_open`;
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
