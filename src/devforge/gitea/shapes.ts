/**
 * Gitea's names for repositories, branches, pull requests, reviews and statuses.
 *
 * S1 `mergeable` is false while it is computed: Gitea has no third value. S2 A draft is a title
 *    that begins with `WIP:`. S3 Checks are commit statuses here, since Gitea has nothing else.
 */
import type { CommitInfo } from '../git-repository.ts';
import type { Access, CheckRun, Comment, CommitStatus, Review, Thread, User } from '../model.ts';
import type { Pull } from '../pull.ts';
import type { Repo } from '../repo.ts';
import { runPassed } from '../standing.ts';
import type { TeaRepoCall } from './call.ts';

type Shape = Readonly<Record<string, unknown>>;

export function teaTime(at: number | null): string | null {
  return at === null ? null : `${new Date(at).toISOString().slice(0, 19)}Z`;
}

export function teaUser(user: User, web: string): Shape {
  return {
    id: user.id,
    login: user.login,
    login_name: '',
    source_id: 0,
    full_name: user.name,
    email: `${user.login}@noreply.devforge.invalid`,
    avatar_url: `${web}/avatars/${user.id}`,
    html_url: `${web}/${user.login}`,
    language: '',
    is_admin: false,
    last_login: '2026-01-01T00:00:00Z',
    created: '2026-01-01T00:00:00Z',
    restricted: false,
    active: true,
    prohibit_login: false,
    location: '',
    website: '',
    description: '',
    visibility: 'public',
    followers_count: 0,
    following_count: 0,
    starred_repos_count: 0,
    username: user.login,
  };
}

export function teaRepo(repo: Repo, access: Access, web: string, api: string): Shape {
  const writes = access === 'write' || access === 'admin';
  return {
    id: repo.id,
    owner: teaUser(repo.owner, web),
    name: repo.name,
    full_name: repo.fullName,
    description: '',
    empty: repo.refs.size === 0,
    private: repo.private,
    fork: false,
    template: false,
    mirror: false,
    size: 1,
    url: `${api}/repos/${repo.fullName}`,
    html_url: `${web}/${repo.fullName}`,
    clone_url: `${web}/${repo.fullName}.git`,
    ssh_url: `git@devforge.invalid:${repo.fullName}.git`,
    default_branch: repo.defaultBranch,
    archived: repo.archived,
    created_at: teaTime(repo.createdAt),
    updated_at: teaTime(repo.updatedAt),
    permissions: { admin: access === 'admin', push: writes, pull: access !== 'none' },
    has_pull_requests: true,
    allow_merge_commits: repo.mergeMethods.includes('merge'),
    allow_rebase: repo.mergeMethods.includes('rebase'),
    allow_rebase_explicit: repo.mergeMethods.includes('rebase'),
    allow_squash_merge: repo.mergeMethods.includes('squash'),
    allow_fast_forward_only_merge: false,
    allow_rebase_update: true,
    default_delete_branch_after_merge: repo.deleteBranchOnMerge,
    default_merge_style: repo.mergeMethods[0] ?? 'merge',
    internal: false,
    open_pr_counter: repo.pulls.filter(({ state }) => state === 'open').length,
  };
}

export async function teaBranch(
  name: string,
  sha: string,
  { repo, access, web }: TeaRepoCall,
): Promise<Shape> {
  const commit = await repo.git.commit(sha);
  const rules = repo.protections.get(name);
  const writes = access === 'write' || access === 'admin';
  return {
    name,
    commit: {
      id: sha,
      message: commit.message,
      url: `${web}/${repo.fullName}/commit/${sha}`,
      author: { name: commit.author.name, email: commit.author.email, username: '' },
      committer: { name: commit.committer.name, email: commit.committer.email, username: '' },
      timestamp: teaTime(commit.committer.at),
      added: null,
      removed: null,
      modified: null,
    },
    protected: rules !== undefined,
    required_approvals: rules?.requiredApprovals ?? 0,
    enable_status_check: (rules?.requiredChecks.length ?? 0) > 0,
    status_check_contexts: rules?.requiredChecks ?? [],
    user_can_push: rules === undefined && writes,
    user_can_merge: writes,
    effective_branch_protection_name: rules === undefined ? '' : name,
  };
}

