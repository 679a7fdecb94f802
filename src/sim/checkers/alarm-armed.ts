/**
 * Whenever the agenda has a due time the alarm is armed at or before it.
 */
import { agenda } from '../../storage/agenda.ts';
import type { Checker } from './checker.ts';

export function alarmArmed(): Checker {
  return {
    name: 'alarm_armed',
    cheap: true,
    look({ world, fail }) {
      const due = agenda.nextDueAt(world.disk);
      const { alarmAt } = world.server;
      if (due === null) return;
      if (alarmAt === null) fail(`something is due at ${due} and no alarm is armed`);
      else if (alarmAt > due) fail(`something is due at ${due}, the alarm is at ${alarmAt}`);
    },
  };
}
