/**
 * P5: failing to look dispatches nothing. Between a pull request's flag and its healing its bead
 * gets no attempt, whatever its stage, and none while a person closed or merged it; an attempt
 * that was granted before may still work.
 */
import { attemptId, beadOfAttempt } from '../../core/ids.ts';
import type { JournalRow } from '../../storage/tables/journal.ts';
import { type Checker, granted } from './checker.ts';

export function pollDispatch(): Checker {
  /** Beads whose pull request could not be read, or was over, when last looked at. */
  let before = new Set<string>();
  return {
    name: 'poll_dispatch',
    cheap: false,
    look({ rows, fresh, fail }) {
      const idle = rows.liveRequests.filter(
        ({ unobservable, pr }) => unobservable !== null || pr === 'closed' || pr === 'merged',
      );
      const still = new Set<string>(idle.map(({ bead }) => bead));
      const between = new Set(fresh.filter(isBack).map(({ id }) => id));
      const back = idle.filter(({ id }) => between.has(id)).map(({ bead }) => bead);
      for (const id of granted(fresh)) {
        const bead = beadOfAttempt(attemptId(id));
        if (back.includes(bead)) continue; // for a moment it was not
        if (before.has(bead) && still.has(bead))
          fail(`${id} was granted, ${bead} is to be left alone`);
      }
      before = still;
      for (const { id, failure, round } of rows.beads) {
        const about = [failure, ...(round?.failures ?? [])];
        if (!about.some((one) => one?.kind === 'pr_poll_failed')) continue;
        fail(`${id} is worked at, or failed, because its pull request could not be read`);
      }
    },
  };
}

/** Readable again, or open again. */
function isBack({ kind, data }: JournalRow): boolean {
  return kind === 'merge_request' && (data?.['pr'] === 'open' || data?.['unobservable'] === null);
}
