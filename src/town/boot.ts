/**
 * What a town does once when its process starts, and when it notices that it slept: everything
 * alive looks again, unanswered calls are said again, leases count from now, and the counters
 * kept beside their causes are recounted.
 */
import { limits } from '../core/limits.ts';
import { after } from '../core/time.ts';
import { agenda } from '../storage/agenda.ts';
import { attempts } from '../storage/tables/attempts.ts';
import { beads } from '../storage/tables/beads.ts';
import { dependencies } from '../storage/tables/dependencies.ts';
import { forgeAccounts } from '../storage/tables/forge-accounts.ts';
import { idempotency } from '../storage/tables/idempotency.ts';
import { jobs } from '../storage/tables/jobs.ts';
import { journal } from '../storage/tables/journal.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';
import { runners } from '../storage/tables/runners.ts';
import { touch, type Turn } from './apply.ts';

const everything = Number.MAX_SAFE_INTEGER;

/** Everything alive is due now, and what was said and not answered is said again. */
export function wakeAll(turn: Turn): void {
  const { tx, now } = turn;
  for (const attempt of attempts.live(tx, everything)) {
    if (attempt.acceptedAt === null) attempts.update(tx, attempt.id, { callDeadline: null });
  }
  for (const job of jobs.live(tx, everything)) {
    if (job.acceptedAt === null) jobs.update(tx, job.id, { callDeadline: null });
  }
  forgetForgeCalls(turn);
  recount(turn);
  const crowds = [
    'liveAttempts',
    'liveJobs',
    'liveRequests',
    'liveBeads',
    'allRigs',
    'allRunners',
    'allForgeAccounts',
    'openEscalations',
  ] as const;
  for (const crowd of crowds) agenda.touchCrowd(tx, { crowd }, now, turn.order.next());
  touch(turn, { kind: 'dispatch', id: 'dispatch' });
}

/** A call that no process remembers is made again: each looks first. */
function forgetForgeCalls(turn: Turn): void {
  const { tx, now } = turn;
  for (const account of forgeAccounts.all(tx)) {
    if (account.read !== null) forgeAccounts.update(tx, account.id, { read: null });
  }
  for (const request of mergeRequests.live(tx, everything)) {
    const { forgeCall } = request;
    if (forgeCall === null || request.forgeReport !== null) continue;
    mergeRequests.update(tx, request.id, { forgeCall: { ...forgeCall, deadline: now } });
  }
}

/** Time in which the process did not run does not count against anybody. */
export function restartLeases(turn: Turn): void {
  const { tx, now } = turn;
  const leaseUntil = after(now, limits.leaseMs);
  for (const runner of runners.all(tx)) {
    runners.update(tx, runner.id, { lastSeenAt: now, askedAt: null });
    touch(turn, { kind: 'runner', id: runner.id });
  }
  for (const attempt of attempts.live(tx, everything)) {
    attempts.update(tx, attempt.id, { leaseUntil, phaseDeadline: null });
    touch(turn, { kind: 'attempt', id: attempt.id });
  }
  for (const job of jobs.live(tx, everything)) {
    if (job.deadline === null || job.startedAt === null) continue;
    const allowed = job.deadline - job.startedAt;
    jobs.update(tx, job.id, { startedAt: now, deadline: after(now, allowed) });
    touch(turn, { kind: 'job', id: job.id });
  }
}

/** Counters kept beside their causes say what their causes say. */
function recount(turn: Turn): void {
  const { tx } = turn;
  const live = attempts.live(tx, everything);
  for (const rig of rigs.all(tx)) {
    const count = live.filter((attempt) => attempt.rig === rig.id).length;
    if (count !== rig.live) rigs.update(tx, rig.id, { live: count });
  }
  for (const runner of runners.all(tx)) {
    const count = live.filter((attempt) => attempt.runner === runner.id).length;
    if (count !== runner.live) runners.update(tx, runner.id, { live: count });
  }
  for (const bead of beads.liveAfter(tx, -1, '', everything)) {
    if (bead.openBlockers === 0 && bead.brokenBlocker === null) continue;
    const { open, broken } = dependencies.count(tx, bead.id);
    beads.setBlockers(tx, bead.id, open, broken);
  }
}

/** Retention by size and age. */
export function prune(turn: Turn): void {
  const { tx, now } = turn;
  idempotency.expire(tx, now - limits.idempotencyMs);
  const last = journal.lastSeq(tx);
  if (last - journal.firstSeq(tx) > limits.journalRowsMax) {
    journal.prune(tx, last - limits.journalRowsMax);
  }
}
