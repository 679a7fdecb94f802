/**
 * P5: failing to look dispatches nothing. Between a pull request's flag and its healing its bead
 * gets no attempt, whatever its stage; an attempt that was granted before may still work.
 */
import { attemptId, beadOfAttempt } from '../../core/ids.ts';
import { type Checker, granted } from './checker.ts';

export function pollDispatch(): Checker {
  /** Beads whose pull request was unobservable when last looked at. */
  let before = new Set<string>();
  return {
    name: 'poll_dispatch',
    cheap: false,
    look({ rows, fresh, fail }) {
      const unseen = rows.liveRequests.filter(({ unobservable }) => unobservable !== null);
      const still = new Set<string>(unseen.map(({ bead }) => bead));
      for (const id of granted(fresh)) {
        const bead = beadOfAttempt(attemptId(id));
        if (before.has(bead) && still.has(bead)) fail(`${id} was granted, ${bead} is unobservable`);
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