export function teaProtection(name: string, repo: Repo): Shape | null {
  const rules = repo.protections.get(name);
  if (rules === undefined) return null;
  return {
    branch_name: name,
    rule_name: name,
    enable_push: false,
    required_approvals: rules.requiredApprovals,
    enable_status_check: rules.requiredChecks.length > 0,
    status_check_contexts: rules.requiredChecks,
    dismiss_stale_approvals: rules.dismissStale,
    block_on_rejected_reviews: rules.requiredApprovals > 0,
    block_on_outdated_branch: rules.requireUpToDate,
    created_at: teaTime(repo.createdAt),
    updated_at: teaTime(repo.updatedAt),
  };
}

export async function teaPull(pull: Pull, call: TeaRepoCall): Promise<Shape> {
  const { web, api } = call;
  const { repo } = pull;
  const open = pull.state === 'open';
  const mergeable = open && (await pull.mergeable()) === 'mergeable'; // S1
  const url = `${web}/${repo.fullName}/pulls/${pull.number}`;
  const end = (of: Repo, ref: string, sha: string): Shape => ({
    label: ref,
    ref,
    sha,
    repo_id: of.id,
    repo: teaRepo(of, 'read', web, api),
  });
  return {
    id: pull.id,
    url,
    number: pull.number,
    user: teaUser(pull.author, web),
    title: pull.draft ? `WIP: ${pull.title}` : pull.title, // S2
    body: pull.body ?? '',
    labels: pull.labels.map((name, id) => ({ id, name, color: 'ededed' })),
    milestone: null,
    assignee: null,
    assignees: null,
    requested_reviewers: pull.reviewers.map((user) => teaUser(user, web)),
    state: open ? 'open' : 'closed',
    draft: pull.draft,
    is_locked: false,
    comments: pull.comments.length,
    review_comments: pull.threads.length,
    html_url: url,
    diff_url: `${url}.diff`,
    patch_url: `${url}.patch`,
    mergeable,
    merged: pull.state === 'merged',
    merged_at: teaTime(pull.mergedAt),
    merge_commit_sha: pull.mergeCommit,
    merged_by: pull.mergedBy === null ? null : teaUser(pull.mergedBy, web),
    allow_maintainer_edit: pull.maintainerCanModify,
    base: end(repo, pull.baseRef, pull.baseSha),
    head: end(pull.headRepo, pull.headRef, pull.headSha),
    merge_base: await repo.git.mergeBase(pull.baseSha, pull.headSha),
    due_date: null,
    created_at: teaTime(pull.createdAt),
    updated_at: teaTime(pull.updatedAt),
    closed_at: teaTime(pull.closedAt),
    pin_order: 0,
  };
}

const STATES: Readonly<Record<string, string>> = {
  APPROVED: 'APPROVED',
  CHANGES_REQUESTED: 'REQUEST_CHANGES',
  COMMENTED: 'COMMENT',
  DISMISSED: 'APPROVED',
};

export function teaReview(review: Review, pull: Pull, web: string): Shape {
  const role = pull.repo.roleOf(review.author);
  return {
    id: review.id,
    user: teaUser(review.author, web),
    team: null,
    state: STATES[review.state] ?? 'COMMENT',
    body: review.body,
    commit_id: review.sha,
    stale: review.sha !== pull.headSha,
    official: role === 'write' || role === 'admin',
    dismissed: review.state === 'DISMISSED',
    comments_count: pull.threads.filter((thread) => thread.review === review).length,
    submitted_at: teaTime(review.at),
    updated_at: teaTime(review.at),
    html_url: `${web}/${pull.repo.fullName}/pulls/${pull.number}#issuecomment-${review.id}`,
    pull_request_url: `${web}/${pull.repo.fullName}/pulls/${pull.number}`,
  };
}

