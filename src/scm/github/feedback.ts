/**
 * The details of what a pull request's reviewers and checks ask for: read only when something is
 * open, and then to the end.
 *
 * D1 Text here was written by strangers. It is passed on as data, with who wrote it.
 * D2 What could not be read whole says so, and nothing is started on half of it.
 */
import { z } from 'zod';
import type { Association, Feedback, Remark, Thread } from '../../core/forge-answers.ts';
import { limits } from '../../core/limits.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { notThere } from '../absent.ts';
import { mismatch, partsOf, type Call, type GitHubApi } from './api.ts';
import { newestOf, verdictOf } from './checks.ts';
import { failedChecks } from './failed-checks.ts';
import { commitsShape, contextFields, oid } from './fields.ts';
import { restOfContexts } from './more-pages.ts';
import { explained, seenRepository } from './not-found.ts';
import { oidOf } from './snapshot.ts';

const author = z.object({ login: z.string(), __typename: z.string() }).nullish();
const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });
const commentsShape = z.object({
  pageInfo,
  nodes: z.array(z.object({ author, authorAssociation: z.string(), body: z.string() }).nullable()),
});
const threadShape = z.object({
  id: z.string(),
  isResolved: z.boolean(),
  isOutdated: z.boolean(),
  path: z.string().nullish(),
  line: z.number().nullish(),
  comments: commentsShape,
});
const pullShape = z.object({
  id: z.string(),
  number: z.number(),
  headRefOid: oid,
  reviewThreads: z.object({ pageInfo, nodes: z.array(threadShape.nullable()) }),
  latestOpinionatedReviews: z
    .object({
      pageInfo,
      nodes: z.array(
        z
          .object({ state: z.string(), author, authorAssociation: z.string(), body: z.string() })
          .nullable(),
      ),
    })
    .nullish(),
  commits: commitsShape,
});
const repository = z.object({ pullRequest: pullShape.nullable() }).nullable();

type Pull = z.infer<typeof pullShape>;

export async function readFeedback(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
): Promise<Result<Feedback, PRStatusError>> {
  const read = await readThreads(api, call, target);
  if (!read.ok) return read;
  const { pull, threads, complete } = read.value;
  const whole: Thread[] = [];
  let isWhole = complete;
  for (const node of threads.filter(({ isResolved }) => !isResolved)) {
    const comments = await commentsOf(api, call, node);
    isWhole &&= comments.complete;
    whole.push(threadOf(node, comments.remarks));
  }
  const contexts = await restOfContexts(api, call, pull);
  const nodes = contexts.ok ? newestOf(contexts.value) : [];
  const failing = nodes.filter((node) => verdictOf(node) === 'failed');
  const isAll = pull.latestOpinionatedReviews?.pageInfo.hasNextPage === false;
  return ok({
    head: oidOf(pull.headRefOid),
    threads: whole,
    bodies: bodiesOf(pull),
    failing: await failedChecks(api, call, failing),
    complete: isWhole && contexts.ok && isAll,
  });
}

interface Threads {
  readonly pull: Pull;
  readonly threads: readonly z.infer<typeof threadShape>[];
  readonly complete: boolean;
}

async function readThreads(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
): Promise<Result<Threads, PRStatusError>> {
  const threads: z.infer<typeof threadShape>[] = [];
  let after: string | null = null;
  for (let page = 1; ; page += 1) {
    const read: Awaited<ReturnType<typeof readPage>> = await readPage(api, call, target, after);
    if (!read.ok) return read;
    const pull = read.value;
    threads.push(...pull.reviewThreads.nodes.filter((node) => node !== null));
    const { hasNextPage, endCursor } = pull.reviewThreads.pageInfo;
    if (!hasNextPage) return ok({ pull, threads, complete: true });
    if (page === limits.forgePagesMax) return ok({ pull, threads, complete: false });
    after = endCursor ?? null;
  }
}

