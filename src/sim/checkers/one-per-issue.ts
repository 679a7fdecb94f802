/**
 * P2: of the beads about one issue at most one is at work at a time, unless a person let another
 * one go; and none is granted an attempt while it is held as a duplicate.
 */
import { attemptId, beadOfAttempt } from '../../core/ids.ts';
import { type Checker, granted } from './checker.ts';

const atWork: ReadonlySet<string> = new Set(['open', 'in_progress', 'in_review']);

export function onePerIssue(): Checker {
  return {
    name: 'one_per_issue',
    cheap: false,
    look({ rows, fresh, fail }) {
      const first = new Map<string, string>();
      for (const bead of rows.beads) {
        if (!atWork.has(bead.status) || bead.duplicate?.letGo === true) continue;
        if (bead.hold && bead.duplicate !== null) continue; // its agent is being stopped
        for (const issue of bead.issues) {
          const other = first.get(issue);
          if (other !== undefined) fail(`${other} and ${bead.id} are both about ${issue}`);
          first.set(issue, bead.id);
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
