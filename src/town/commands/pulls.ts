/**
 * What people ask of pull requests: look again now.
 */
import type { Command } from '../../core/command.ts';
import { err } from '../../core/result.ts';
import { isOver } from '../../core/merge-request.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { done, missing, type Answer, type Ask } from './ask.ts';
import { retryLanding } from './retry-landing.ts';

type Of<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

export function retry(ask: Ask, command: Of<'mr_retry'>): Answer {
  const { tx } = ask.turn;
  const request = mergeRequests.get(tx, command.mergeRequest);
  if (request === undefined) return err(missing('change', command.mergeRequest, []));
  const { id, stage } = request;
  if (isOver(request)) {
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
  return done(ask, id, ...retryLanding(ask, request, 'retry_asked'));
}