async function readPage(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  after: string | null,
): Promise<Result<Pull, PRStatusError>> {
  const query = `query($o: String!, $r: String!, $after: String) {
    repository(owner: $o, name: $r) { pullRequest(number: ${target.number}) {
      id number headRefOid
      reviewThreads(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id isResolved isOutdated path line comments(first: 50) { ${COMMENTS} } }
      }
      latestOpinionatedReviews(first: 100) {
        pageInfo { hasNextPage endCursor }
        nodes { state author { login __typename } authorAssociation body }
      }
      commits(last: 1) { nodes { commit { oid statusCheckRollup {
        contexts(first: 100) { ${contextFields(target.number)} }
      } } } }
    } } }`;
  const { owner: o, name: r } = partsOf(target.project);
  const answer = await api.graphql(call, query, { o, r, after });
  if (!answer.ok) return answer;
  const found = repository.safeParse(answer.value.data['repository']);
  if (!found.success) return err(mismatch(call, answer.value.data));
  const pull = found.data?.pullRequest ?? null;
  if (pull !== null) return ok(pull);
  const [problem] = answer.value.problems;
  const error = problem?.error ?? notThere(call, 'not_probed');
  if (problem?.path.length === 2) return err(seenRepository(error));
  return err(await explained(api, call, target, error, new Map()));
}

const COMMENTS = `pageInfo { hasNextPage endCursor }
  nodes { author { login __typename } authorAssociation body }`;

const threadComments = z.object({ comments: commentsShape });

/** A long discussion is read to its end too. */
async function commentsOf(
  api: GitHubApi,
  call: Call,
  { id, comments }: z.infer<typeof threadShape>,
): Promise<{ readonly remarks: readonly Remark[]; readonly complete: boolean }> {
  const nodes = [...comments.nodes];
  let { hasNextPage, endCursor } = comments.pageInfo;
  const query = `query($id: ID!, $after: String) {
    node(id: $id) { ... on PullRequestReviewThread {
      comments(first: 100, after: $after) { ${COMMENTS} } } } }`;
  for (let page = 1; hasNextPage && page < limits.forgePagesMax; page += 1) {
    const answer = await api.graphql(call, query, { id, after: endCursor ?? null });
    const found = answer.ok ? threadComments.safeParse(answer.value.data['node']) : null;
    if (found === null || !found.success) break;
    nodes.push(...found.data.comments.nodes);
    ({ hasNextPage, endCursor } = found.data.comments.pageInfo);
  }
  const remarks = nodes.filter((one) => one !== null).map(remarkOf);
  return { remarks, complete: !hasNextPage };
}

function threadOf(node: z.infer<typeof threadShape>, comments: readonly Remark[]): Thread {
  return {
    id: node.id,
    path: node.path ?? null,
    line: node.line ?? null,
    resolved: node.isResolved,
    outdated: node.isOutdated,
    comments,
  };
}

function bodiesOf(pull: Pull): readonly Remark[] {
  const reviews = (pull.latestOpinionatedReviews?.nodes ?? []).filter((one) => one !== null);
  return reviews
    .filter(({ state, body }) => state === 'CHANGES_REQUESTED' && body.trim() !== '')
    .map(remarkOf);
}

function remarkOf(node: {
  readonly author?: z.infer<typeof author>;
  readonly authorAssociation: string;
  readonly body: string;
}): Remark {
  const isBot = node.author?.__typename === 'Bot';
  return {
    author: node.author?.login ?? 'ghost',
    association: isBot ? 'bot' : associationOf(node.authorAssociation),
    body: node.body,
  };
}

function associationOf(word: string): Association {
  switch (word) {
    case 'OWNER':
      return 'owner';
    case 'MEMBER':
      return 'member';
    case 'COLLABORATOR':
      return 'collaborator';
    case 'CONTRIBUTOR':
      return 'contributor';
    default:
      return 'none';
  }
}
