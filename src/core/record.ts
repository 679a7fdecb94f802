/**
 * Facts record, ticks decide: turns what arrived into columns, never into a status. Pure.
 *
 * C1 Values are absolute: recording the same fact twice changes nothing the second time.
 * C2 A fence stops only what would move a bead; usage and transcript of an ended attempt count.
 * C3 A life of a runner that is over cannot speak about what it holds.
 */
import type { Action } from './action.ts';
import type { Attempt, Usage } from './attempt.ts';
import { unreachable } from './assert.ts';
import type { Bead } from './bead.ts';
import { allOverBudget, type Spenders } from './budget.ts';
import type { Fact } from './fact.ts';
import type { Failure } from './failure.ts';
import type { ForgeAccount } from './forge-account.ts';
import { askedAtOf, type Commit } from './ids.ts';
import type { Job, JobResult } from './job.ts';
import { limits } from './limits.ts';
import type { MergeRequest } from './merge-request.ts';
import type { Wake } from './neighbours.ts';
import { insert, update } from './plan.ts';
import { forgeAnswered, hinted, pullsRead } from './record-pulls.ts';
import type { Rig } from './rig.ts';
import type { Runner } from './runner.ts';
import { resolveSettings } from './setting-definitions.ts';
import { after, instant, type Instant } from './time.ts';
import { checkedTouched } from './touched.ts';
import type { Town } from './town.ts';

/** The rows a fact speaks of; null where there is none. */
export interface RecordScene {
  readonly now: Instant;
  readonly town: Town;
  readonly attempt: Attempt | null;
  readonly bead: Bead | null;
  readonly rig: Rig | null;
  readonly job: Job | null;
  readonly runner: Runner | null;
  /** Live attempts and jobs of that runner, for a fact that lists what it holds. */
  readonly attemptsOnRunner: readonly Attempt[];
  readonly jobsOnRunner: readonly Job[];
  /** The account that reads these pull requests. */
  readonly account: ForgeAccount | null;
  /** Merge requests a fact about pull requests speaks of. */
  readonly requests: readonly MergeRequest[];
}

export interface Recorded {
  readonly actions: readonly Action[];
  /** The fact was fenced: the sender is told, nothing moved. */
  readonly refusal: Failure | null;
}

export function record(fact: Fact, scene: RecordScene): Recorded {
  switch (fact.kind) {
    case 'runner_connected':
      return connected(fact, scene);
    case 'runner_heartbeat':
      return heartbeat(fact, scene);
    case 'call_answered':
      return answered(fact, scene);
    case 'attempt_phase':
      return phase(fact, scene);
    case 'attempt_activity':
      return done(usage(scene, fact.usage));
    case 'work_submitted':
      return submitted(fact, scene);
    case 'attempt_asked':
      return asked(fact, scene);
    case 'attempt_ended':
      return ended(fact, scene);
    case 'job_done':
      return jobDone(fact, scene);
    case 'transcript':
      return done();
    case 'pulls_read':
      return done(pullsRead(fact, scene.account, scene.requests, scene.now));
    case 'forge_answered':
      return done(forgeAnswered(fact, scene.requests[0] ?? null));
    case 'pull_hinted':
      return done(hinted(fact, scene.account, scene.requests, scene.now));
    default:
      return unreachable(fact);
  }
}

type Of<K extends Fact['kind']> = Extract<Fact, { readonly kind: K }>;

const done = (...actions: readonly (Action | readonly Action[])[]): Recorded => ({
  actions: actions.flat(),
  refusal: null,
});

