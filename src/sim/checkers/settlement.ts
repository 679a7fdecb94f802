/**
 * Liveness: once faults are over and people have answered, everything is at rest: every bead
 * closed, no attempt or job alive, nothing due.
 */
import { agenda } from '../../storage/agenda.ts';
import type { Checker } from './checker.ts';

export function settlement(): Checker {
  return {
    name: 'settlement',
    cheap: false,
    look({ world, rows, settled, fail }) {
      if (!settled) return;
      for (const bead of rows.beads) {
        if (bead.status === 'closed') continue;
        const waits = bead.waits.map((wait) => `${wait.reason} on ${wait.on.join('+')}`);
        fail(`${bead.id} is left ${bead.status}, waiting for ${waits.join(', ')}`);
      }
      for (const { id, status } of rows.liveAttempts) fail(`${id} is left ${status}`);
      for (const { id, status } of rows.liveJobs) fail(`${id} is left ${status}`);
      const due = agenda.nextDueAt(world.disk);
      if (due !== null && due <= world.time.wall()) fail(`something is still due at ${due}`);
      const { agents } = world.runner;
      if (agents.size > 0) fail(`agents run on: ${[...agents.keys()].join(', ')}`);
    },
  };
}
