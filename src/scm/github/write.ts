/**
 * What the town says on a pull request, and what becomes of its branch.
 *
 * W1 A comment looks for its hidden marker first: repeated, it is said once.
 * W2 A branch is deleted only while it is at the head we know.
 */
import { z } from 'zod';
import type { ForgeWrite } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { repoPath, type Call, type GitHubApi } from './api.ts';

export async function writePull(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  what: ForgeWrite,
): Promise<Result<void, PRStatusError>> {
  const repo = repoPath(call.project);
  const write: Call = { ...call, kind: 'write' };
  switch (what.do) {
    case 'comment':
      return await comment(api, write, target, what);
    case 'reply':
      return await reply(api, write, what);
    case 'resolve':
      return await mutate(
        api,
        write,
        'mutation($id: ID!) { resolveReviewThread(input: { threadId: $id }) { thread { id } } }',
        { id: what.thread },
      );
    case 'close':
    case 'reopen': {
      const state = what.do === 'close' ? 'closed' : 'open';
      const path = `${repo}/pulls/${target.number}`;
      return done(await api.rest(write, 'PATCH', path, { body: { state } }));
    }
    case 'ready':
      return await mutate(
        api,
        write,
        `mutation($id: ID!) {
          markPullRequestReadyForReview(input: { pullRequestId: $id }) { pullRequest { id } } }`,
        { id: target.nodeId },
      );
    case 'delete_branch':
      return await deleteBranch(api, write, what);
  }
}

const comments = z.array(z.object({ body: z.string().nullish() }));

/** W1 */
async function comment(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  what: Extract<ForgeWrite, { do: 'comment' }>,
): Promise<Result<void, PRStatusError>> {
  const path = `${repoPath(call.project)}/issues/${target.number}/comments`;
  for (let page = 1; page <= 20; page += 1) {
    const list = await api.rest(
      { ...call, kind: 'read' },
      'GET',
      `${path}?per_page=100&page=${page}`,
    );
    if (!list.ok) return list;
    const parsed = comments.safeParse(list.value.json);
    const found = parsed.success ? parsed.data : [];
    if (found.some(({ body }) => (body ?? '').includes(what.marker))) return ok(undefined);
    if (found.length < 100) break;
  }
  const body = `${what.body}\n\n${what.marker}`;
  return done(await api.rest(call, 'POST', path, { body: { body } }));
}

const threadShape = z.object({
  comments: z.object({ nodes: z.array(z.object({ body: z.string() }).nullable()) }),
});

async function reply(
  api: GitHubApi,
  call: Call,
  what: Extract<ForgeWrite, { do: 'reply' }>,
): Promise<Result<void, PRStatusError>> {
  const query = `query($id: ID!) { node(id: $id) { ... on PullRequestReviewThread {
    comments(last: 100) { nodes { body } } } } }`;
  const read = await api.graphql({ ...call, kind: 'read' }, query, { id: what.thread });
  if (!read.ok) return read;
  const thread = threadShape.safeParse(read.value.data['node']);
  const said = thread.success ? thread.data.comments.nodes : [];
  if (said.some((one) => one?.body.includes(what.marker) === true)) return ok(undefined);
  const mutation = `mutation($id: ID!, $body: String!) {
    addPullRequestReviewThreadReply(input: { pullRequestReviewThreadId: $id, body: $body }) {
      comment { id } } }`;
  return await mutate(api, call, mutation, {
    id: what.thread,
    body: `${what.body}\n\n${what.marker}`,
  });
}

const refShape = z.object({ object: z.object({ sha: z.string() }) });

/** W2 */
async function deleteBranch(
  api: GitHubApi,
  call: Call,
  what: Extract<ForgeWrite, { do: 'delete_branch' }>,
): Promise<Result<void, PRStatusError>> {
  const branch = what.branch.split('/').map(encodeURIComponent).join('/');
  const repo = repoPath(call.project);
  const read = await api.attempt(
    { ...call, kind: 'read' },
    'GET',
    `${repo}/git/ref/heads/${branch}`,
    undefined,
  );
  if (!read.ok) return read;
  const ref = refShape.safeParse(read.value.json);
  if (!ref.success || ref.data.object.sha.toLowerCase() !== what.head) return ok(undefined);
  const path = `${repo}/git/refs/heads/${branch}`;
  const gone = await api.attempt(call, 'DELETE', path, undefined);
  return gone.ok ? ok(undefined) : gone;
}

async function mutate(
  api: GitHubApi,
  call: Call,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Result<void, PRStatusError>> {
  const answer = await api.graphql(call, query, variables);
  if (!answer.ok) return answer;
  const [error] = Object.values(answer.value.errors);
  return error === undefined ? ok(undefined) : err(error);
}

function done<T>(result: Result<T, PRStatusError>): Result<void, PRStatusError> {
  return result.ok ? ok(undefined) : result;
}
