/**
 * Reviews of a pull request, as the one decision they make. Pure.
 *
 * V1 A reviewer's last word counts; remarks and what was dismissed are none.
 * V2 An approval of an older head, or of somebody whose word does not count there, is none. A
 *    request for changes stands until it is taken back or dismissed, whoever asks.
 * V3 A word that we do not know may be a request for changes: then nothing is known.
 */
import type { Known, Review } from '../../core/pull-request.ts';
import type { TeaReview } from './shapes.ts';

/** `required` null: the branch's rules could not be read. */
export function reviewOf(reviews: readonly TeaReview[], required: number | null): Known<Review> {
  const last = lastWords(reviews);
  if (last.some(asksForChanges)) {
    return { is: 'complete', value: { decision: 'changes_requested', approvalsLeft: null } };
  }
  const isKnown = reviews.every(
    ({ state, dismissed }) => dismissed === true || WORDS.includes(state),
  );
  if (!isKnown) return { is: 'unknown', why: 'a_word_we_do_not_know' }; // V3
  if (required === null) return { is: 'unknown', why: 'rules_not_readable' };
  const approvals = last.filter(
    ({ state, stale, official }) => state === 'APPROVED' && stale !== true && official !== false,
  ).length;
  if (approvals < required) {
    const approvalsLeft = required - approvals;
    return { is: 'complete', value: { decision: 'required', approvalsLeft } };
  }
  const decision = approvals > 0 ? 'approved' : 'none';
  return { is: 'complete', value: { decision, approvalsLeft: 0 } };
}

const WORDS: readonly string[] = [
  'APPROVED',
  'REQUEST_CHANGES',
  'COMMENT',
  'PENDING',
  'REQUEST_REVIEW',
];

/** V1 */
export function lastWords(reviews: readonly TeaReview[]): readonly TeaReview[] {
  const last = new Map<string, TeaReview>();
  for (const review of reviews.toSorted((a, b) => a.id - b.id)) {
    const isWord = ['APPROVED', 'REQUEST_CHANGES'].includes(review.state);
    if (isWord) last.set(review.user?.login ?? '', review);
  }
  return [...last.values()].filter(({ dismissed }) => dismissed !== true);
}

export function asksForChanges({ state }: TeaReview): boolean {
  return state === 'REQUEST_CHANGES';
}
