/**
 * A pull request as a snapshot. Pure.
 *
 * S1 Gitea's `mergeable` is about conflicts alone. That a head may be merged now is our sum of it,
 *    of the required statuses and of the reviews; anything unknown makes it no.
 * S2 It does not tell of threads, queues or a merge that waits for checks: unsupported, and the
 *    next signal counts.
 */
import { issuesNamed } from '../../core/issue.ts';
import type {
  Checks,
  ForgeProject,
  Known,
  Mergeability,
  PullRequestSnapshot,
  Review,
} from '../../core/pull-request.ts';
import type { Instant } from '../../core/time.ts';
import { dateOf } from '../wire.ts';
import { isDraft, refOf, stateOf, type TeaPull } from './shapes.ts';

export interface Groups {
  readonly checks: Known<Checks>;
  readonly review: Known<Review>;
  readonly mergeability: Known<Mergeability>;
  readonly mergeableNow: boolean;
}

export function snapshotOf(
  project: ForgeProject,
  pull: TeaPull,
  groups: Groups,
  now: Instant,
): PullRequestSnapshot {
  const state = stateOf(pull);
  const unsupported = { is: 'unsupported' } as const; // S2
  return {
    ref: refOf(project, pull),
    state,
    draft: isDraft(pull),
    title: pull.title,
    fixes: issuesNamed(`${pull.title}\n${pull.body ?? ''}`),
    author: pull.user?.login ?? 'ghost',
    head: pull.head.sha,
    headBranch: pull.head.ref,
    headProject: pull.head.repo?.full_name ?? null,
    baseBranch: pull.base.ref,
    mergeability: groups.mergeability,
    mergeableNow: groups.mergeableNow,
    checks: groups.checks,
    review: groups.review,
    threads: unsupported,
    queue: unsupported,
    nativeAutoMerge: unsupported,
    mergeCommit: state === 'merged' ? pull.merge_commit_sha : null,
    mergedBy: state === 'merged' ? (pull.merged_by?.login ?? null) : null,
    closedBy: null, // it does not tell
    updatedAt: dateOf(pull.updated_at),
    observedAt: now,
  };
}

/** Nothing besides the pull request itself, for the reason `why`. */
export function unread(why: string): Groups {
  const unknown = { is: 'unknown', why } as const;
  return { checks: unknown, review: unknown, mergeability: unknown, mergeableNow: false };
}

/** S1: what is required is there. */
export function isMergeableNow(checks: Known<Checks>, review: Known<Review>): boolean {
  if (checks.is !== 'complete' || review.is !== 'complete') return false;
  const { required } = checks.value;
  if (required === null || required.failed + required.pending + required.missing > 0) return false;
  return ['approved', 'none'].includes(review.value.decision);
}
