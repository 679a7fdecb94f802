/**
 * The pull request of a bead that was closed without landing: ours is closed on its forge, with a
 * word of why. Pure.
 *
 * L15 Only one that we opened, and that was open when it was last seen. L16 A forge that does not
 *    close it after a few tries is a person's to talk to: it is told once, and nothing is tried
 *    any more. L18 So it is where its rig moved away from the forge it is on.
 */
import type { Plan } from '../action.ts';
import { failureMessageFor } from '../explain-forge.ts';
import type { Failure } from '../failure.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, backoffUntil, rest, update } from '../plan.ts';
import type { PRStatusError } from '../pr-status.ts';
import type { MergeRequestView } from '../view.ts';
import { forgeCall, projectOf } from './pull-calls.ts';
import { pullRefOf } from './pull-ref.ts';

/** What a request that is given up starts from: nothing that is under way is heard any more. */
export const lettingGo = { forgeCall: null, forgeReport: null, notBefore: null, mergeTries: 0 };

export function letGo(view: MergeRequestView): Plan {
  const { mergeRequest, bead, rig } = view;
  const { pr, adopted, snapshot, forgeReport: report, mergeTries } = mergeRequest;
  const isDropped = bead.closeAs !== null || bead.status === 'closed';
  const ref = pullRefOf(mergeRequest, rig);
  const isOpen = pr === 'open' && snapshot?.state === 'open';
  if (!isDropped || !isOpen || adopted) return rest(); // L15
  if (report?.op === 'close') {
    if ('error' in report) return couldNotClose(view, report.error);
    return act(set(mergeRequest, { ...lettingGo, pr: 'closed' }, 'closed'));
  }
  if (mergeTries >= limits.mergeTriesMax) return rest(); // L16
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
  const { id, prUrl, rig } = request;
  const failure: Failure = { kind: 'pr_left_behind', helps: 'person', url: prUrl ?? '', rig };
  const about = { dedupeKey: `${id}:left_open`, bind: false, subject } as const;
  return act(set(request, { ...lettingGo, mergeTries: limits.mergeTriesMax }, 'left_behind'), {
    do: 'escalate',
    ...about,
    severity: 'warning',
    failure,
    question: null,
  });
}

/** L16 */
function couldNotClose({ mergeRequest, bead, now }: MergeRequestView, error: PRStatusError): Plan {
  const mergeTries = mergeRequest.mergeTries + 1;
  const notBefore = backoffUntil(now, mergeTries, limits.mergeRetryMs);
  const columns = { forgeCall: null, forgeReport: null, mergeTries, notBefore };
  const again = set(mergeRequest, columns, `close_${error.kind}`);
  if (mergeTries < limits.mergeTriesMax) return act(again);
  const { id, branch, prUrl } = mergeRequest;
  const detail = failureMessageFor(error, { url: prUrl });
  const failure: Failure = { kind: 'pr_refused', helps: 'person', branch, reason: 'close', detail };
  const about = { dedupeKey: `${id}:left_open`, bind: false, subject: bead.id } as const;
  return act(again, { do: 'escalate', ...about, severity: 'warning', failure, question: null });
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
