/**
 * What ends with a merge request, whether it was merged or given up. Pure.
 *
 * Q1 Nobody is asked about it any more: its open question is resolved, and so is its own incident.
 *    An incident of the whole account stays: it is not about this one alone.
 */
import type { Action } from '../action.ts';
import { incidentKey } from '../forge-account.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { MergeRequestView } from '../view.ts';

export function questionsOver({ mergeRequest, escalation }: MergeRequestView): readonly Action[] {
  const asked = escalation === null || escalation.status === 'resolved' ? [] : [escalation];
  const keys = [...asked.map(({ dedupeKey }) => dedupeKey), ...ownIncident(mergeRequest)];
  return keys.map((dedupeKey) => ({ do: 'resolve', dedupeKey, why: 'over' }));
}

function ownIncident(request: MergeRequest): readonly string[] {
  if (request.unobservable === null) return [];
  const key = incidentKey(request, request.unobservable.error);
  return key.startsWith(`${request.id}:`) ? [key] : [];
}