function connected(fact: Of<'runner_connected'>, scene: RecordScene): Recorded {
  const { runner, now } = scene;
  const { incarnation, inventory } = fact;
  if (runner?.pastIncarnations.includes(incarnation)) return done(); // C3
  if (runner === null) {
    const row: Runner = {
      id: fact.runner,
      status: 'connected',
      incarnation,
      pastIncarnations: [],
      inventory,
      drainAsked: false,
      lastSeenAt: now,
      askedAt: null,
      live: 0,
      waits: [],
      createdAt: now,
      updatedAt: now,
      parked: null,
    };
    return done(insert('runner', row, 'connected'));
  }
  const isNew = runner.incarnation !== incarnation;
  const past = isNew
    ? { pastIncarnations: [runner.incarnation, ...runner.pastIncarnations].slice(0, 20) }
    : {};
  const status = runner.status === 'lost' ? { status: 'connected' as const } : {};
  const columns = { incarnation, inventory, lastSeenAt: now, askedAt: null, ...past, ...status };
  const askedAt = fact.answers === null ? now : instant(askedAtOf(fact.answers));
  return done(
    update('runner', runner.id, columns, isNew ? 'connected' : 'answered'),
    scene.attemptsOnRunner.flatMap((attempt) => notHeld(attempt, fact, isNew, askedAt, now)),
    scene.jobsOnRunner.flatMap((job) => jobNotHeld(job, fact, isNew, askedAt)),
  );
}

/**
 * The runner's word on what it holds. An attempt it took before it was asked and does not hold
 * is over; one of an earlier life is over at once; one it never took is simply started.
 */
function notHeld(
  attempt: Attempt,
  fact: Of<'runner_connected'>,
  isNew: boolean,
  askedAt: Instant,
  now: Instant,
): readonly Action[] {
  if (attempt.end !== null || fact.attempts.includes(attempt.id)) return [];
  const never = attempt.acceptedAt === null && attempt.status === 'starting';
  if (never) return [update('attempt', attempt.id, { callDeadline: null }, 'start_again')];
  const takenSince = attempt.acceptedAt !== null && attempt.acceptedAt >= askedAt;
  if (!isNew && takenSince) return [];
  const end = { outcome: 'evicted' as const, failure: null, saved: null, at: now };
  return [update('attempt', attempt.id, { end }, 'not_held')];
}

function jobNotHeld(
  job: Job,
  fact: Of<'runner_connected'>,
  isNew: boolean,
  askedAt: Instant,
): readonly Action[] {
  if (job.status !== 'running' || job.report !== null || fact.jobs.includes(job.id)) return [];
  if (!isNew && (job.acceptedAt === null || job.acceptedAt >= askedAt)) return [];
  return [update('job', job.id, { acceptedAt: null, callDeadline: null }, 'not_held')];
}

function heartbeat(fact: Of<'runner_heartbeat'>, { runner, now }: RecordScene): Recorded {
  if (runner === null || runner.incarnation !== fact.incarnation) return done();
  const status = runner.status === 'lost' ? { status: 'connected' as const } : {};
  const columns = { lastSeenAt: now, askedAt: null, ...status };
  return done(update('runner', runner.id, columns, 'heartbeat'));
}

function answered(fact: Of<'call_answered'>, scene: RecordScene): Recorded {
  const { attempt, job, now } = scene;
  const again = { callDeadline: after(now, limits.callAckMs) };
  switch (fact.op) {
    case 'start_attempt': {
      if (attempt === null || attempt.startCall !== fact.callId) return done();
      if (attempt.acceptedAt !== null || attempt.end !== null) return done();
      if (fact.answer === 'accepted') {
        const taken = {
          acceptedAt: now,
          callDeadline: null,
          leaseUntil: after(now, limits.leaseMs),
        };
        return done(update('attempt', attempt.id, taken, 'accepted'));
      }
      if (fact.answer !== 'superseded')
        return done(update('attempt', attempt.id, again, 'unheard'));
      const end = { outcome: 'evicted' as const, failure: null, saved: null, at: now };
      return done(update('attempt', attempt.id, { end }, 'superseded'));
    }
    case 'stop_attempt':
      if (attempt === null || attempt.stopCall !== fact.callId || attempt.end !== null)
        return done();
      if (fact.answer !== 'accepted') return done();
      return done(update('attempt', attempt.id, { callDeadline: null }, 'stop_accepted'));
    case 'start_job':
      if (job === null || job.callId !== fact.callId || job.status !== 'running') return done();
      if (fact.answer === 'accepted') {
        return done(update('job', job.id, { acceptedAt: now, callDeadline: null }, 'accepted'));
      }
      return done(update('job', job.id, again, 'unheard'));
    case 'cancel_job':
    case 'list':
      return done();
    default:
      return unreachable(fact.op);
  }
}

