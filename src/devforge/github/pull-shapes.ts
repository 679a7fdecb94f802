/**
 * GitHub's names for pull requests, reviews, comments, checks and statuses.
 *
 * P1 `mergeable` is null while it is computed. P2 A list shows the small shape, one pull request
 *    the whole one.
 */
import type { CheckRun, Comment, CommitStatus, Review, Thread, User } from '../model.ts';
import type { Pull } from '../pull.ts';
import type { Repo } from '../repo.ts';
import type { Urls } from './call.ts';
import { mergeState } from './merge-state.ts';
import { iso, isoOrNull, repoShape, userShape } from './shapes.ts';

type Shape = Readonly<Record<string, unknown>>;

export function association(user: User, repo: Repo): string {
  if (user.id === repo.owner.id) return 'OWNER';
  const role = repo.roleOf(user);
  if (role === 'write' || role === 'admin') return 'COLLABORATOR';
  return repo.pulls.some((p) => p.author.id === user.id && p.state === 'merged')
    ? 'CONTRIBUTOR'
    : 'NONE';
}

export function smallPullShape(pull: Pull, urls: Urls): Shape {
  const own = `${urls.api}/repos/${pull.repo.fullName}`;
  const web = `${urls.web}/${pull.repo.fullName}/pull/${pull.number}`;
  const self = `${own}/pulls/${pull.number}`;
  const comments = `${own}/issues/${pull.number}/comments`;
  const links = {
    self,
    html: web,
    issue: `${own}/issues/${pull.number}`,
    comments,
    review_comments: `${self}/comments`,
    review_comment: `${own}/pulls/comments{/number}`,
    commits: `${self}/commits`,
    statuses: `${own}/statuses/${pull.headSha}`,
  };
  return {
    url: self,
    id: pull.id,
    node_id: pull.nodeId,
    html_url: web,
    diff_url: `${web}.diff`,
    patch_url: `${web}.patch`,
    issue_url: links.issue,
    number: pull.number,
    state: pull.state === 'open' ? 'open' : 'closed',
    locked: false,
    title: pull.title,
    user: userShape(pull.author, urls),
    body: pull.body,
    created_at: iso(pull.createdAt),
    updated_at: iso(pull.updatedAt),
    closed_at: isoOrNull(pull.closedAt),
    merged_at: isoOrNull(pull.mergedAt),
    merge_commit_sha: pull.mergeCommit,
    assignee: null,
    assignees: [],
    requested_reviewers: pull.reviewers.map((user) => userShape(user, urls)),
    requested_teams: [],
    labels: pull.labels.map((name) => labelShape(name, pull, urls)),
    milestone: null,
    draft: pull.draft,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: comments,
    statuses_url: links.statuses,
    head: endShape(pull.headRepo, pull.headRef, pull.headSha, urls),
    base: endShape(pull.repo, pull.baseRef, pull.baseSha, urls),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
    author_association: association(pull.author, pull.repo),
    auto_merge: autoMergeShape(pull, urls),
    active_lock_reason: null,
  };
}

export async function pullShape(pull: Pull, urls: Urls): Promise<Shape> {
  const { git } = pull.repo;
  const open = pull.state === 'open';
  const standing = open ? await pull.standing() : null;
  await pull.fetchHead();
  const files = await git.changed(pull.baseSha, pull.headSha);
  const commits = await git.between(pull.baseSha, pull.headSha);
  const computing = standing === null || standing.blockers.includes('computing');
  return {
    ...smallPullShape(pull, urls),
    merged: pull.state === 'merged',
    mergeable: computing ? null : !standing.blockers.includes('conflict'), // P1
    rebaseable: computing ? null : !standing.blockers.includes('conflict'),
    mergeable_state: standing === null ? 'unknown' : mergeState(standing).toLowerCase(),
    merged_by: pull.mergedBy === null ? null : userShape(pull.mergedBy, urls),
    comments: pull.comments.length,
    review_comments: pull.threads.reduce((n, { comments }) => n + comments.length, 0),
    maintainer_can_modify: pull.maintainerCanModify,
    commits: commits.length,
    additions: files.reduce((n, { additions }) => n + additions, 0),
    deletions: files.reduce((n, { deletions }) => n + deletions, 0),
    changed_files: files.length,
  };
}

function autoMergeShape(pull: Pull, urls: Urls): Shape | null {
  if (pull.autoMerge === null) return null;
  return {
    enabled_by: userShape(pull.autoMerge.by, urls),
    merge_method: pull.autoMerge.method,
    commit_title: `${pull.title} (#${pull.number})`,
    commit_message: '',
  };
}

function endShape(repo: Repo, ref: string, sha: string, urls: Urls): Shape {
  return {
    label: `${repo.owner.login}:${ref}`,
    ref,
    sha,
    user: userShape(repo.owner, urls),
    repo: repoShape(repo, urls, 'read'),
  };
}

export function labelShape(name: string, pull: Pull, urls: Urls): Shape {
  const url = `${urls.api}/repos/${pull.repo.fullName}/labels/${encodeURIComponent(name)}`;
  const base = { id: 1, node_id: `LA_${name}`, url, name, color: 'ededed' };
  return { ...base, default: false, description: null };
}

