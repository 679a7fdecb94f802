/**
 * GitHub's words for how a pull request stands, the same in REST (lower case) and GraphQL.
 *
 * M1 One state by precedence: UNKNOWN, DIRTY, DRAFT, BLOCKED, BEHIND, UNSTABLE, CLEAN.
 */
import type { Standing } from '../standing.ts';

export type MergeState =
  | 'UNKNOWN'
  | 'DIRTY'
  | 'DRAFT'
  | 'BLOCKED'
  | 'BEHIND'
  | 'UNSTABLE'
  | 'CLEAN';

export function mergeState({ blockers, unstable }: Standing): MergeState {
  if (blockers.includes('computing')) return 'UNKNOWN';
  if (blockers.includes('conflict')) return 'DIRTY';
  if (blockers.includes('draft')) return 'DRAFT';
  const rest = blockers.filter((blocker) => blocker !== 'behind');
  if (rest.length > 0) return 'BLOCKED';
  if (blockers.includes('behind')) return 'BEHIND';
  return unstable ? 'UNSTABLE' : 'CLEAN';
}

export type ReviewDecision = 'APPROVED' | 'CHANGES_REQUESTED' | 'REVIEW_REQUIRED';

/** null where no review is required and nobody asked for changes. */
export function reviewDecision(standing: Standing): ReviewDecision | null {
  if (standing.changesRequestedBy.length > 0) return 'CHANGES_REQUESTED';
  const required = standing.rules?.requiredApprovals ?? 0;
  if (required === 0) return standing.approvedBy.length > 0 ? 'APPROVED' : null;
  return standing.approvedBy.length >= required ? 'APPROVED' : 'REVIEW_REQUIRED';
}
