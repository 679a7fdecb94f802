/**
 * GitHub's GraphQL mutations that a merge bot and `gh` use.
 *
 * M1 What may not be done is an error of type UNPROCESSABLE or FORBIDDEN with `data.field` null,
 *    and nothing was changed.
 */
import { inner, text, flag, type Json } from '../json.ts';
import { Refused, type MergeMethod, type ReviewState, type Thread } from '../model.ts';
import { updateBranch } from '../merge.ts';
import type { Pull } from '../pull.ts';
import { typed } from './graphql-cost.ts';
import { commentSource, mustHave, mustSee, personSource } from './graphql-parts.ts';
import type { Args, Source, Viewer } from './graphql-parts.ts';
import { pullSource, reviewSource, threadSource } from './graphql-pull.ts';

type Mutation = (viewer: Viewer, input: Json) => Promise<Source>;

export function mutationRoot(viewer: Viewer): Source {
  return Object.fromEntries(
    Object.entries(MUTATIONS).map(([name, mutation]) => [
      name,
      async (args: Args): Promise<Source> => {
        const input = inner(args, 'input');
        const payload = await guarded(async () => await mutation(viewer, input));
        return { clientMutationId: text(input, 'clientMutationId'), ...payload };
      },
    ]),
  );
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  addComment: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'subjectId', 'issues');
    const comment = pull.comment(viewer.token.user, text(input, 'body') ?? '');
    const node = commentSource(comment, pull, 'IssueComment', viewer);
    return {
      commentEdge: { node, cursor: comment.nodeId },
      subject: pullSource(viewer, pull),
      timelineEdge: null,
    };
  },
  addPullRequestReview: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'pullRequestId');
    const event = text(input, 'event') ?? 'COMMENT';
    const state = REVIEWS[event] ?? 'COMMENTED';
    if (pull.author.id === viewer.token.user.id && state !== 'COMMENTED') {
      throw typed(`Can not ${event.toLowerCase()} your own pull request`, 'UNPROCESSABLE');
    }
    const review = pull.review(viewer.token.user, state, text(input, 'body') ?? '');
    return { pullRequestReview: reviewSource(viewer, pull, review), reviewEdge: null };
  },
  addPullRequestReviewThreadReply: async (viewer, input) => {
    const { pull, thread } = threadIn(viewer, input, 'pullRequestReviewThreadId');
    const comment = pull.reply(thread, viewer.token.user, text(input, 'body') ?? '');
    return { comment: commentSource(comment, pull, 'PullRequestReviewComment', viewer) };
  },
  resolveReviewThread: async (viewer, input) => {
    const { pull, thread } = threadIn(viewer, input, 'threadId');
    pull.resolve(thread, viewer.token.user);
    return { thread: threadSource(viewer, pull, thread) };
  },
  unresolveReviewThread: async (viewer, input) => {
    const { pull, thread } = threadIn(viewer, input, 'threadId');
    pull.unresolve(thread, viewer.token.user);
    return { thread: threadSource(viewer, pull, thread) };
  },
  closePullRequest: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'pullRequestId');
    pull.close(viewer.token.user);
    return { pullRequest: pullSource(viewer, pull) };
  },
  reopenPullRequest: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'pullRequestId');
    pull.reopen(viewer.token.user);
    return { pullRequest: pullSource(viewer, pull) };
  },
  markPullRequestReadyForReview: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'pullRequestId');
    pull.setDraft(false, viewer.token.user);
    return { pullRequest: pullSource(viewer, pull) };
  },
  convertPullRequestToDraft: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'pullRequestId');
    pull.setDraft(true, viewer.token.user);
    return { pullRequest: pullSource(viewer, pull) };
  },
  createPullRequest: createPull,
  mergePullRequest: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'pullRequestId', 'contents');
    const expectedHead = text(input, 'expectedHeadOid');
    const [title, message] = [text(input, 'commitHeadline'), text(input, 'commitBody')];
    await pull.merge(viewer.token.user, {
      method: methodIn(input),
      ...(expectedHead === null ? {} : { expectedHead }),
      ...(title === null ? {} : { title }),
      ...(message === null ? {} : { message }),
    });
    const actor = personSource(viewer.token.user, viewer.urls);
    return { pullRequest: pullSource(viewer, pull), actor };
  },
  enqueuePullRequest: enqueue,
  dequeuePullRequest: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'id');
    if (pull.queue !== null) await pull.queueDecides('fail', viewer.token.user);
    return { mergeQueueEntry: null };
  },
  enablePullRequestAutoMerge: armAutoMerge,
  disablePullRequestAutoMerge: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'pullRequestId');
    pull.disarmAutoMerge(viewer.token.user);
    const actor = personSource(viewer.token.user, viewer.urls);
    return { pullRequest: pullSource(viewer, pull), actor };
  },
  updatePullRequestBranch: async (viewer, input) => {
    const pull = pullIn(viewer, input, 'pullRequestId');
    expectHead(pull, input);
    const how = text(input, 'updateMethod') === 'REBASE' ? 'rebase' : 'merge';
    await updateBranch(pull, viewer.token.user, how);
    return { pullRequest: pullSource(viewer, pull) };
  },
};