const phases = ['granted', 'workspace_ready', 'spawned', 'session_ready', 'turn_started'] as const;

function phase(fact: Of<'attempt_phase'>, { attempt, runner, now }: RecordScene): Recorded {
  if (attempt === null || attempt.status === 'ended' || attempt.end !== null) return done();
  if (runner !== null && runner.pastIncarnations.includes(fact.incarnation)) return done(); // C3
  const ahead = phases.indexOf(fact.phase) > phases.indexOf(attempt.phase);
  const columns = {
    phase: ahead ? fact.phase : attempt.phase,
    incarnation: fact.incarnation,
    acceptedAt: attempt.acceptedAt ?? now,
    base: attempt.base ?? fact.base,
    isolation: attempt.isolation ?? fact.isolation,
    model: attempt.model ?? fact.model,
    lastActivityAt: now,
  };
  return done(update('attempt', attempt.id, columns, fact.phase));
}

/** Adds what is new since the last report to everyone who pays for it. C1, C2 */
function usage({ attempt, bead, rig, town, now }: RecordScene, total: Usage): readonly Action[] {
  if (attempt === null) return [];
  const more = {
    inputTokens: Math.max(0, total.inputTokens - attempt.usage.inputTokens),
    outputTokens: Math.max(0, total.outputTokens - attempt.usage.outputTokens),
    usd: total.usd === null ? null : Math.max(0, total.usd - (attempt.usage.usd ?? 0)),
  };
  const grown: Usage = plus(attempt.usage, more);
  const spent = more.inputTokens + more.outputTokens > 0 || (more.usd ?? 0) > 0;
  const seen = attempt.status === 'ended' ? {} : { lastActivityAt: now };
  return [
    update('attempt', attempt.id, { usage: grown, ...seen }, 'usage'),
    ...(spent && bead !== null
      ? [update('bead', bead.id, { usage: plus(bead.usage, more) }, 'usage')]
      : []),
    ...(spent && rig !== null
      ? [update('rig', rig.id, { usage: plus(rig.usage, more) }, 'usage')]
      : []),
    ...(spent ? [update('town', 'town', { usage: plus(town.usage, more) }, 'usage')] : []),
    ...(spent && bead !== null && rig !== null ? usedUp({ bead, rig, town }, more) : []),
  ];
}

/** A budget that this report used up concerns everyone who spends from it. P9 */
function usedUp(before: Spenders, more: Usage): readonly Action[] {
  const settings = resolveSettings(before.town.settings, before.rig.settings);
  const known = new Set(allOverBudget(before, settings).map(({ scope }) => scope));
  const after = {
    bead: { ...before.bead, usage: plus(before.bead.usage, more) },
    rig: { ...before.rig, usage: plus(before.rig.usage, more) },
    town: { ...before.town, usage: plus(before.town.usage, more) },
  };
  return allOverBudget(after, settings)
    .filter(({ scope }) => !known.has(scope))
    .flatMap(({ scope }) => spendersOf(scope, before))
    .map((wake): Action => ({ do: 'wake', wake }));
}

function spendersOf(scope: keyof Spenders, { bead, rig }: Spenders): readonly Wake[] {
  if (scope === 'rig') return [{ crowd: 'liveBeadsOfRig', rig: rig.id }, { crowd: 'liveAttempts' }];
  if (scope === 'town') return [{ crowd: 'liveBeads' }, { crowd: 'liveAttempts' }];
  const own = { kind: 'bead' as const, id: bead.id };
  return bead.attempt === null ? [own] : [own, { kind: 'attempt', id: bead.attempt }];
}

