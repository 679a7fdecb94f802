/**
 * GitLab's names for projects, merge requests, pipelines, jobs, discussions and approvals.
 *
 * S1 `detailed_merge_status` is one value by precedence, from `unchecked` over `checking`. S2 A
 *    head's checks and statuses together are its pipeline.
 */
import { createHash } from 'node:crypto';
import type { CommitInfo } from '../git-repository.ts';
import type { CheckRun, Comment, Review, Thread, User } from '../model.ts';
import type { Pull } from '../pull.ts';
import type { Repo } from '../repo.ts';
import { runPassed, type Standing } from '../standing.ts';
import type { ProjectCall } from './call.ts';

type Shape = Readonly<Record<string, unknown>>;

export function labTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

export function labUser(user: User, web: string): Shape {
  return {
    id: user.id,
    username: user.login,
    name: user.name,
    state: 'active',
    locked: false,
    avatar_url: null,
    web_url: `${web}/${user.login}`,
    ...(user.type === 'Bot' ? { bot: true } : {}),
  };
}

const LEVELS = { none: 0, read: 20, write: 30, admin: 50 } as const;

export function projectShape({ repo, access, web, api }: ProjectCall): Shape {
  const rules = repo.protections.get(repo.defaultBranch);
  const url = `${web}/${repo.fullName}`;
  const ff = !repo.mergeMethods.includes('merge');
  return {
    id: repo.id,
    name: repo.name,
    path: repo.name,
    path_with_namespace: repo.fullName,
    name_with_namespace: repo.fullName.replaceAll('/', ' / '),
    description: null,
    default_branch: repo.defaultBranch,
    visibility: repo.private ? 'private' : 'public',
    archived: repo.archived,
    empty_repo: repo.refs.size === 0,
    web_url: url,
    http_url_to_repo: `${url}.git`,
    ssh_url_to_repo: `git@devforge.invalid:${repo.fullName}.git`,
    namespace: { id: repo.owner.id, full_path: repo.owner.login, kind: 'group' },
    created_at: labTime(repo.createdAt),
    last_activity_at: labTime(repo.updatedAt),
    merge_method: ff ? 'ff' : 'merge',
    squash_option: squashOption(repo),
    only_allow_merge_if_pipeline_succeeds: (rules?.requiredChecks.length ?? 0) > 0,
    only_allow_merge_if_all_discussions_are_resolved: rules?.requireResolvedThreads ?? false,
    allow_merge_on_skipped_pipeline: false,
    remove_source_branch_after_merge: repo.deleteBranchOnMerge,
    merge_requests_access_level: 'enabled',
    merge_trains_enabled: rules?.mergeQueue ?? false,
    permissions: {
      project_access: { access_level: LEVELS[access], notification_level: 3 },
      group_access: null,
    },
    _links: { self: `${api}/projects/${repo.id}` },
  };
}

function squashOption({ mergeMethods }: Repo): string {
  if (!mergeMethods.includes('squash')) return 'never';
  return mergeMethods.length === 1 ? 'always' : 'default_off';
}

/** S1 */
export function detailedStatus(pull: Pull, standing: Standing | null): string {
  if (pull.state !== 'open') return 'not_open';
  if (standing === null) return 'unchecked';
  const { blockers } = standing;
  const words: readonly [Standing['blockers'][number], string][] = [
    ['computing', 'checking'],
    ['draft', 'draft_status'],
    ['threads', 'discussions_not_resolved'],
    ['approvals', 'not_approved'],
    ['changes_requested', 'requested_changes'],
    ['checks_failed', 'ci_must_pass'],
    ['checks_pending', 'ci_still_running'],
    ['conflict', 'conflict'],
    ['behind', 'need_rebase'],
  ];
  return words.find(([blocker]) => blockers.includes(blocker))?.[1] ?? 'mergeable';
}

