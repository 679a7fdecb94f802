/**
 * What people ask of the town itself, of changes on their way, of agents and of escalations.
 */
import type { Command } from '../../core/command.ts';
import type { Escalation } from '../../core/escalation.ts';
import type { Failure } from '../../core/failure.ts';
import { update } from '../../core/plan.ts';
import { err } from '../../core/result.ts';
import { attempts } from '../../storage/tables/attempts.ts';
import { escalations } from '../../storage/tables/escalations.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { remark } from '../apply.ts';
import { done, missing, type Answer, type Ask } from './ask.ts';
import { close } from './beads.ts';

type Of<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

export function pause(ask: Ask, command: Of<'pause'>): Answer {
  const status = command.halt ? ('halted' as const) : ('paused' as const);
  return done(ask, 'town', update('town', 'town', { status }, status));
}

export function resume(ask: Ask): Answer {
  return done(ask, 'town', update('town', 'town', { status: 'running' }, 'resumed'));
}

export function resetBreaker(ask: Ask): Answer {
  const wish = { resetAsked: true };
  return done(ask, 'dispatch', update('dispatch', 'dispatch', wish, 'reset_asked'));
}

/** A person's word counts for one head: what is shown is what is decided. */
export function decide(ask: Ask, command: Of<'mr_decide'>): Answer {
  const request = mergeRequests.get(ask.turn.tx, command.mergeRequest);
  if (request === undefined) return err(missing('change', command.mergeRequest, []));
  const { stage, id } = request;
  const head = request.head ?? request.reverts?.after;
  if (head === undefined || !['queued', 'gating', 'approved'].includes(stage)) {
    return err(notNow('decide', id, stage, ['queued', 'gating', 'approved']));
  }
  const { verdict, reason } = command;
  const decision = { head, verdict, reason, at: ask.turn.now };
  const why = verdict === 'approve' ? 'approved_by_person' : 'rejected_by_person';
  return done(ask, id, update('merge_request', id, { decision }, why));
}

export function stopAgent(ask: Ask, command: Of<'agent_stop'>): Answer {
  const attempt = attempts.get(ask.turn.tx, command.attempt);
  if (attempt === undefined) return err(missing('attempt', command.attempt, []));
  if (attempt.status === 'ended') {
    return err(notNow('stop', attempt.id, attempt.status, ['starting', 'running']));
  }
  if (command.reason !== '') {
    const { reason } = command;
    remark(ask.turn, { kind: 'attempt', id: attempt.id }, 'stop_reason', ask.who, { reason });
  }
  const wish = { stopAsked: true };
  return done(ask, attempt.id, update('bead', attempt.bead, wish, 'agent_stop_asked'));
}

type AckOrResolve = Of<'escalation_ack' | 'escalation_resolve'>;

export function answerEscalation(ask: Ask, command: AckOrResolve): Answer {
  return command.kind === 'escalation_ack' ? acknowledge(ask, command) : resolve(ask, command);
}

function acknowledge(ask: Ask, command: Of<'escalation_ack'>): Answer {
  const escalation = escalations.get(ask.turn.tx, command.escalation);
  if (escalation === undefined) return err(missing('escalation', command.escalation, []));
  const { id, status } = escalation;
  if (status !== 'open') return err(notNow('ack', id, status, ['open']));
  return done(ask, id, update('escalation', id, { ackAsked: true }, 'ack_asked'));
}

function resolve(ask: Ask, command: Of<'escalation_resolve'>): Answer {
  const escalation = escalations.get(ask.turn.tx, command.escalation);
  if (escalation === undefined) return err(missing('escalation', command.escalation, []));
  const { id, status, question } = escalation;
  if (status === 'resolved') return err(notNow('resolve', id, status, ['open', 'acknowledged']));
  const answer = command.answer?.trim() ?? '';
  if (question !== null && answer === '') {
    const expected = 'an answer to its question';
    return err({ kind: 'bad_value', helps: 'person', field: 'answer', given: '', expected });
  }
  const choices = choicesOf(ask, escalation);
  if (choices.length > 0 && !choices.includes(answer)) {
    const isOfPull = ['pr_closed', 'pr_rival'].includes(escalation.failure?.kind ?? '');
    const another = isOfPull ? [ANOTHER] : [];
    const expected = [...choices, ...another].join(' or ');
    return err({ kind: 'bad_value', helps: 'person', field: 'answer', given: answer, expected });
  }
  const wish = { resolveAsked: true, answer: answer === '' ? null : answer };
  const dropped = answer === 'drop' ? dropOf(ask, escalation) : null;
  if (dropped?.ok === false) return dropped;
  return done(ask, id, update('escalation', id, wish, 'resolve_asked'));
}

const ANOTHER = 'the address of another pull request';

/** What the town asks about a change has these answers; an agent’s question may have any. */
function choicesOf(ask: Ask, { question, subject }: Escalation): readonly string[] {
  const isOurs = mergeRequests.get(ask.turn.tx, subject) !== undefined;
  return isOurs ? (question?.choices ?? []) : [];
}

/** A pull request that a person closed, and work that nobody wants any more. */
function dropOf(ask: Ask, { failure, question, subject }: Escalation): Answer | null {
  const request = mergeRequests.get(ask.turn.tx, subject);
  const isChoice = failure?.kind === 'pr_closed' || question?.choices.includes('drop') === true;
  if (!isChoice || request === undefined) return null;
  const { bead } = request;
  return close(ask, { kind: 'bead_close', bead, resolution: 'dropped', reason: 'dropped' });
}

function notNow(
  command: string,
  name: string,
  status: string,
  allowed: readonly string[],
): Failure {
  return { kind: 'not_now', helps: 'person', command, name, status, allowed };
}
