/**
 * A merge request as a snapshot. Pure.
 *
 * S1 What was merged is told by the commit on the target: the merge commit, else the squashed one,
 *    else (fast-forward) the head itself.
 */
import type { Commit } from '../../core/ids.ts';
import { issuesNamed } from '../../core/issue.ts';
import type {
  Checks,
  ForgeProject,
  Known,
  PullRequestSnapshot,
  Review,
  Threads,
} from '../../core/pull-request.ts';
import type { Instant } from '../../core/time.ts';
import { dateOf } from '../wire.ts';
import { isDraft, isMergeableNow, mergeabilityOf, stateOf, wordOf } from './merge-status.ts';
import { refOf, type Approvals, type LabMergeRequest } from './shapes.ts';

/** What was read besides the merge request itself. */
export interface Groups {
  readonly checks: Known<Checks>;
  readonly review: Known<Review>;
  readonly threads: Known<Threads>;
  readonly queue: PullRequestSnapshot['queue'];
  readonly headProject: string | null;
  readonly mustDescend: boolean;
}

export function snapshotOf(
  project: ForgeProject,
  mr: LabMergeRequest,
  groups: Groups,
  now: Instant,
): PullRequestSnapshot {
  const state = stateOf(mr);
  const { checks, review, threads, queue, headProject } = groups;
  return {
    ref: refOf(project, mr),
    state,
    draft: isDraft(mr),
    title: mr.title,
    fixes: issuesNamed(`${mr.title}\n${mr.description ?? ''}`),
    author: mr.author?.username ?? 'ghost',
    head: mr.sha,
    headBranch: mr.source_branch,
    headProject,
    baseBranch: mr.target_branch,
    mergeability: mergeabilityOf(mr, groups.mustDescend),
    mergeableNow: isMergeableNow(mr),
    checks,
    review,
    threads,
    queue,
    nativeAutoMerge: { is: 'complete', value: mr.merge_when_pipeline_succeeds === true },
    mergeCommit: state === 'merged' ? mergeCommitOf(mr) : null,
    mergedBy: state === 'merged' ? ((mr.merge_user ?? mr.merged_by)?.username ?? null) : null,
    closedBy: state === 'closed' ? (mr.closed_by?.username ?? null) : null,
    updatedAt: dateOf(mr.updated_at),
    observedAt: now,
  };
}

/** S1 */
export function mergeCommitOf(mr: LabMergeRequest): Commit {
  return mr.merge_commit_sha ?? mr.squash_commit_sha ?? mr.sha;
}

/** Nothing besides the merge request itself, for the reason `why`. */
export function unread(why: string, mr: LabMergeRequest, project: ForgeProject): Groups {
  const unknown = { is: 'unknown', why } as const;
  const headProject = isFork(mr) ? null : refOf(project, mr).project.path;
  return {
    checks: unknown,
    review: unknown,
    threads: unknown,
    queue: unknown,
    headProject,
    mustDescend: false,
  };
}

export function isFork({
  source_project_id: source,
  target_project_id: target,
}: LabMergeRequest): boolean {
  return source === null || (target !== null && source !== target);
}

/** A request for changes stands, also where no rule asks for approvals. */
export function reviewOf(
  mr: LabMergeRequest,
  approvals: Approvals,
  asksForChanges: boolean,
): Known<Review> {
  const word = wordOf(mr);
  if (asksForChanges || word === 'requested_changes') {
    return { is: 'complete', value: { decision: 'changes_requested', approvalsLeft: null } };
  }
  if (word === 'approvals_syncing') return { is: 'unknown', why: word };
  // A server that does not count them has no rule about them, unless its word is about one.
  const left = approvals.approvals_left ?? (word === 'not_approved' ? null : 0);
  if (left !== 0) return { is: 'complete', value: { decision: 'required', approvalsLeft: left } };
  const decision = (approvals.approved_by ?? []).length > 0 ? 'approved' : 'none';
  return { is: 'complete', value: { decision, approvalsLeft: 0 } };
}