function plus(a: Usage, more: Usage): Usage {
  return {
    inputTokens: a.inputTokens + more.inputTokens,
    outputTokens: a.outputTokens + more.outputTokens,
    usd: a.usd === null && more.usd === null ? null : (a.usd ?? 0) + (more.usd ?? 0),
  };
}

function submitted(fact: Of<'work_submitted'>, { attempt, bead }: RecordScene): Recorded {
  if (attempt === null || bead === null || isOver(attempt, bead)) return fenced(fact.attempt);
  if (attempt.submitted !== null) {
    return attempt.submitted.head === fact.head ? done() : fenced(fact.attempt);
  }
  const columns = {
    submitted: {
      head: fact.head,
      summary: fact.summary,
      touched: checkedTouched(fact.touched),
    },
    base: attempt.base ?? fact.base,
  };
  return done(update('attempt', attempt.id, columns, 'work_submitted'));
}

function asked(fact: Of<'attempt_asked'>, { attempt, bead }: RecordScene): Recorded {
  if (attempt === null || bead === null || isOver(attempt, bead)) return fenced(fact.attempt);
  if (attempt.submitted !== null) return fenced(fact.attempt);
  if (attempt.question !== null) return done();
  return done(update('attempt', attempt.id, { question: fact.question }, 'asked'));
}

/** Only the bead's own live attempt may move it. */
function isOver(attempt: Attempt, bead: Bead): boolean {
  // Work that arrives while a quiet or costly attempt is being stopped is still work.
  const { stopReason } = attempt;
  const stopped = stopReason === 'person' || stopReason === 'paused' || stopReason === 'asked';
  return (
    attempt.status === 'ended' ||
    attempt.end !== null ||
    stopped ||
    bead.attempt !== attempt.id ||
    bead.status === 'closed'
  );
}

function fenced(attempt: string): Recorded {
  return { actions: [], refusal: { kind: 'attempt_over', helps: 'no', attempt } };
}

function ended(fact: Of<'attempt_ended'>, scene: RecordScene): Recorded {
  const { attempt, now } = scene;
  if (attempt === null) return done();
  const counted = usage(scene, fact.usage);
  if (attempt.status === 'ended' || attempt.end !== null) return done(counted);
  const end = { ...fact.end, at: now };
  const setup = fact.end.failure?.kind === 'setup_failed' ? fact.end.failure : null;
  return done(
    counted,
    update('attempt', attempt.id, { end }, 'reported_end'),
    setup === null ? [] : setupFailed(scene, setup),
  );
}

function jobDone(fact: Of<'job_done'>, scene: RecordScene): Recorded {
  const { job, rig } = scene;
  if (job === null || job.status !== 'running') return done();
  if (job.callId !== fact.callId || job.report !== null) return done();
  const tip = tipOf(fact.result);
  const setup = fact.result.kind === 'gate' ? fact.result.setup : null;
  return done(
    update('job', job.id, { report: fact.result }, 'reported'),
    tip === null || rig === null || rig.targetTip === tip
      ? []
      : update('rig', rig.id, { targetTip: tip }, 'target_seen'),
    setup === null ? [] : setupFailed(scene, setup),
  );
}

function setupFailed({ rig }: RecordScene, failure: Failure): readonly Action[] {
  return rig === null ? [] : [update('rig', rig.id, { setupFailure: failure }, 'setup_failed')];
}

/** The target's tip as the job saw it, freshly fetched. */
function tipOf(result: JobResult): Commit | null {
  switch (result.kind) {
    case 'fetch':
      return result.report.targetTip;
    case 'build':
      return result.answer.is === 'built'
        ? result.answer.candidate.targetTip
        : result.answer.targetTip;
    case 'push':
      return result.answer.is === 'refused' ? null : result.answer.targetTip;
    case 'update':
    case 'prove':
      return result.answer.targetTip;
    case 'publish':
    case 'take':
    case 'gate':
    case 'failed':
      return null;
    default:
      return unreachable(result);
  }
}