/** `standing` null: a list that was not asked to look again. */
export function mergeRequestShape(pull: Pull, call: ProjectCall, standing: Standing | null): Shape {
  const { web, token, access } = call;
  const { repo } = pull;
  const draft = pull.draft ? 'Draft: ' : '';
  const known = pull.knownMergeable();
  const armed = pull.autoMerge !== null;
  const mayMerge = token !== null && (access === 'write' || access === 'admin');
  const squashed = pull.mergeCommit !== null && pull.mergedMethod === 'squash';
  return {
    id: pull.id,
    iid: pull.number,
    project_id: repo.id,
    source_project_id: pull.headRepo.id,
    target_project_id: repo.id,
    title: `${draft}${pull.title}`,
    description: pull.body,
    state: pull.state === 'open' ? 'opened' : pull.state,
    draft: pull.draft,
    work_in_progress: pull.draft,
    created_at: labTime(pull.createdAt),
    updated_at: labTime(pull.updatedAt),
    prepared_at: labTime(pull.createdAt),
    merged_at: labTime(pull.mergedAt),
    closed_at: labTime(pull.state === 'closed' ? pull.closedAt : null),
    merged_by: pull.mergedBy === null ? null : labUser(pull.mergedBy, web),
    merge_user: pull.mergedBy === null ? null : labUser(pull.mergedBy, web),
    closed_by:
      pull.state !== 'closed' || pull.closedBy === null ? null : labUser(pull.closedBy, web),
    author: labUser(pull.author, web),
    assignees: [],
    reviewers: pull.reviewers.map((user) => labUser(user, web)),
    labels: pull.labels,
    source_branch: pull.headRef,
    target_branch: pull.baseRef,
    sha: pull.headSha,
    diff_refs: { base_sha: pull.baseSha, head_sha: pull.headSha, start_sha: pull.baseSha },
    merge_commit_sha: squashed ? null : pull.mergeCommit,
    squash_commit_sha: squashed ? pull.mergeCommit : null,
    squash: false,
    merge_status: known === 'unknown' ? 'unchecked' : wordsOf(known),
    detailed_merge_status: detailedStatus(pull, standing),
    has_conflicts: known === 'conflicting',
    blocking_discussions_resolved: pull.threads.every(({ resolvedBy }) => resolvedBy !== null),
    merge_when_pipeline_succeeds: armed,
    should_remove_source_branch: repo.deleteBranchOnMerge,
    force_remove_source_branch: repo.deleteBranchOnMerge,
    rebase_in_progress: false,
    merge_error: null,
    user_notes_count: pull.comments.length,
    changes_count: null,
    head_pipeline: pipelineShape(repo, pull.headSha, web),
    reference: `!${pull.number}`,
    references: { short: `!${pull.number}`, full: `${repo.fullName}!${pull.number}` },
    web_url: `${web}/${repo.fullName}/-/merge_requests/${pull.number}`,
    user: { can_merge: mayMerge },
  };
}

function wordsOf(known: 'mergeable' | 'conflicting'): string {
  return known === 'mergeable' ? 'can_be_merged' : 'cannot_be_merged';
}

export function jobStatus(run: CheckRun): string {
  if (run.status === 'queued' || run.status === 'waiting') return 'pending';
  if (run.status !== 'completed') return 'running';
  if (run.conclusion === 'cancelled') return 'canceled';
  if (run.conclusion === 'skipped') return 'skipped';
  if (run.conclusion === 'action_required') return 'manual';
  return runPassed(run) ? 'success' : 'failed';
}

/** S2. null: no pipeline ran for it. */
export function pipelineShape(repo: Repo, sha: string, web: string): Shape | null {
  const runs = repo.latestChecks(sha);
  const statuses = repo.latestStatuses(sha);
  const id = runs[0]?.suite ?? statuses[0]?.id;
  if (id === undefined) return null;
  const states = [
    ...runs.map(jobStatus),
    ...statuses.map(({ state }) =>
      state === 'success' ? 'success' : state === 'pending' ? 'running' : 'failed',
    ),
  ];
  const one = (word: string): boolean => states.includes(word);
  const active = one('running') || one('pending');
  const status = active ? 'running' : one('failed') ? 'failed' : ended(states);
  return {
    id,
    iid: 1,
    project_id: repo.id,
    sha,
    ref: repo.pulls.find(({ headSha }) => headSha === sha)?.headRef ?? repo.defaultBranch,
    status,
    source: 'merge_request_event',
    created_at: labTime(repo.updatedAt),
    updated_at: labTime(repo.updatedAt),
    web_url: `${web}/${repo.fullName}/-/pipelines/${id}`,
  };
}

