/**
 * Decides what one runner's row needs next. Pure.
 *
 * N2 A runner that holds nothing owes no heartbeat, so its silence means nothing and costs no
 *    alarm; one that holds work and is silent for longer than the link's grace is lost. The
 *    silence before it held anything does not count.
 */
import type { Plan } from '../action.ts';
import { limits } from '../limits.ts';
import { act, rest, update, wait } from '../plan.ts';
import { after } from '../time.ts';
import type { RunnerView } from '../view.ts';

export function decideRunner(view: RunnerView): Plan {
  const { runner, now } = view;
  if (runner.status === 'connected' && runner.drainAsked) {
    return act(update('runner', runner.id, { status: 'draining' }, 'draining'));
  }
  if (runner.status === 'draining' && !runner.drainAsked) {
    return act(update('runner', runner.id, { status: 'connected' }, 'undrained'));
  }
  if (runner.status === 'lost' || view.heldSince === null) return rest();
  const silentSince = view.heldSince > runner.lastSeenAt ? view.heldSince : runner.lastSeenAt;
  const lostAt = after(silentSince, limits.linkGraceMs);
  if (lostAt > now) return rest(wait('runner', [runner.id], {}, lostAt));
  return act(update('runner', runner.id, { status: 'lost' }, 'lost'));
}
