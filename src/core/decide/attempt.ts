/**
 * Decides what one attempt needs next: its start call, its lease, its stop. Pure.
 *
 * A2 An ended attempt never changes. A3 It ends on the runner's word, or when the runner has been
 *    lost for longer than linkGrace + stopGrace.
 * A4 A lease that ran out is a question to the runner, not a verdict.
 * A5 A call is repeated with its call id until it is answered.
 */
import type { Plan, StopReason } from '../action.ts';
import type { Attempt, Outcome } from '../attempt.ts';
import { unreachable } from '../assert.ts';
import { overBudget } from '../budget.ts';
import { callId, listCallId } from '../ids.ts';
import { limits } from '../limits.ts';
import { act, rest, update, wait } from '../plan.ts';
import { after, earliest } from '../time.ts';
import type { AttemptView } from '../view.ts';

/** The runner's own deadlines come first; this one catches a runner that forgot. */
const startBackstopMs =
  limits.workspaceMs + limits.setupMsDefault + limits.spawnMs + limits.sessionMs + limits.leaseMs;

export function decideAttempt(view: AttemptView): Plan {
  const { attempt } = view;
  if (attempt.status === 'ended') return rest();
  if (attempt.end !== null) return ended(view, attempt.end.outcome);
  switch (attempt.status) {
    case 'starting':
      return stopIfAsked(view) ?? starting(view);
    case 'running':
      return stopIfAsked(view) ?? leased(view);
    case 'stopping':
      return stopping(view);
    default:
      return unreachable(attempt.status);
  }
}

function ended(view: AttemptView, reported: Outcome): Plan {
  const { attempt } = view;
  const outcome = outcomeOf(attempt, reported);
  const failure = outcome === reported ? (attempt.end?.failure ?? null) : null;
  const over = outcome === 'over_budget' ? overBudget(view, view.settings) : null;
  return act(
    set(
      attempt,
      {
        status: 'ended',
        outcome,
        failure: over ?? failure,
        endedAt: view.now,
        callDeadline: null,
        phaseDeadline: null,
      },
      outcome,
    ),
  );
}

/** What was accepted, asked or decided before the end outweighs how the process ended. */
function outcomeOf(attempt: Attempt, reported: Outcome): Outcome {
  if (attempt.submitted !== null) return 'submitted';
  if (attempt.question !== null) return 'asked';
  switch (attempt.stopReason) {
    case 'person':
    case 'paused':
      return reported === 'evicted' ? 'evicted' : 'cancelled';
    case 'budget':
      return 'over_budget';
    case 'quiet':
      return attempt.phase === 'turn_started' ? 'timed_out' : 'start_failed';
    case 'submitted':
    case 'asked':
    case null:
      return reported === 'submitted' || reported === 'asked' ? 'idle_without_done' : reported;
    default:
      return unreachable(attempt.stopReason);
  }
}

function stopIfAsked(view: AttemptView): Plan | null {
  const reason = stopReasonOf(view);
  if (reason === null) return null;
  const { attempt } = view;
  const columns = {
    status: 'stopping' as const,
    stopReason: reason,
    stopCall: callId(`${attempt.id}:stop`),
    callDeadline: null,
    phaseDeadline: null,
  };
  return act(set(attempt, columns, `stop_${reason}`));
}

function stopReasonOf(view: AttemptView): StopReason | null {
  const { attempt, bead, town } = view;
  if (attempt.submitted !== null) return 'submitted';
  if (attempt.question !== null) return 'asked';
  if (bead.hold || bead.closeAs !== null || bead.stopAsked) return 'person';
  if (town.status === 'halted') return 'paused';
  if (overBudget(view, view.settings) !== null) return 'budget';
  if (attempt.phaseDeadline !== null && attempt.phaseDeadline <= view.now) return 'quiet';
  return null;
}