function ended(states: readonly string[]): string {
  if (states.includes('canceled')) return 'canceled';
  return states.every((state) => state === 'skipped') ? 'skipped' : 'success';
}

export function jobShape(run: CheckRun, repo: Repo, web: string): Shape {
  const status = jobStatus(run);
  return {
    id: run.id,
    name: run.name,
    stage: 'test',
    status,
    ref: repo.pulls.find(({ headSha }) => headSha === run.sha)?.headRef ?? repo.defaultBranch,
    allow_failure: false,
    created_at: labTime(run.startedAt),
    started_at: labTime(run.startedAt),
    finished_at: labTime(run.completedAt),
    failure_reason: status === 'failed' ? 'script_failure' : undefined,
    web_url: `${web}/${repo.fullName}/-/jobs/${run.id}`,
    commit: { id: run.sha },
    pipeline: pipelineShape(repo, run.sha, web),
  };
}

/** GitLab calls a thread by forty hexadecimal digits. */
export function discussionId(thread: Thread): string {
  return createHash('sha1').update(thread.id).digest('hex');
}

export function threadDiscussion(thread: Thread, pull: Pull, web: string): Shape {
  const notes = thread.comments.map((comment) => ({
    ...noteShape(comment, pull, web),
    type: 'DiffNote',
    resolvable: true,
    resolved: thread.resolvedBy !== null,
    resolved_by: thread.resolvedBy === null ? null : labUser(thread.resolvedBy, web),
    position: {
      base_sha: pull.baseSha,
      start_sha: pull.baseSha,
      head_sha: thread.sha,
      position_type: 'text',
      old_path: thread.path,
      new_path: thread.path,
      old_line: null,
      new_line: thread.line,
    },
  }));
  return { id: discussionId(thread), individual_note: false, notes };
}

export function noteShape(comment: Comment, pull: Pull, web: string): Shape {
  return {
    id: comment.id,
    type: null,
    body: comment.body,
    author: labUser(comment.author, web),
    created_at: labTime(comment.at),
    updated_at: labTime(comment.at),
    system: false,
    noteable_id: pull.id,
    noteable_type: 'MergeRequest',
    noteable_iid: pull.number,
    project_id: pull.repo.id,
    resolvable: false,
    confidential: false,
    internal: false,
  };
}

/** What GitLab says of itself: such notes are nobody's feedback. */
export function systemNote(review: Review, pull: Pull, web: string): Shape {
  const words: Readonly<Record<string, string>> = {
    APPROVED: 'approved this merge request',
    CHANGES_REQUESTED: 'requested changes',
  };
  const body = words[review.state] ?? 'left review comments';
  const comment = { ...review, body };
  return { ...noteShape(comment, pull, web), system: true };
}

export function approvalsShape(pull: Pull, standing: Standing, web: string): Shape {
  const required = standing.rules?.requiredApprovals ?? 0;
  const left = Math.max(required - standing.approvedBy.length, 0);
  return {
    id: pull.id,
    iid: pull.number,
    project_id: pull.repo.id,
    approved: left === 0,
    approvals_required: required,
    approvals_left: left,
    approved_by: standing.approvedBy.map((user) => ({ user: labUser(user, web) })),
    user_has_approved: false,
    user_can_approve: true,
  };
}

export function labCommit(commit: CommitInfo, repo: Repo, web: string): Shape {
  return {
    id: commit.sha,
    short_id: commit.sha.slice(0, 8),
    title: commit.message.split('\n')[0] ?? '',
    message: commit.message,
    author_name: commit.author.name,
    author_email: commit.author.email,
    authored_date: labTime(commit.author.at),
    committer_name: commit.committer.name,
    committer_email: commit.committer.email,
    committed_date: labTime(commit.committer.at),
    created_at: labTime(commit.committer.at),
    parent_ids: commit.parents,
    web_url: `${web}/${repo.fullName}/-/commit/${commit.sha}`,
  };
}
