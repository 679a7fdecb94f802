/**
 * Loads what one entity's decision may read: a handful of point reads, whatever the town's size.
 *
 * P11 No statement here counts or scans; lists are bounded and come from an index.
 */
import type { NextNumbers } from '../core/action.ts';
import { assert } from '../core/assert.ts';
import { isOwnChoice } from '../core/bead.ts';
import type { BeadId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import type { Rig } from '../core/rig.ts';
import { resolveSettings } from '../core/setting-definitions.ts';
import type { Settings } from '../core/settings.ts';
import { earliest, instant, type Instant } from '../core/time.ts';
import type { Town } from '../core/town.ts';
import type {
  AttemptView,
  BeadView,
  DispatchView,
  EscalationView,
  ForgeAccountView,
  JobView,
  Line,
  MergeRequestView,
  RigView,
  RunnerView,
} from '../core/view.ts';
import type { SqlReader } from '../ports/sql.ts';
import { attempts } from './tables/attempts.ts';
import { beads } from './tables/beads.ts';
import { dependencies } from './tables/dependencies.ts';
import { dispatches } from './tables/dispatch.ts';
import { escalations } from './tables/escalations.ts';
import { forgeAccounts } from './tables/forge-accounts.ts';
import { gateResults } from './tables/gate-results.ts';
import { jobs } from './tables/jobs.ts';
import { mergeRequests } from './tables/merge-requests.ts';
import { rigs } from './tables/rigs.ts';
import { runners } from './tables/runners.ts';
import { counters, towns } from './tables/town.ts';

/** What every view has. */
export interface Ground {
  readonly now: Instant;
  readonly town: Town;
  readonly next: NextNumbers;
}

export function loadTown(reader: SqlReader): Town {
  return must(towns.get(reader, 'town'), 'town', 'town');
}

export function loadGround(reader: SqlReader, now: Instant): Ground {
  const last = counters.all(reader);
  return {
    now,
    town: loadTown(reader),
    next: {
      job: (last['job'] ?? 0) + 1,
      mergeRequest: (last['merge_request'] ?? 0) + 1,
      escalation: (last['escalation'] ?? 0) + 1,
    },
  };
}

/** Each answers null when the row is gone: a name may outlive what it named. */
export const loadView = {
  bead(reader: SqlReader, id: string, ground: Ground): BeadView | null {
    const bead = beads.get(reader, id);
    if (bead === undefined) return null;
    // A closed bead outlives the rig it was for.
    const rig = rigs.get(reader, bead.rig);
    if (rig === undefined) return null;
    return {
      ...ground,
      bead,
      rig,
      settings: settingsOf(ground.town, rig),
      attempt: bead.attempt === null ? null : (attempts.get(reader, bead.attempt) ?? null),
      mergeRequest:
        bead.mergeRequest === null ? null : (mergeRequests.get(reader, bead.mergeRequest) ?? null),
      escalation:
        bead.escalation === null ? null : (escalations.get(reader, bead.escalation) ?? null),
      blockers: bead.status === 'blocked' ? dependencies.openBlockers(reader, bead.id, 5) : [],
    };
  },

  attempt(reader: SqlReader, id: string, ground: Ground): AttemptView | null {
    const attempt = attempts.get(reader, id);
    if (attempt === undefined) return null;
    const rig = rigOf(reader, attempt.rig);
    return {
      ...ground,
      attempt,
      bead: must(beads.get(reader, attempt.bead), 'bead', attempt.bead),
      rig,
      settings: settingsOf(ground.town, rig),
      runner: runners.get(reader, attempt.runner) ?? null,
    };
  },

  job(reader: SqlReader, id: string, ground: Ground): JobView | null {
    const job = jobs.get(reader, id);
    if (job === undefined) return null;
    return { ...ground, job, runner: runners.get(reader, job.runner) ?? null };
  },

  merge_request(reader: SqlReader, id: string, ground: Ground): MergeRequestView | null {
    const mergeRequest = mergeRequests.get(reader, id);
    if (mergeRequest === undefined) return null;
    const rig = rigOf(reader, mergeRequest.rig);
    const { target, candidate, job, targetJob, escalation } = mergeRequest;
    return {
      ...ground,
      mergeRequest,
      bead: must(beads.get(reader, mergeRequest.bead), 'bead', mergeRequest.bead),
      rig,
      settings: settingsOf(ground.town, rig),
      job: job === null ? null : (jobs.get(reader, job) ?? null),
      targetJob: targetJob === null ? null : (jobs.get(reader, targetJob) ?? null),
      targetReports: candidate === null ? [] : gateResults.of(reader, rig.id, candidate.targetTip),
      slotHolder: mergeRequests.slotHolder(reader, rig.id, target),
      firstInLine: mergeRequests.firstInLine(reader, rig.id, target),
      escalation: escalation === null ? null : (escalations.get(reader, escalation) ?? null),
    };
  },

  rig(reader: SqlReader, id: string, ground: Ground): RigView | null {
    const rig = rigs.get(reader, id);
    if (rig === undefined) return null;
    const lastEnded = attempts.lastEnded(reader, rig.id, limits.startFailuresMax);
    const chose = (bead: BeadId): boolean => {
      const found = beads.get(reader, bead);
      return found !== undefined && isOwnChoice(found);
    };
    return {
      ...ground,
      rig,
      settings: settingsOf(ground.town, rig),
      probe: rig.probeJob === null ? null : (jobs.get(reader, rig.probeJob) ?? null),
      lastEnded,
      ownChoice: lastEnded
        .filter(({ outcome, bead }) => outcome === 'start_failed' && chose(bead))
        .map(({ id }) => id),
    };
  },

  escalation(reader: SqlReader, id: string, ground: Ground): EscalationView | null {
    const escalation = escalations.get(reader, id);
    return escalation === undefined ? null : { ...ground, escalation };
  },

  runner(reader: SqlReader, id: string, ground: Ground): RunnerView | null {
    const runner = runners.get(reader, id);
    if (runner === undefined) return null;
    const attempt = attempts.heldSince(reader, runner.id);
    return { ...ground, runner, heldSince: earliest(attempt, jobs.heldSince(reader, runner.id)) };
  },

  forge_account(reader: SqlReader, id: string, ground: Ground): ForgeAccountView | null {
    const account = forgeAccounts.get(reader, id);
    if (account === undefined) return null;
    const due = mergeRequests.due(reader, account.id, ground.now, limits.pullsPerRead);
    const blind = mergeRequests.blind(reader, account.id, ground.now, limits.pullsPerRead);
    const names = [...new Set([...due, ...blind].map(({ rig }) => rig))];
    return {
      ...ground,
      account,
      due,
      blind,
      rigs: names.flatMap((name) => rigs.get(reader, name) ?? []),
      nextReadAt: mergeRequests.nextReadAt(reader, account.id),
      nextBlindAt: mergeRequests.nextBlindAt(reader, account.id),
    };
  },

  dispatch(reader: SqlReader, id: string, ground: Ground): DispatchView | null {
    const dispatch = dispatches.get(reader, id);
    if (dispatch === undefined) return null;
    const since = Math.max(dispatch.resetAt, ground.now - limits.breakerWindowMs);
    const all = runners.all(reader);
    const isRoom = all.some(({ live, inventory }) => live < inventory.capacity);
    return {
      ...ground,
      dispatch,
      runners: all,
      lines: rigs.all(reader).map((rig) => lineOf(reader, ground.town, rig, isRoom)),
      probe: dispatch.probe === null ? null : (attempts.get(reader, dispatch.probe) ?? null),
      failures: attempts.failedSince(reader, instant(since), limits.breakerCount),
    };
  },
} as const;

export function settingsOf(town: Town, rig: Rig): Settings {
  return resolveSettings(town.settings, rig.settings);
}

/** Nobody is first where nobody can be granted a slot. */
function lineOf(reader: SqlReader, town: Town, rig: Rig, isRoom: boolean): Line {
  const settings = settingsOf(town, rig);
  const full = !isRoom || rig.status !== 'ready' || rig.live >= settings.maxPolecatsPerRig;
  return { rig, settings, first: full ? null : (beads.ready(reader, rig.id, 1)[0] ?? null) };
}

function rigOf(reader: SqlReader, id: string): Rig {
  return must(rigs.get(reader, id), 'rig', id);
}

function must<T>(row: T | undefined, kind: string, id: string): T {
  assert(row !== undefined, `there is no ${kind} ${id}`);
  return row;
}