function starting(view: AttemptView): Plan {
  const { attempt, now } = view;
  if (attempt.acceptedAt === null) return startCall(view);
  if (attempt.phase === 'turn_started') return act(set(attempt, running, 'running'));
  if (attempt.phaseDeadline === null) {
    return act(set(attempt, { phaseDeadline: after(now, startBackstopMs) }, 'accepted'));
  }
  return leased(view);
}

const running = { status: 'running' as const, phaseDeadline: null };

function startCall(view: AttemptView): Plan {
  const { attempt, runner, now } = view;
  if (runner === null || runner.status === 'lost') {
    return rest(wait('runner', [attempt.runner]));
  }
  if (attempt.callDeadline !== null && attempt.callDeadline > now) {
    return rest(wait('call', [attempt.id], { op: 'start_attempt' }, attempt.callDeadline));
  }
  return act(set(attempt, { callDeadline: after(now, limits.callAckMs) }, 'start_call'), {
    do: 'call',
    call: {
      op: 'start_attempt',
      callId: attempt.startCall,
      runner: attempt.runner,
      attempt: attempt.id,
      spec: attempt.spec,
    },
  });
}

/** A4 */
function leased(view: AttemptView): Plan {
  const { attempt, runner, now } = view;
  if (attempt.leaseUntil > now) {
    const until = earliest(attempt.leaseUntil, attempt.phaseDeadline);
    return rest(wait('call', [attempt.runner], { phase: attempt.phase }, until));
  }
  const seen = runner === null ? null : after(runner.lastSeenAt, limits.leaseMs);
  if (seen !== null && seen > now) {
    return act(set(attempt, { leaseUntil: seen }, 'lease_extended'));
  }
  const extended = { leaseUntil: after(now, limits.leaseMs) };
  if (runner !== null && runner.status !== 'lost') {
    const call = { op: 'list' as const, callId: listCallId(runner.id, now), runner: runner.id };
    return act(set(attempt, extended, 'lease_asked'), { do: 'call', call });
  }
  const over = runner === null || now > lostFor(runner.lastSeenAt);
  return over ? ended(view, 'evicted') : act(set(attempt, extended, 'runner_lost'));
}

function stopping(view: AttemptView): Plan {
  const { attempt, now, runner } = view;
  const { stopCall, stopReason } = attempt;
  if (stopCall === null || stopReason === null) return stopIfAsked(view) ?? leased(view);
  if (attempt.phaseDeadline === null) {
    const columns = {
      callDeadline: after(now, limits.callAckMs),
      phaseDeadline: after(now, 3 * limits.stopGraceMs),
    };
    const call = {
      op: 'stop_attempt' as const,
      callId: stopCall,
      runner: attempt.runner,
      attempt: attempt.id,
      reason: stopReason,
    };
    return act(set(attempt, columns, 'stop_call'), { do: 'call', call });
  }
  if (attempt.phaseDeadline > now && !isDue(attempt, now)) {
    const until = earliest(attempt.phaseDeadline, attempt.callDeadline);
    return rest(wait('call', [attempt.id], { op: 'stop_attempt' }, until));
  }
  const lost = runner === null || runner.status === 'lost';
  if (lost && (runner === null || now > lostFor(runner.lastSeenAt))) return ended(view, 'evicted');
  // The stop was lost or the runner forgot: say it again, and ask what it really holds.
  const call = {
    op: 'list' as const,
    callId: listCallId(attempt.runner, now),
    runner: attempt.runner,
  };
  const again = set(attempt, { phaseDeadline: null, callDeadline: null }, 'stop_again');
  return attempt.phaseDeadline > now ? act(again) : act(again, { do: 'call', call });
}

function isDue(attempt: Attempt, now: number): boolean {
  return attempt.callDeadline !== null && attempt.callDeadline <= now;
}

function lostFor(lastSeenAt: Attempt['leaseUntil']) {
  return after(lastSeenAt, limits.linkGraceMs + limits.stopGraceMs);
}

function set(attempt: Attempt, columns: Partial<Attempt>, why: string) {
  return update('attempt', attempt.id, columns, why);
}
