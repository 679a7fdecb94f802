/**
 * P8: a settled town has no alarm unless a wait has a deadline, and two more ticks write nothing.
 */
import type { Checker, Look } from './checker.ts';

export function idleIsFree(): Checker {
  return {
    name: 'idle_is_free',
    cheap: false,
    look(look) {
      if (!look.settled) return;
      const { world, fail } = look;
      const alarm = world.server.alarmAt;
      if (alarm !== null && !deadlines(look).includes(alarm)) {
        fail(`settled, yet an alarm is set for ${alarm}, which is nobody's deadline`);
      }
      const before = world.disk.changes;
      world.server.alarm();
      world.server.alarm();
      if (world.disk.changes !== before) {
        fail(`two quiet ticks wrote ${world.disk.changes - before} rows`);
      }
    },
  };
}

function deadlines({ rows }: Look): readonly number[] {
  const waits = [
    ...rows.beads,
    ...rows.liveAttempts,
    ...rows.liveJobs,
    ...rows.liveRequests,
    ...rows.rigs,
    ...rows.openEscalations,
    ...rows.runners,
  ].flatMap((row) => row.waits);
  const dispatch = rows.dispatch?.waits ?? [];
  return [...waits, ...dispatch].flatMap((wait) => wait.until ?? []);
}