export function issueCommentShape(comment: Comment, pull: Pull, urls: Urls): Shape {
  const own = `${urls.api}/repos/${pull.repo.fullName}/issues`;
  const web = `${urls.web}/${pull.repo.fullName}/pull/${pull.number}`;
  return {
    url: `${own}/comments/${comment.id}`,
    html_url: `${web}#issuecomment-${comment.id}`,
    issue_url: `${own}/${pull.number}`,
    id: comment.id,
    node_id: comment.nodeId,
    user: userShape(comment.author, urls),
    created_at: iso(comment.at),
    updated_at: iso(comment.at),
    author_association: association(comment.author, pull.repo),
    body: comment.body,
  };
}

export function reviewShape(review: Review, pull: Pull, urls: Urls): Shape {
  const web = `${urls.web}/${pull.repo.fullName}/pull/${pull.number}`;
  const html = `${web}#pullrequestreview-${review.id}`;
  const self = `${urls.api}/repos/${pull.repo.fullName}/pulls/${pull.number}`;
  return {
    id: review.id,
    node_id: review.nodeId,
    user: userShape(review.author, urls),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: self,
    author_association: association(review.author, pull.repo),
    _links: { html: { href: html }, pull_request: { href: self } },
    submitted_at: iso(review.at),
    commit_id: review.sha,
  };
}

export function threadCommentShape(
  comment: Comment,
  thread: Thread,
  pull: Pull,
  urls: Urls,
): Shape {
  const own = `${urls.api}/repos/${pull.repo.fullName}/pulls`;
  const html = `${urls.web}/${pull.repo.fullName}/pull/${pull.number}#discussion_r${comment.id}`;
  const self = `${own}/comments/${comment.id}`;
  const first = thread.comments[0];
  const reply = first === undefined || first.id === comment.id ? {} : { in_reply_to_id: first.id };
  return {
    url: self,
    pull_request_review_id: thread.review.id,
    id: comment.id,
    node_id: comment.nodeId,
    diff_hunk: '@@ -1 +1 @@',
    path: thread.path,
    position: thread.outdated ? undefined : 1,
    original_position: 1,
    commit_id: pull.headSha,
    original_commit_id: thread.sha,
    user: userShape(comment.author, urls),
    body: comment.body,
    created_at: iso(comment.at),
    updated_at: iso(comment.at),
    html_url: html,
    pull_request_url: `${own}/${pull.number}`,
    author_association: association(comment.author, pull.repo),
    _links: {
      self: { href: self },
      html: { href: html },
      pull_request: { href: `${own}/${pull.number}` },
    },
    line: thread.line,
    original_line: thread.line,
    side: 'RIGHT',
    subject_type: 'line',
    ...reply,
  };
}

export function checkShape(run: CheckRun, repo: Repo, urls: Urls): Shape {
  const own = `${urls.api}/repos/${repo.fullName}`;
  const web = `${urls.web}/${repo.fullName}/actions/runs/${run.suite}/job/${run.id}`;
  const at = `${own}/check-runs/${run.id}`;
  const end = (ref: string, sha: string): Shape => ({
    ref,
    sha,
    repo: { id: repo.id, url: own, name: repo.name },
  });
  return {
    id: run.id,
    name: run.name,
    node_id: `CR_kwDO${run.id}`,
    head_sha: run.sha,
    external_id: '',
    url: at,
    html_url: web,
    details_url: web,
    status: run.status,
    conclusion: run.conclusion,
    started_at: iso(run.startedAt),
    completed_at: isoOrNull(run.completedAt),
    output: {
      title: run.title,
      summary: run.summary,
      text: null,
      annotations_count: run.annotations.length,
      annotations_url: `${at}/annotations`,
    },
    check_suite: { id: run.suite },
    app: appShape(run.app, urls),
    pull_requests: repo.pulls
      .filter((p) => p.headSha === run.sha && p.state === 'open' && p.headRepo === repo)
      .map((p) => ({
        id: p.id,
        number: p.number,
        url: `${own}/pulls/${p.number}`,
        head: end(p.headRef, p.headSha),
        base: end(p.baseRef, p.baseSha),
      })),
  };
}

function appShape(slug: string, urls: Urls): Shape {
  const owner: User = { id: 9919, login: 'github', name: 'GitHub', type: 'Organization' };
  return {
    id: 15368,
    client_id: 'Iv1.0000000000000000',
    slug,
    node_id: 'A_kwDO15368',
    owner: userShape(owner, urls),
    name: slug,
    description: null,
    external_url: `${urls.web}/apps/${slug}`,
    html_url: `${urls.web}/apps/${slug}`,
    created_at: '2018-07-30T09:30:17Z',
    updated_at: '2018-07-30T09:30:17Z',
    permissions: { actions: 'write', checks: 'write', contents: 'read', metadata: 'read' },
    events: [],
  };
}

export function statusShape(status: CommitStatus, repo: Repo, urls: Urls): Shape {
  return {
    url: `${urls.api}/repos/${repo.fullName}/statuses/${status.sha}`,
    avatar_url: `${urls.web}/avatars/u/${status.creator.id}`,
    id: status.id,
    node_id: `SC_kwDO${status.id}`,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: iso(status.at),
    updated_at: iso(status.at),
  };
}
