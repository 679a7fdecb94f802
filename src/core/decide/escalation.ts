/**
 * Decides what one escalation needs next: a reminder, quiet, or its end. Pure.
 *
 * E2 Acknowledged means quiet: no reminder follows.
 */
import type { Plan } from '../action.ts';
import { limits } from '../limits.ts';
import { act, rest, update, wait } from '../plan.ts';
import { after } from '../time.ts';
import type { EscalationView } from '../view.ts';

export function decideEscalation(view: EscalationView): Plan {
  const { escalation, now } = view;
  const { id } = escalation;
  if (escalation.status === 'resolved') return rest();
  if (escalation.resolveAsked) {
    return act(update('escalation', id, { status: 'resolved', resolvedAt: now }, 'resolved'));
  }
  if (escalation.status === 'acknowledged') return rest(wait('human', [escalation.subject]));
  if (escalation.ackAsked) {
    return act(update('escalation', id, { status: 'acknowledged' }, 'acknowledged'));
  }
  if (escalation.reminders >= limits.escalationRemindersMax) {
    return rest(wait('human', [escalation.subject]));
  }
  const next = after(escalation.remindedAt ?? escalation.createdAt, limits.escalationReminderMs);
  if (next > now) return rest(wait('human', [escalation.subject], {}, next));
  const reminders = escalation.reminders + 1;
  return act(update('escalation', id, { reminders, remindedAt: now }, 'reminder'));
}