const REVIEWS: Readonly<Record<string, ReviewState>> = {
  APPROVE: 'APPROVED',
  REQUEST_CHANGES: 'CHANGES_REQUESTED',
  COMMENT: 'COMMENTED',
};

async function createPull(viewer: Viewer, input: Json): Promise<Source> {
  const node = viewer.world.nodes.get(text(input, 'repositoryId') ?? '');
  const missing = 'Could not resolve to a Repository.';
  const repo = mustSee(viewer, node?.type === 'Repository' ? node.repo : null, missing);
  mustHave(viewer, repo, 'pull_requests', 'write');
  const pull = await repo.openPull({
    by: viewer.token.user,
    title: text(input, 'title') ?? '',
    body: text(input, 'body'),
    head: (text(input, 'headRefName') ?? '').replace(/^.*:/, ''),
    base: text(input, 'baseRefName') ?? '',
    draft: flag(input, 'draft') ?? false,
    maintainerCanModify: flag(input, 'maintainerCanModify') ?? true,
  });
  return { pullRequest: pullSource(viewer, pull) };
}

async function enqueue(viewer: Viewer, input: Json): Promise<Source> {
  const pull = pullIn(viewer, input, 'pullRequestId', 'contents');
  expectHead(pull, input);
  if (pull.repo.protections.get(pull.baseRef)?.mergeQueue !== true) {
    throw typed('The merge queue is not enabled for this branch.', 'UNPROCESSABLE');
  }
  if (pull.state !== 'open') throw typed('Pull request is not open.', 'UNPROCESSABLE');
  if (pull.queue !== null) {
    throw typed('The pull request is already in the queue.', 'UNPROCESSABLE');
  }
  const { blockers } = await pull.standing();
  if (blockers.some((blocker) => blocker !== 'computing' && blocker !== 'behind')) {
    throw typed('Pull request is not mergeable.', 'UNPROCESSABLE');
  }
  pull.enqueue(viewer.token.user);
  return { mergeQueueEntry: pullSource(viewer, pull)['mergeQueueEntry'] };
}

async function armAutoMerge(viewer: Viewer, input: Json): Promise<Source> {
  const pull = pullIn(viewer, input, 'pullRequestId');
  expectHead(pull, input);
  if (!pull.repo.allowAutoMerge) {
    throw typed('Auto merge is not allowed for this repository', 'UNPROCESSABLE');
  }
  const { blockers } = await pull.standing();
  if (blockers.length === 0) {
    throw typed('Pull request is in clean status', 'UNPROCESSABLE');
  }
  pull.armAutoMerge(viewer.token.user, methodIn(input));
  const actor = personSource(viewer.token.user, viewer.urls);
  return { pullRequest: pullSource(viewer, pull), actor };
}

function expectHead(pull: Pull, input: Json): void {
  const expected = text(input, 'expectedHeadOid');
  if (expected === null || expected === pull.headSha) return;
  throw typed(`Expected head oid ${expected} but was ${pull.headSha}`, 'STALE_DATA');
}

function methodIn(input: Json): MergeMethod {
  const word = text(input, 'mergeMethod');
  return word === 'SQUASH' ? 'squash' : word === 'REBASE' ? 'rebase' : 'merge';
}

function pullIn(viewer: Viewer, input: Json, field: string, permission = 'pull_requests'): Pull {
  const id = text(input, field) ?? '';
  const node = viewer.world.nodes.get(id);
  const missing = `Could not resolve to a node with the global id of '${id}'`;
  const pull = node?.type === 'PullRequest' ? node.pull : null;
  if (pull === null) throw typed(missing, 'NOT_FOUND');
  mustHave(viewer, mustSee(viewer, pull.repo, missing), permission, 'write');
  return pull;
}

function threadIn(viewer: Viewer, input: Json, field: string): { pull: Pull; thread: Thread } {
  const id = text(input, field) ?? '';
  const node = viewer.world.nodes.get(id);
  const missing = `Could not resolve to a node with the global id of '${id}'`;
  if (node?.type !== 'PullRequestReviewThread') throw typed(missing, 'NOT_FOUND');
  mustHave(viewer, mustSee(viewer, node.pull.repo, missing), 'pull_requests', 'write');
  return node;
}

/** M1 */
async function guarded(run: () => Promise<Source>): Promise<Source> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const words: Partial<Record<Refused['why'], string>> = {
      no_commits: `No commits between ${error.message}`,
      exists: 'A pull request already exists for this branch.',
      head_missing: "Head sha can't be blank, Head ref must be a branch",
      base_missing: "Base sha can't be blank, Base ref must be a branch",
    };
    const type = error.why === 'head_moved' ? 'STALE_DATA' : 'UNPROCESSABLE';
    throw typed(words[error.why] ?? error.message, type);
  }
}
