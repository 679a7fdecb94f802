/**
 * The details of what a pull request's reviewers and checks ask for: read only when something is
 * open, and then to the end.
 *
 * D1 Text here was written by strangers. It is passed on as data, with who wrote it.
 * D2 What could not be read whole says so, and nothing is started on half of it.
 */
import { z } from 'zod';
import type { Association, FailedCheck, Feedback, Remark, Thread } from '../../core/forge-answers.ts';
import { commitOf } from '../../core/ids.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { invalidResponse } from '../http.ts';
import { partsOf, repoPath, type Call, type GitHubApi } from './api.ts';
import { contextFields, contextsShape } from './fields.ts';
import { failingOf, newestOf, verdictOf } from './snapshot.ts';

const logBytesMax = 64 * 1024;
const pagesMax = 20;

const author = z.object({ login: z.string(), __typename: z.string() }).nullish();
const threadsShape = z.object({
  pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
  nodes: z.array(
    z.object({
      id: z.string(),
      isResolved: z.boolean(),
      isOutdated: z.boolean(),
      path: z.string().nullish(),
      line: z.number().nullish(),
      comments: z.object({
        nodes: z.array(
          z.object({ author, authorAssociation: z.string(), body: z.string() }).nullable(),
        ),
      }),
    }),
  ),
});
const pullShape = z.object({
  headRefOid: z.string(),
  reviewThreads: threadsShape,
  latestOpinionatedReviews: z
    .object({
      nodes: z.array(
        z
          .object({ state: z.string(), author, authorAssociation: z.string(), body: z.string() })
          .nullable(),
      ),
    })
    .nullish(),
  commits: z.object({
    nodes: z.array(
      z.object({
        commit: z.object({ statusCheckRollup: z.object({ contexts: contextsShape }).nullish() }),
      }),
    ),
  }),
});
const repository = z.object({ pullRequest: pullShape.nullable() }).nullable();

type Pull = z.infer<typeof pullShape>;

export async function readFeedback(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
): Promise<Result<Feedback, PRStatusError>> {
  const threads: Thread[] = [];
  let pull: Pull | null = null;
  let after: string | null = null;
  let complete = false;
  for (let page = 0; page < pagesMax && !complete; page += 1) {
    const answer = await readPage(api, call, target, after);
    if (!answer.ok) return answer;
    pull ??= answer.value;
    threads.push(...answer.value.reviewThreads.nodes.map(threadOf));
    const { hasNextPage, endCursor } = answer.value.reviewThreads.pageInfo;
    complete = !hasNextPage;
    after = endCursor ?? null;
  }
  if (pull === null) return err(invalidResponse(call.project, 'schema_mismatch', []));
  const contexts = pull.commits.nodes[0]?.commit.statusCheckRollup?.contexts;
  const nodes = (contexts?.nodes ?? []).filter((node) => node !== null);
  const failing = newestOf(nodes).filter((node) => verdictOf(node) === 'failed');
  return ok({
    head: commitOf(pull.headRefOid.toLowerCase()),
    threads: threads.filter(({ resolved }) => !resolved),
    bodies: bodiesOf(pull),
    failing: await Promise.all(failing.slice(0, 20).map((node) => logOf(api, call, node))),
    complete,
  });
}

async function readPage(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  after: string | null,
): Promise<Result<Pull, PRStatusError>> {
  const query = `query($o: String!, $r: String!, $after: String) {
    repository(owner: $o, name: $r) { pullRequest(number: ${target.number}) {
      headRefOid
      reviewThreads(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id isResolved isOutdated path line comments(first: 20) {
          nodes { author { login __typename } authorAssociation body }
        } }
      }
      latestOpinionatedReviews(first: 50) {
        nodes { state author { login __typename } authorAssociation body }
      }
      commits(last: 1) { nodes { commit { statusCheckRollup { contexts(first: 100) {
        pageInfo { hasNextPage endCursor } nodes { ${contextFields(target.number)} }
      } } } } }
    } } }`;
  const { owner: o, name: r } = partsOf(target.project);
  const answer = await api.graphql(call, query, { o, r, after });
  if (!answer.ok) return answer;
  const found = repository.safeParse(answer.value.data['repository']);
  const pull = found.success ? found.data?.pullRequest : null;
  if (pull != null) return ok(pull);
  const [error] = Object.values(answer.value.errors);
  return err(error ?? invalidResponse(call.project, 'schema_mismatch', []));
}

function threadOf(node: z.infer<typeof threadsShape>['nodes'][number]): Thread {
  return {
    id: node.id,
    path: node.path ?? null,
    line: node.line ?? null,
    resolved: node.isResolved,
    outdated: node.isOutdated,
    comments: node.comments.nodes.filter((one) => one !== null).map(remarkOf),
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

const runBody = z.object({
  output: z.object({ title: z.string().nullish(), summary: z.string().nullish() }).nullish(),
});

/** The end of the job's log; where there is none, what the check says of itself. */
async function logOf(
  api: GitHubApi,
  call: Call,
  node: Parameters<typeof failingOf>[0],
): Promise<FailedCheck> {
  const check = failingOf(node);
  if (check.id === null) return { ...check, step: null, log: node.description ?? '' };
  const repo = repoPath(call.project);
  const log = await api.rest(call, 'GET', `${repo}/actions/jobs/${check.id}/logs`, {
    accept: 'text',
    maxBytes: logBytesMax,
    keep: 'end',
    offOrigin: 'bare',
  });
  if (log.ok && log.value.text !== '') {
    return { ...check, step: stepOf(log.value.text), log: log.value.text };
  }
  const run = await api.rest(call, 'GET', `${repo}/check-runs/${check.id}`);
  const said = run.ok ? runBody.safeParse(run.value.json).data?.output : null;
  const words = [said?.title, said?.summary].filter((part) => part != null).join('\n');
  return { ...check, step: null, log: words };
}

/** Workflow logs group their steps; the last group before the end is the one that failed. */
function stepOf(log: string): string | null {
  const groups = [...log.matchAll(/##\[group\](.+)$/gm)];
  return groups.at(-1)?.[1]?.trim() ?? null;
}
