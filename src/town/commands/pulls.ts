/**
 * What people ask of pull requests: look again now.
 */
import type { Action } from '../../core/action.ts';
import type { Command } from '../../core/command.ts';
import { update } from '../../core/plan.ts';
import { err } from '../../core/result.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { remark, touch } from '../apply.ts';
import { done, missing, type Answer, type Ask } from './ask.ts';

type Of<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

export function retry(ask: Ask, command: Of<'mr_retry'>): Answer {
  const { tx, now } = ask.turn;
  const request = mergeRequests.get(tx, command.mergeRequest);
  if (request === undefined) return err(missing('change', command.mergeRequest, []));
  const { id, stage } = request;
  if (stage === 'merged' || stage === 'abandoned') {
    const allowed = ['queued', 'gating', 'approved', 'changes_requested', 'landing'];
    return err({
      kind: 'not_now',
      helps: 'no',
      command: 'retry',
      name: id,
      status: stage,
      allowed,
    });
  }
  remark(ask.turn, { kind: 'merge_request', id }, 'retry_asked', ask.who, {});
  touch(ask.turn, { kind: 'merge_request', id });
  return done(ask, id, ...freed(ask, request), lookAgain(request, now));
}

export function freed(ask: Ask, request: MergeRequest): readonly Action[] {
  const { escalation } = request;
  const open = escalation === null ? undefined : escalations.get(ask.turn.tx, escalation);
  if (open === undefined || open.status === 'resolved' || open.question !== null) return [];
  return [update('escalation', open.id, { resolveAsked: true }, 'retry_asked')];
}

export function lookAgain(request: MergeRequest, now: Ask['turn']['now']): Action {
  const watched = request.prNumber === null ? {} : { readAt: now };
  const fresh = { notBefore: null, red: null, mergeTries: 0 };
  // Nobody here repairs it, so nothing but its author or a new judgement would move it.
  const isLeft = request.stage === 'changes_requested' && !request.repairs;
  const unsaid = isLeft ? { failures: [] } : {};
  const columns = { ...fresh, ...watched, ...unsaid };
  return update('merge_request', request.id, columns, 'retry_asked');
}