export function teaReviewComment(comment: Comment, thread: Thread, pull: Pull, web: string): Shape {
  return {
    id: comment.id,
    body: comment.body,
    user: teaUser(comment.author, web),
    resolver: thread.resolvedBy === null ? null : teaUser(thread.resolvedBy, web),
    pull_request_review_id: thread.review.id,
    created_at: teaTime(comment.at),
    updated_at: teaTime(comment.at),
    path: thread.path,
    commit_id: thread.sha,
    original_commit_id: thread.sha,
    diff_hunk: '@@ -1 +1 @@',
    position: thread.line,
    original_position: thread.line,
    html_url: `${web}/${pull.repo.fullName}/pulls/${pull.number}#issuecomment-${comment.id}`,
    pull_request_url: `${web}/${pull.repo.fullName}/pulls/${pull.number}`,
  };
}

export function teaComment(comment: Comment, pull: Pull, web: string): Shape {
  const url = `${web}/${pull.repo.fullName}/pulls/${pull.number}`;
  return {
    id: comment.id,
    html_url: `${url}#issuecomment-${comment.id}`,
    pull_request_url: url,
    issue_url: '',
    user: teaUser(comment.author, web),
    original_author: '',
    original_author_id: 0,
    body: comment.body,
    assets: [],
    created_at: teaTime(comment.at),
    updated_at: teaTime(comment.at),
  };
}

/** S3 */
export function teaStatuses(repo: Repo, sha: string, web: string): readonly Shape[] {
  return [
    ...repo.latestChecks(sha).map((run) => checkStatus(run, repo, web)),
    ...repo.latestStatuses(sha).map((status) => commitStatus(status, web)),
  ];
}

export function combinedState(statuses: readonly Shape[]): string {
  const states = statuses.map(({ status }) => status);
  const worst = ['error', 'failure', 'warning', 'pending', 'success'];
  return worst.find((state) => states.includes(state)) ?? '';
}

function jobUrl(run: CheckRun, repo: Repo, web: string): string {
  return `${web}/${repo.fullName}/actions/runs/${run.suite}/jobs/${run.id}`;
}

export function teaJob(run: CheckRun, repo: Repo, web: string): Shape {
  const conclusion = run.conclusion === null ? '' : runPassed(run) ? 'success' : 'failure';
  return {
    id: run.id,
    run_id: run.suite,
    name: run.name,
    head_sha: run.sha,
    html_url: jobUrl(run, repo, web),
    status: run.status,
    conclusion,
    steps: [{ name: run.step, number: 1, status: run.status, conclusion }],
  };
}

function checkStatus(run: CheckRun, repo: Repo, web: string): Shape {
  const done = run.status === 'completed';
  return {
    id: run.id,
    status: done ? (runPassed(run) ? 'success' : 'failure') : 'pending',
    target_url: jobUrl(run, repo, web),
    description: run.title ?? '',
    url: '',
    context: run.name,
    creator: null,
    created_at: teaTime(run.startedAt),
    updated_at: teaTime(run.completedAt ?? run.startedAt),
  };
}

function commitStatus(status: CommitStatus, web: string): Shape {
  return {
    id: status.id,
    status: status.state,
    target_url: status.targetUrl ?? '',
    description: status.description ?? '',
    url: '',
    context: status.context,
    creator: teaUser(status.creator, web),
    created_at: teaTime(status.at),
    updated_at: teaTime(status.at),
  };
}

export function teaCommit(commit: CommitInfo, repo: Repo, web: string): Shape {
  const who = ({ name, email, at }: CommitInfo['author']): Shape => ({
    name,
    email,
    date: teaTime(at),
  });
  return {
    sha: commit.sha,
    url: `${web}/${repo.fullName}/commit/${commit.sha}`,
    html_url: `${web}/${repo.fullName}/commit/${commit.sha}`,
    created: teaTime(commit.committer.at),
    commit: {
      message: commit.message,
      author: who(commit.author),
      committer: who(commit.committer),
      tree: { sha: commit.tree, url: '', created: teaTime(commit.committer.at) },
    },
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({ sha, url: '', created: '0001-01-01T00:00:00Z' })),
  };
}
