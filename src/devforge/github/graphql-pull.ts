/**
 * GitHub's GraphQL types of repositories, pull requests, reviews and threads.
 *
 * Q1 How a pull request stands is judged once per answer, and only when a field asks for it.
 */
import type { Review, Thread } from '../model.ts';
import type { Pull } from '../pull.ts';
import type { Repo } from '../repo.ts';
import { latestOpinions, type Standing } from '../standing.ts';
import { commitSource, rollupSource } from './graphql-checks.ts';
import { typed } from './graphql-cost.ts';
import { commentSource, connection, mustHave, personSource } from './graphql-parts.ts';
import type { Args, Source, Viewer } from './graphql-parts.ts';
import { mergeState, reviewDecision } from './merge-state.ts';
import { association } from './pull-shapes.ts';
import { iso, isoOrNull } from './shapes.ts';

export function repoSource(viewer: Viewer, repo: Repo): Source {
  const access = viewer.world.accessOf(viewer.token, repo);
  const rights = { none: null, read: 'READ', write: 'WRITE', admin: 'ADMIN' } as const;
  return {
    __typename: 'Repository',
    id: repo.nodeId,
    databaseId: repo.id,
    name: repo.name,
    nameWithOwner: repo.fullName,
    owner: personSource(repo.owner, viewer.urls),
    url: `${viewer.urls.web}/${repo.fullName}`,
    isArchived: repo.archived,
    isPrivate: repo.private,
    isDisabled: false,
    isEmpty: repo.refs.size === 0,
    isFork: false,
    isInOrganization: false,
    parent: null,
    hasIssuesEnabled: true,
    hasWikiEnabled: false,
    hasProjectsEnabled: false,
    description: null,
    viewerPermission: rights[access],
    viewerCanAdminister: access === 'admin',
    viewerDefaultMergeMethod: (repo.mergeMethods[0] ?? 'merge').toUpperCase(),
    mergeCommitAllowed: repo.mergeMethods.includes('merge'),
    squashMergeAllowed: repo.mergeMethods.includes('squash'),
    rebaseMergeAllowed: repo.mergeMethods.includes('rebase'),
    autoMergeAllowed: repo.allowAutoMerge,
    deleteBranchOnMerge: repo.deleteBranchOnMerge,
    defaultBranchRef: refSource(viewer, repo, repo.defaultBranch),
    ref: ({ qualifiedName }: Args) =>
      refSource(viewer, repo, String(qualifiedName).replace(/^refs\/heads\//, '')),
    pullRequest: ({ number }: Args) => onePull(viewer, repo, number),
    pullRequests: (args: Args) => {
      mustHave(viewer, repo, 'pull_requests', 'read');
      return connection(chosen(repo, args), args, (pull) => pullSource(viewer, pull));
    },
    mergeQueue: ({ branch }: Args) =>
      queueSource(repo, typeof branch === 'string' ? branch : repo.defaultBranch),
  };
}

function onePull(viewer: Viewer, repo: Repo, number: unknown): Source {
  mustHave(viewer, repo, 'pull_requests', 'read');
  const pull = repo.findPull(Number(number));
  if (pull === null) {
    const missing = `Could not resolve to a PullRequest with the number of ${String(number)}.`;
    throw typed(missing, 'NOT_FOUND');
  }
  return pullSource(viewer, pull);
}

function chosen(repo: Repo, args: Args): readonly Pull[] {
  const { states, headRefName, baseRefName } = args;
  const found = repo.pulls.filter(
    (pull) =>
      (!Array.isArray(states) || states.includes(pull.state.toUpperCase())) &&
      (typeof headRefName !== 'string' || pull.headRef === headRefName) &&
      (typeof baseRefName !== 'string' || pull.baseRef === baseRefName),
  );
  const order = JSON.stringify(args['orderBy'] ?? {});
  const by = (pull: Pull): number => (order.includes('UPDATED_AT') ? pull.updatedAt : pull.number);
  const sign = order.includes('DESC') ? -1 : 1;
  return found.sort((a, b) => sign * (by(a) - by(b)));
}

function refSource(viewer: Viewer, repo: Repo, name: string): Source | null {
  const sha = repo.refs.get(name);
  if (sha === undefined) return null;
  const rules = repo.protections.get(name);
  return {
    __typename: 'Ref',
    id: `REF_kwDO${Buffer.from(name).toString('hex').slice(0, 24)}`,
    name,
    prefix: 'refs/heads/',
    target: () => commitSource(viewer, repo, sha),
    branchProtectionRule:
      rules === undefined
        ? null
        : {
            __typename: 'BranchProtectionRule',
            id: `BPR_kwDO${repo.id}`,
            pattern: name,
            requiresStatusChecks: rules.requiredChecks.length > 0,
            requiredStatusCheckContexts: rules.requiredChecks,
            requiresStrictStatusChecks: rules.requireUpToDate,
            requiresApprovingReviews: rules.requiredApprovals > 0,
            requiredApprovingReviewCount: rules.requiredApprovals,
            dismissesStaleReviews: rules.dismissStale,
            requiresConversationResolution: rules.requireResolvedThreads,
          },
  };
}

function queueSource(repo: Repo, branch: string): Source | null {
  if (repo.protections.get(branch)?.mergeQueue !== true) return null;
  return {
    __typename: 'MergeQueue',
    id: `MQ_kwDO${repo.id}`,
    url: `/${repo.fullName}/queue/${branch}`,
    entries: (args: Args) =>
      connection(queued(repo, branch), args, (pull) => entrySource(pull, branch)),
  };
}

function queued(repo: Repo, branch: string): readonly Pull[] {
  const waiting = repo.pulls.filter((pull) => pull.queue !== null && pull.baseRef === branch);
  return waiting.sort((a, b) => (a.queue?.id ?? 0) - (b.queue?.id ?? 0));
}

function entrySource(pull: Pull, branch: string): Source | null {
  if (pull.queue === null) return null;
  return {
    __typename: 'MergeQueueEntry',
    id: `MQE_kwDO${pull.queue.id}`,
    state: pull.queue.state,
    position: queued(pull.repo, branch).indexOf(pull) + 1,
    enqueuedAt: iso(pull.queue.at),
    estimatedTimeToMerge: null,
    jump: false,
    solo: false,
  };
}

export function pullSource(viewer: Viewer, pull: Pull): Source {
  return { ...pullFacts(viewer, pull), ...pullJudged(pull), ...pullLists(viewer, pull) };
}

function pullFacts(viewer: Viewer, pull: Pull): Source {
  const { repo, headRepo } = pull;
  const { urls } = viewer;
  return {
    __typename: 'PullRequest',
    id: pull.nodeId,
    databaseId: pull.id,
    fullDatabaseId: String(pull.id),
    number: pull.number,
    state: pull.state.toUpperCase(),
    title: pull.title,
    body: pull.body ?? '',
    bodyText: pull.body ?? '',
    url: `${urls.web}/${repo.fullName}/pull/${pull.number}`,
    permalink: `${urls.web}/${repo.fullName}/pull/${pull.number}`,
    isDraft: pull.draft,
    closed: pull.state !== 'open',
    merged: pull.state === 'merged',
    locked: false,
    createdAt: iso(pull.createdAt),
    updatedAt: iso(pull.updatedAt),
    closedAt: isoOrNull(pull.closedAt),
    mergedAt: isoOrNull(pull.mergedAt),
    mergedBy: pull.mergedBy === null ? null : personSource(pull.mergedBy, urls),
    mergeCommit: () =>
      pull.mergeCommit === null ? null : commitSource(viewer, repo, pull.mergeCommit),
    author: personSource(pull.author, urls),
    authorAssociation: association(pull.author, repo),
    headRefName: pull.headRef,
    headRefOid: pull.headSha,
    baseRefName: pull.baseRef,
    baseRefOid: pull.baseSha,
    headRef: () => refSource(viewer, headRepo, pull.headRef),
    baseRef: () => refSource(viewer, repo, pull.baseRef),
    headRepository: () => repoSource(viewer, headRepo),
    headRepositoryOwner: personSource(headRepo.owner, urls),
    baseRepository: () => repoSource(viewer, repo),
    repository: () => repoSource(viewer, repo),
    isCrossRepository: headRepo !== repo,
    maintainerCanModify: pull.maintainerCanModify,
    viewerDidAuthor: pull.author.id === viewer.token.user.id,
    milestone: null,
    isInMergeQueue: pull.queue !== null,
    isMergeQueueEnabled: repo.protections.get(pull.baseRef)?.mergeQueue === true,
    mergeQueueEntry: entrySource(pull, pull.baseRef),
    mergeQueue: queueSource(repo, pull.baseRef),
    autoMergeRequest:
      pull.autoMerge === null
        ? null
        : {
            enabledAt: iso(pull.autoMerge.at),
            enabledBy: personSource(pull.autoMerge.by, urls),
            mergeMethod: pull.autoMerge.method.toUpperCase(),
            commitHeadline: null,
            commitBody: null,
            authorEmail: null,
          },
  };
}

/** Q1 */
function pullJudged(pull: Pull): Source {
  const cell: { judged: Promise<Standing> | null } = { judged: null };
  const standing = async (): Promise<Standing> => {
    cell.judged ??= pull.standing();
    return await cell.judged;
  };
  return {
    mergeable: async () => {
      if (pull.state !== 'open') return 'UNKNOWN';
      const { blockers } = await standing();
      if (blockers.includes('computing')) return 'UNKNOWN';
      return blockers.includes('conflict') ? 'CONFLICTING' : 'MERGEABLE';
    },
    mergeStateStatus: async () =>
      pull.state === 'open' ? mergeState(await standing()) : 'UNKNOWN',
    reviewDecision: async () => reviewDecision(await standing()),
  };
}

function pullLists(viewer: Viewer, pull: Pull): Source {
  const { repo } = pull;
  const { urls } = viewer;
  return {
    comments: (args: Args) =>
      connection(pull.comments, args, (one) => commentSource(one, pull, 'IssueComment', viewer)),
    reviews: (args: Args) => {
      const { states } = args;
      const found = pull.reviews.filter(
        ({ state }) => !Array.isArray(states) || states.includes(state),
      );
      return connection(found, args, (review) => reviewSource(viewer, pull, review));
    },
    latestReviews: (args: Args) =>
      connection(latestOpinions(pull), args, (review) => reviewSource(viewer, pull, review)),
    latestOpinionatedReviews: (args: Args) =>
      connection(latestOpinions(pull), args, (review) => reviewSource(viewer, pull, review)),
    reviewRequests: (args: Args) =>
      connection(pull.reviewers, args, (user) => ({
        id: `RR_${user.id}`,
        asCodeOwner: false,
        requestedReviewer: personSource(user, urls),
      })),
    reviewThreads: (args: Args) =>
      connection(pull.threads, args, (thread) => threadSource(viewer, pull, thread)),
    timelineItems: (args: Args) => timelineSource(viewer, pull, args),
    labels: (args: Args) =>
      connection(pull.labels, args, (name) => ({
        id: `LA_${name}`,
        name,
        color: 'ededed',
        description: null,
      })),
    assignees: (args: Args) => connection([], args, (none) => none),
    projectItems: (args: Args) => connection([], args, (none) => none),
    projectCards: (args: Args) => connection([], args, (none) => none), // retired; `gh` asks
    reactionGroups: [],
    statusCheckRollup: () => rollupSource(viewer, repo, pull.headSha),
    commits: async (args: Args) => {
      await pull.fetchHead();
      const found = [...(await repo.git.between(pull.baseSha, pull.headSha))].reverse();
      return connection(found, args, ({ sha }) => ({
        id: `PRC_${sha.slice(0, 12)}`,
        commit: () => commitSource(viewer, repo, sha),
        pullRequest: () => pullSource(viewer, pull),
      }));
    },
    additions: async () => (await changed(pull)).reduce((n, { additions }) => n + additions, 0),
    deletions: async () => (await changed(pull)).reduce((n, { deletions }) => n + deletions, 0),
    changedFiles: async () => (await changed(pull)).length,
    files: async (args: Args) =>
      connection(await changed(pull), args, (file) => ({
        path: file.path,
        additions: file.additions,
        deletions: file.deletions,
        changeType: file.status === 'removed' ? 'DELETED' : file.status.toUpperCase(),
      })),
  };
}

/** Only how it ended: who closed it, and who merged it. */
function timelineSource(viewer: Viewer, pull: Pull, args: Args): Source {
  const actor = pull.closedBy === null ? null : personSource(pull.closedBy, viewer.urls);
  const event = (type: string): Source => ({
    __typename: type,
    id: `${type}_${pull.id}`,
    actor,
    createdAt: iso(pull.closedAt ?? pull.updatedAt),
  });
  const ended = [
    ...(pull.state === 'merged' ? [event('MergedEvent')] : []),
    ...(pull.state === 'open' ? [] : [event('ClosedEvent')]),
  ];
  const { itemTypes } = args;
  const types: Readonly<Record<string, string>> = {
    MergedEvent: 'MERGED_EVENT',
    ClosedEvent: 'CLOSED_EVENT',
  };
  const found = ended.filter(
    ({ __typename: type }) =>
      !Array.isArray(itemTypes) || itemTypes.includes(types[String(type)] ?? ''),
  );
  return {
    ...connection(found, args, (one) => one),
    filteredCount: found.length,
    pageCount: found.length,
    updatedAt: iso(pull.updatedAt),
  };
}

async function changed(pull: Pull): ReturnType<Repo['git']['changed']> {
  await pull.fetchHead();
  return await pull.repo.git.changed(pull.baseSha, pull.headSha);
}

export function reviewSource(viewer: Viewer, pull: Pull, review: Review): Source {
  return {
    __typename: 'PullRequestReview',
    id: review.nodeId,
    databaseId: review.id,
    fullDatabaseId: String(review.id),
    state: review.state,
    body: review.body,
    bodyText: review.body,
    author: personSource(review.author, viewer.urls),
    authorAssociation: association(review.author, pull.repo),
    submittedAt: iso(review.at),
    createdAt: iso(review.at),
    updatedAt: iso(review.at),
    commit: () => commitSource(viewer, pull.repo, review.sha),
    url: `${viewer.urls.web}/${pull.repo.fullName}/pull/${pull.number}#review-${review.id}`,
    pullRequest: () => pullSource(viewer, pull),
    includesCreatedEdit: false,
    reactionGroups: [],
  };
}

export function threadSource(viewer: Viewer, pull: Pull, thread: Thread): Source {
  const access = viewer.world.accessOf(viewer.token, pull.repo);
  const writes = access === 'write' || access === 'admin';
  return {
    __typename: 'PullRequestReviewThread',
    id: thread.id,
    isResolved: thread.resolvedBy !== null,
    isOutdated: thread.outdated,
    isCollapsed: false,
    path: thread.path,
    line: thread.outdated ? null : thread.line,
    originalLine: thread.line,
    startLine: null,
    originalStartLine: null,
    diffSide: 'RIGHT',
    subjectType: 'LINE',
    resolvedBy: thread.resolvedBy === null ? null : personSource(thread.resolvedBy, viewer.urls),
    viewerCanReply: true,
    viewerCanResolve: writes && thread.resolvedBy === null,
    viewerCanUnresolve: writes && thread.resolvedBy !== null,
    pullRequest: () => pullSource(viewer, pull),
    repository: () => repoSource(viewer, pull.repo),
    comments: (args: Args) =>
      connection(thread.comments, args, (comment) => ({
        ...commentSource(comment, pull, 'PullRequestReviewComment', viewer),
        path: thread.path,
        line: thread.outdated ? null : thread.line,
        originalLine: thread.line,
        outdated: thread.outdated,
        diffHunk: '@@ -1 +1 @@',
        state: 'SUBMITTED',
        replyTo: null,
        pullRequestReview: () => reviewSource(viewer, pull, thread.review),
      })),
  };
}
