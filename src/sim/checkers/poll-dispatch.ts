/**
 * P5: failing to look dispatches nothing. Between a pull request's flag and its healing its bead
 * gets no attempt; only a round that was decided before the flag may still be worked at.
 */
import { attemptId, beadOfAttempt } from '../../core/ids.ts';
import { type Checker, granted } from './checker.ts';

export function pollDispatch(): Checker {
  /** Beads that were in review, unobservable, when last looked at. */
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
      const waiting = unseen.filter(({ stage }) => stage !== 'changes_requested');
      const inReview = new Set(
        rows.beads.filter(({ status }) => status === 'in_review').map(({ id }) => String(id)),
      );
      before = new Set(
        waiting.map(({ bead }) => String(bead)).filter((bead) => inReview.has(bead)),
      );
      for (const { id, failure, round } of rows.beads) {
        const about = [failure, ...(round?.failures ?? [])];
        if (!about.some((one) => one?.kind === 'pr_poll_failed')) continue;
        fail(`${id} is worked at, or failed, because its pull request could not be read`);
      }
    },
  };
}
