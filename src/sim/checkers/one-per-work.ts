/**
 * P2: of the beads that are the same work at most one is under way at a time, unless a person let
 * another one go; and none is granted an attempt while it is held as a duplicate.
 */
import { attemptId, beadOfAttempt } from '../../core/ids.ts';
import { mattersOf } from '../../core/same-work.ts';
import { type Checker, granted } from './checker.ts';

const atWork: ReadonlySet<string> = new Set(['open', 'in_progress', 'in_review']);

export function onePerWork(): Checker {
  return {
    name: 'one_per_work',
    cheap: false,
    look({ rows, fresh, fail }) {
      const rigs = new Map(rows.rigs.map((rig) => [rig.id, rig]));
      const first = new Map<string, string>();
      for (const bead of rows.beads) {
        if (!atWork.has(bead.status) || bead.duplicate?.letGo === true) continue;
        if (bead.hold && bead.duplicate !== null) continue; // its agent is being stopped
        const rig = rigs.get(bead.rig);
        for (const { name } of rig === undefined ? [] : mattersOf(rig, bead)) {
          const other = first.get(name);
          if (other !== undefined) fail(`${other} and ${bead.id} are both about ${name}`);
          first.set(name, bead.id);
        }
      }
      const started = granted(fresh).map((id) => beadOfAttempt(attemptId(id)));
      for (const { id, duplicate } of rows.beads) {
        if (duplicate?.letGo === false && started.includes(id)) {
          fail(`${id} was started as a duplicate of ${duplicate.of}`);
        }
      }
    },
  };
}
