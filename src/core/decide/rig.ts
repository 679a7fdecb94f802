/**
 * Decides what one rig needs next: a look at its repository, ready or unready, parked. Pure.
 *
 * R1 Work starts only on a ready rig; `unready` carries the failing check.
 * R3 Setup is the rig's: its failure makes the rig unready until a person asks for another look.
 * R4 Three starts in a row that failed for one cause make it unready, whatever the bead; one is
 *    enough where only a person can cure it, unless the bead chose what failed.
 */
import type { Action, Plan } from '../action.ts';
import { assert, unreachable } from '../assert.ts';
import { isOfChoice, type Failure } from '../failure.ts';
import { resultOf } from '../job.ts';
import { rigRefOf } from '../launch.ts';
import { limits } from '../limits.ts';
import { act, insert, rest, update, wait } from '../plan.ts';
import type { Rig } from '../rig.ts';
import { after } from '../time.ts';
import type { RigView } from '../view.ts';
import { newJob } from './new-job.ts';

export function decideRig(view: RigView): Plan {
  const { rig } = view;
  if (rig.parkAsked === true && rig.status !== 'parked') {
    return act(set(rig, { status: 'parked', parkAsked: null }, 'parked'));
  }
  if (view.probe !== null) return probing(view);
  if (rig.probeAsked) return probe(view);
  switch (rig.status) {
    case 'parked':
      if (rig.parkAsked !== false) return rest(wait('human', [rig.id], { because: 'parked' }));
      return act(set(rig, { status: 'unready', parkAsked: null, probeAsked: true }, 'unparked'));
    case 'ready': {
      const failure = rig.setupFailure ?? startFailure(view);
      if (failure === null) return rest();
      return act(set(rig, { status: 'unready', failure }, failure.kind), escalate(rig, failure));
    }
    case 'unready':
      return unready(view);
    default:
      return unreachable(rig.status);
  }
}

function unready(view: RigView): Plan {
  const { rig, now } = view;
  if (rig.probedAt === null) return probe(view);
  const again = after(rig.probedAt, limits.rigProbeMs);
  if (rig.failure?.helps !== 'later') {
    return rest(wait('human', [rig.id], { because: rig.failure?.kind ?? 'unready' }));
  }
  return again > now ? rest(wait('setup', [rig.id], {}, again)) : probe(view);
}

function probe(view: RigView): Plan {
  const { rig, settings } = view;
  const job = newJob(view, {
    rig: rig.id,
    subject: rig.id,
    spec: {
      kind: 'fetch',
      rig: rigRefOf(rig, view.town),
      branchPrefix: settings.branchPrefix,
      updateCheckout: rig.updateCheckout,
      createTargetFrom: rig.consentAt === null ? null : rig.createTargetFrom,
    },
  });
  // A person's word clears what only a person can: the next failure is a new one.
  const cleared = rig.probeAsked ? { setupFailure: null } : {};
  return act(
    insert('job', job, 'probe'),
    set(rig, { probeJob: job.id, probeAsked: false, ...cleared }, 'probe'),
  );
}

function probing(view: RigView): Plan {
  const { rig, probe: job } = view;
  assert(job !== null, 'a probe is running');
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'fetch' }));
  const result = resultOf(job, 'fetch');
  const seen = { probeJob: null, probedAt: view.now };
  if (result.kind === 'failed') return settled(view, result.failure, seen);
  const failing = result.report.checks.find((check) => !check.passed)?.failure ?? null;
  return settled(view, failing ?? rig.setupFailure, { ...seen, report: result.report });
}

function settled(view: RigView, failure: Failure | null, seen: Partial<Rig>): Plan {
  const { rig } = view;
  const status = rig.status === 'parked' ? 'parked' : failure === null ? 'ready' : 'unready';
  // A look that passed forgives every start before it, also when the clock has jumped back.
  const lastEndAt = view.lastEnded[0]?.endedAt ?? view.now;
  const forgiven = failure === null && lastEndAt > view.now ? { probedAt: lastEndAt } : {};
  const columns = { ...seen, ...forgiven, status, failure } as const;
  const voice: Action =
    failure === null
      ? { do: 'resolve', dedupeKey: `rig:${rig.id}`, why: 'probe_passed' }
      : escalate(rig, failure);
  return act(set(rig, columns, failure?.kind ?? 'probe_passed'), voice);
}

/** R4. Of the starts since the last look. */
function startFailure(view: RigView): Failure | null {
  const { rig, lastEnded, ownChoice } = view;
  const recent = lastEnded
    .filter((attempt) => rig.probedAt === null || (attempt.endedAt ?? 0) > rig.probedAt)
    .filter(({ id, failure }) => !(ownChoice.includes(id) && isOfChoice(failure)))
    .slice(0, limits.startFailuresMax);
  const incurable = recent.find(
    ({ outcome, failure }) => outcome === 'start_failed' && failure?.helps === 'person',
  );
  if (incurable !== undefined) return incurable.failure;
  if (recent.length < limits.startFailuresMax) return null;
  const causes = new Set(
    recent.map((attempt) =>
      attempt.outcome === 'start_failed' ? (attempt.failure?.kind ?? 'unknown') : attempt.id,
    ),
  );
  return causes.size === 1 ? (recent[0]?.failure ?? null) : null;
}

function escalate(rig: Rig, failure: Failure): Action {
  return {
    do: 'escalate',
    dedupeKey: `rig:${rig.id}`,
    bind: true,
    severity: 'failure',
    subject: `rig:${rig.id}`,
    failure,
    question: null,
  };
}

function set(rig: Rig, columns: Partial<Rig>, why: string) {
  return update('rig', rig.id, columns, why);
}
