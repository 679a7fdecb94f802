/**
 * Grants slots: one bead per decision, so that a throw concerns one bead. Pure.
 *
 * D1 The breaker: too many charged or failed starts in a window stop all grants, name the
 *    commonest cause, let one probe through, and close on its success.
 * D2 The rig with the fewest live attempts comes first, then the one granted longest ago.
 * D3 A grant writes the attempt's name on the bead; the bead moves itself.
 */
import type { Action, Plan } from '../action.ts';
import { outcomes, noUsage, type Attempt } from '../attempt.ts';
import { unreachable } from '../assert.ts';
import type { Bead } from '../bead.ts';
import type { Dispatch } from '../dispatch.ts';
import { attemptIdOf, callId } from '../ids.ts';
import { noAgent, scriptedAgent } from '../launch-spec.ts';
import { buildLaunchSpec, hashOf } from '../launch.ts';
import { limits } from '../limits.ts';
import { polecatName } from '../names.ts';
import { act, insert, rest, update, wait } from '../plan.ts';
import type { Runner } from '../runner.ts';
import { after } from '../time.ts';
import type { DispatchView, Line } from '../view.ts';

export function decideDispatch(view: DispatchView): Plan {
  const { dispatch, now } = view;
  if (dispatch.resetAsked) return reset(view, 'reset_by_person');
  switch (dispatch.status) {
    case 'granting':
      return tripped(view) ? trip(view) : grant(view, null);
    case 'broken': {
      const probeAt = after(dispatch.openedAt ?? now, limits.breakerProbeMs);
      if (probeAt > now)
        return rest(wait('backoff', ['dispatch'], { because: 'breaker' }, probeAt));
      return act(set({ status: 'probing', probe: null }, 'probing'));
    }
    case 'probing':
      return probing(view);
    default:
      return unreachable(dispatch.status);
  }
}

function probing(view: DispatchView): Plan {
  const { probe } = view;
  if (probe === null) return grant(view, 'probe');
  if (probe.outcome === null) {
    return rest(wait('call', [probe.id], { because: 'breaker' }));
  }
  const bad = outcomes[probe.outcome].charged || probe.outcome === 'start_failed';
  if (!bad) return reset(view, 'probe_passed');
  return act(set({ status: 'broken', openedAt: view.now, probe: null }, 'probe_failed'));
}

function tripped(view: DispatchView): boolean {
  return view.failures.length >= limits.breakerCount;
}

function trip(view: DispatchView): Plan {
  const failure = commonest(view.failures);
  return act(set({ status: 'broken', openedAt: view.now }, 'breaker_opened'), {
    do: 'escalate',
    dedupeKey: 'dispatch:breaker',
    bind: true,
    severity: 'failure',
    subject: 'dispatch',
    failure,
    question: null,
  });
}

function commonest(failures: readonly Attempt[]) {
  const counts = new Map<string, { count: number; failure: Attempt['failure'] }>();
  for (const { failure, outcome } of failures) {
    const cause = failure?.kind ?? outcome ?? 'unknown';
    counts.set(cause, { count: (counts.get(cause)?.count ?? 0) + 1, failure });
  }
  const sorted = [...counts.values()].toSorted((a, b) => b.count - a.count);
  return sorted[0]?.failure ?? null;
}

function reset(view: DispatchView, why: string): Plan {
  const columns = { status: 'granting' as const, resetAt: view.now, resetAsked: false };
  return act(
    { do: 'resolve', dedupeKey: 'dispatch:breaker', why },
    set({ ...columns, openedAt: null, probe: null, escalation: null }, why),
  );
}

/** D2, D3 */
function grant(view: DispatchView, as: 'probe' | null): Plan {
  if (view.town.status !== 'running') return rest(wait('paused', ['town']));
  const runner = freest(view.runners);
  if (runner === null)
    return rest(
      wait(
        'runner',
        view.runners.map(({ id }) => id),
      ),
    );
  const line = nextLine(view.lines);
  if (line === null) return rest(wait('slot', [], { because: 'nothing_ready' }));
  const attempt = newAttempt(view, line, line.first, runner);
  const probe: readonly Action[] =
    as === 'probe' ? [set({ probe: attempt.id }, 'probe_granted')] : [];
  const granted = { attempt: attempt.id, attempts: attempt.number };
  return {
    ...act(
      insert('attempt', attempt, 'granted'),
      update('bead', line.first.id, granted, 'granted'),
      update('rig', line.rig.id, { grantedAt: view.now }, 'granted'),
      ...probe,
      { do: 'touch', name: { kind: 'dispatch', id: 'dispatch' } },
    ),
    blame: { kind: 'bead', id: line.first.id },
  };
}

function freest(runners: readonly Runner[]): Runner | null {
  const free = runners.filter(
    (runner) => runner.status === 'connected' && runner.live < runner.inventory.capacity,
  );
  const room = (runner: Runner) => runner.inventory.capacity - runner.live;
  return free.toSorted((a, b) => room(b) - room(a) || compare(a.id, b.id))[0] ?? null;
}

function nextLine(lines: readonly Line[]): (Line & { readonly first: Bead }) | null {
  const open = lines.filter(
    (line): line is Line & { readonly first: Bead } =>
      line.first !== null &&
      line.rig.status === 'ready' &&
      line.rig.parked === null &&
      line.rig.live < line.settings.maxPolecatsPerRig,
  );
  const sorted = open.toSorted(
    (a, b) =>
      a.rig.live - b.rig.live ||
      (a.rig.grantedAt ?? 0) - (b.rig.grantedAt ?? 0) ||
      compare(a.rig.id, b.rig.id),
  );
  return sorted[0] ?? null;
}

function newAttempt(view: DispatchView, line: Line, bead: Bead, runner: Runner): Attempt {
  const number = bead.attempts + 1;
  const id = attemptIdOf(bead.id, number);
  const spec = buildLaunchSpec({
    town: view.town,
    rig: line.rig,
    bead,
    number,
    settings: line.settings,
    defaultAgent: defaultAgentOf(runner),
  });
  return {
    id,
    bead: bead.id,
    rig: bead.rig,
    number,
    status: 'starting',
    phase: 'granted',
    name: polecatName(bead.number * 7 + number),
    runner: runner.id,
    incarnation: null,
    spec,
    specHash: hashOf(spec),
    startCall: callId(`${id}:start`),
    stopCall: null,
    callDeadline: null,
    acceptedAt: null,
    leaseUntil: after(view.now, limits.leaseMs),
    phaseDeadline: null,
    isolation: null,
    model: null,
    base: null,
    submitted: null,
    question: null,
    stopReason: null,
    end: null,
    outcome: null,
    failure: null,
    usage: noUsage,
    lastActivityAt: view.now,
    waits: [],
    createdAt: view.now,
    endedAt: null,
    updatedAt: view.now,
    parked: null,
  };
}

/** The best agent found; `scripted` only ever runs when somebody asked for it. */
export function defaultAgentOf(runner: Runner): string {
  return runner.inventory.agents.find((agent) => agent !== scriptedAgent) ?? noAgent;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function set(columns: Partial<Dispatch>, why: string): Action {
  return update('dispatch', 'dispatch', columns, why);
}
