/**
 * A landing that is tried again, because a person asked for it or because what stood in its way
 * was put right.
 *
 * R1 Pauses and the count of refusals are over, and its pull request is read at once.
 * R2 An incident of its account is over until the next read: everything behind it is read again.
 * R3 What somebody was only told is settled by it; a question keeps waiting for its answer.
 */
import type { Action } from '../../core/action.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import { update } from '../../core/plan.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { remark, touch } from '../apply.ts';
import type { Ask } from './ask.ts';

/** `why` goes into the journal. */
export function retryLanding(ask: Ask, request: MergeRequest, why: string): readonly Action[] {
  const name = { kind: 'merge_request', id: request.id } as const;
  remark(ask.turn, name, why, ask.who, {});
  touch(ask.turn, name); // also where nothing of it changes
  const fresh = { notBefore: null, red: null, mergeTries: 0 };
  const watched = request.prNumber === null ? {} : { readAt: ask.turn.now };
  // Nobody here repairs it, so nothing but its author or a new judgement would move it.
  const isLeft = request.stage === 'changes_requested' && !request.repairs;
  const unsaid = isLeft ? { failures: [] } : {};
  const { account } = request;
  return [
    ...(account === null ? [] : [update('forge_account', account, { incidentSince: null }, why)]),
    ...settled(ask, request, why),
    update('merge_request', request.id, { ...fresh, ...watched, ...unsaid }, why),
  ];
}

/** R3 */
function settled(ask: Ask, { escalation }: MergeRequest, why: string): readonly Action[] {
  const told = escalation === null ? undefined : escalations.get(ask.turn.tx, escalation);
  if (told === undefined || told.status === 'resolved' || told.question !== null) return [];
  return [update('escalation', told.id, { resolveAsked: true }, why)];
}
