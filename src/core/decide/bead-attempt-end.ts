/**
 * What the end of an attempt means for its bead: one exhaustive switch on the outcome, over the
 * table of what each outcome costs (`attempt.ts`).
 */
import type { Action, Plan } from '../action.ts';
import { outcomes, type Attempt } from '../attempt.ts';
import { assert, unreachable } from '../assert.ts';
import { isOwnChoice, type Bead } from '../bead.ts';
import { isOfChoice, type Failure } from '../failure.ts';
import { limits } from '../limits.ts';
import { act, backoffUntil, update } from '../plan.ts';
import type { BeadView } from '../view.ts';

export function endOfAttempt(view: BeadView, attempt: Attempt): Plan {
  const { bead } = view;
  const outcome = attempt.outcome;
  assert(outcome !== null, `${attempt.id} ended without an outcome`);
  // What it died of stays on the bead until something better is known: `gt why` says it.
  const failure = attempt.failure === null ? {} : { failure: attempt.failure };
  const freed = { status: 'open' as const, attempt: null, stopAsked: false, ...failure };
  switch (outcome) {
    case 'submitted':
      assert(attempt.submitted !== null, `${attempt.id} ended submitted without a submission`);
      return act(set(bead, freed, 'submitted'));
    case 'asked':
      return act(set(bead, freed, 'asked'), question(bead, attempt));
    case 'cancelled':
    case 'evicted':
    case 'over_budget':
      return act(set(bead, freed, outcome));
    case 'start_failed': {
      const cause = attempt.failure;
      if (isOwnChoice(bead) && isOfChoice(cause) && cause?.helps === 'person') {
        return act(set(bead, { ...freed, status: 'failed' }, outcome), escalateFailed(bead, cause));
      }
      const startFailures = bead.startFailures + 1;
      const notBefore = backoffUntil(view.now, startFailures, limits.dispatchBackoffMs);
      return act(set(bead, { ...freed, startFailures, notBefore }, outcome));
    }
    case 'crashed':
    case 'idle_without_done':
    case 'timed_out':
      return charged(view, attempt, freed);
    default:
      return unreachable(outcome);
  }
}

/** The live attempt, or null when there is none or its end is already known. */
export function liveAttempt(view: BeadView): Attempt | null {
  return view.attempt === null || view.attempt.status === 'ended' ? null : view.attempt;
}

function charged(view: BeadView, attempt: Attempt, freed: Partial<Bead>): Plan {
  const { bead, settings, now } = view;
  assert(attempt.outcome !== null && outcomes[attempt.outcome].charged, 'a charged outcome');
  const count = bead.charged + 1;
  if (count < settings.maxDispatchAttempts) {
    const notBefore = backoffUntil(now, count, limits.dispatchBackoffMs);
    return act(set(bead, { ...freed, charged: count, notBefore }, attempt.outcome));
  }
  const failure: Failure = {
    kind: 'attempts_exhausted',
    helps: 'person',
    charged: count,
    max: settings.maxDispatchAttempts,
  };
  return act(
    set(bead, { ...freed, status: 'failed', charged: count, failure }, 'attempts_exhausted'),
    escalateFailed(bead, failure),
  );
}

/** A bead that failed asks a person once; `gt bead retry` or closing it resolves it. */
export function escalateFailed(bead: Bead, failure: Failure): Action {
  return {
    do: 'escalate',
    dedupeKey: `${bead.id}:failed`,
    bind: true,
    severity: 'failure',
    subject: bead.id,
    failure,
    question: null,
  };
}

function question(bead: Bead, attempt: Attempt): Action {
  return {
    do: 'escalate',
    dedupeKey: `${bead.id}:asked`,
    bind: true,
    severity: 'question',
    subject: bead.id,
    failure: null,
    question: attempt.question ?? { text: '', choices: [] },
  };
}

function set(bead: Bead, columns: Partial<Bead>, why: string) {
  return update('bead', bead.id, columns, why);
}
