/**
 * Decides what one runner's row needs next. Pure.
 *
 * N2 A runner that holds nothing owes no heartbeat, so its silence means nothing and costs no
 *    alarm; one that holds work and is silent for longer than the link's grace is lost. The
 *    silence before it held anything does not count.
 * N3 Silence is a question first: it is asked what it really holds, and a lost one is asked
 *    again now and then, since a fact that was lost may be all that kept it silent.
 */
import type { Plan } from '../action.ts';
import { listCallId } from '../ids.ts';
import { limits } from '../limits.ts';
import { act, rest, update, wait } from '../plan.ts';
import { after, type Instant } from '../time.ts';
import type { RunnerView } from '../view.ts';

export function decideRunner(view: RunnerView): Plan {
  const { runner, now } = view;
  if (runner.status === 'connected' && runner.drainAsked) {
    return act(update('runner', runner.id, { status: 'draining' }, 'draining'));
  }
  if (runner.status === 'draining' && !runner.drainAsked) {
    return act(update('runner', runner.id, { status: 'connected' }, 'undrained'));
  }
  const askedAt = runner.askedAt ?? runner.lastSeenAt;
  if (runner.status === 'lost') return ask(view, after(askedAt, limits.linkGraceMs));
  if (view.heldSince === null) return rest();
  const silentSince = view.heldSince > runner.lastSeenAt ? view.heldSince : runner.lastSeenAt;
  const lostAt = after(silentSince, limits.linkGraceMs);
  if (lostAt <= now) return act(update('runner', runner.id, { status: 'lost' }, 'lost'));
  const askAt = after(runner.askedAt ?? silentSince, limits.leaseMs);
  return ask(view, askAt < lostAt ? askAt : lostAt);
}

/** N3 */
function ask({ runner, now }: RunnerView, at: Instant): Plan {
  if (at > now) return rest(wait('runner', [runner.id], {}, at));
  const call = { op: 'list' as const, callId: listCallId(runner.id, now), runner: runner.id };
  return act(update('runner', runner.id, { askedAt: now }, 'asked'), { do: 'call', call });
}
