/**
 * What the town says on a pull request, and what becomes of its branch.
 *
 * W1 A comment looks for its hidden marker first, to the end of the list: repeated, it is said
 *    once. What could not be read whole is not written to.
 * W2 A branch is deleted only while it is at the head we know.
 * W3 What was resolved is read again: only then it is done.
 */
import { z } from 'zod';
import type { ForgeWrite } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { mismatch, repoPath, type Call, type GitHubApi } from './api.ts';
import { oid } from './fields.ts';
import { explained } from './not-found.ts';

type Done = Result<void, PRStatusError>;

export async function writePull(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  what: ForgeWrite,
): Promise<Done> {
  const done = await written(api, { ...call, project: target.project }, target, what);
  if (done.ok) return done;
  return err(await explained(api, call, target, done.error, new Map()));
}

async function written(
  api: GitHubApi,
  read: Call,
  target: PullRequestRef,
  what: ForgeWrite,
): Promise<Done> {
  switch (what.do) {
    case 'comment':
      return await comment(api, read, target, what);
    case 'reply':
      return await reply(api, read, what);
    case 'resolve':
      return await resolve(api, read, what.thread);
    case 'close':
    case 'reopen': {
      const state = what.do === 'close' ? 'closed' : 'open';
      const path = `${repoPath(read.project)}/pulls/${target.number}`;
      return done(await api.rest(writing(read), 'PATCH', path, { body: { state } }));
    }
    case 'ready':
      return await ready(api, read, target);
    case 'delete_branch':
      return await deleteBranch(api, read, what);
  }
}

function writing(call: Call): Call {
  return { ...call, kind: 'write' };
}

const comments = z.array(z.object({ body: z.string().nullish() }));

/** W1 */
async function comment(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  what: Extract<ForgeWrite, { do: 'comment' }>,
): Promise<Done> {
  const path = `${repoPath(call.project)}/issues/${target.number}/comments`;
  const said = await api.list(call, path, (json) => comments.safeParse(json).data ?? null);
  if (!said.ok) return said;
  if (said.value.items.some(({ body }) => (body ?? '').includes(what.marker))) return DONE;
  if (!said.value.complete) return err(mismatch(call, { comments: 'too many' }));
  const body = { body: `${what.body}\n\n${what.marker}` };
  return done(await api.rest(writing(call), 'POST', path, { body }));
}

const DONE = ok(undefined);

const thread = z.object({
  isResolved: z.boolean(),
  comments: z.object({
    pageInfo: z.object({ hasPreviousPage: z.boolean(), startCursor: z.string().nullish() }),
    nodes: z.array(z.object({ body: z.string() }).nullable()),
  }),
});

async function readThread(
  api: GitHubApi,
  call: Call,
  id: string,
  before: string | null = null,
): Promise<Result<z.infer<typeof thread>, PRStatusError>> {
  const query = `query($id: ID!, $before: String) {
    node(id: $id) { ... on PullRequestReviewThread {
      isResolved comments(last: 100, before: $before) {
        pageInfo { hasPreviousPage startCursor } nodes { body } } } } }`;
  const read = await api.graphql(call, query, { id, before });
  if (!read.ok) return read;
  const [problem] = read.value.problems;
  if (problem !== undefined) return err(problem.error);
  const found = thread.safeParse(read.value.data['node']);
  return found.success ? ok(found.data) : err(mismatch(call, read.value.data));
}

/** W1, from the newest on. */
async function reply(
  api: GitHubApi,
  call: Call,
  what: Extract<ForgeWrite, { do: 'reply' }>,
): Promise<Done> {
  let before: string | null = null;
  for (let more = true; more;) {
    const read: Awaited<ReturnType<typeof readThread>> = await readThread(
      api,
      call,
      what.thread,
      before,
    );
    if (!read.ok) return read;
    const { nodes, pageInfo } = read.value.comments;
    if (nodes.some((one) => one?.body.includes(what.marker) === true)) return DONE;
    more = pageInfo.hasPreviousPage && pageInfo.startCursor !== before;
    before = pageInfo.startCursor ?? null;
  }
  const mutation = `mutation($id: ID!, $body: String!) {
    addPullRequestReviewThreadReply(input: { pullRequestReviewThreadId: $id, body: $body }) {
      comment { id } } }`;
  const body = `${what.body}\n\n${what.marker}`;
  return await mutate(api, writing(call), mutation, { id: what.thread, body });
}

/** W3 */
async function resolve(api: GitHubApi, call: Call, id: string): Promise<Done> {
  const before = await readThread(api, call, id);
  if (!before.ok) return before;
  if (before.value.isResolved) return DONE;
  const mutation =
    'mutation($id: ID!) { resolveReviewThread(input: { threadId: $id }) { thread { id } } }';
  const done = await mutate(api, writing(call), mutation, { id });
  if (!done.ok) return done;
  const after = await readThread(api, call, id);
  if (!after.ok) return after;
  return after.value.isResolved ? DONE : err(mismatch(call, { isResolved: false }));
}

const withNode = z.object({ node_id: z.string(), draft: z.boolean().nullish() });

async function ready(api: GitHubApi, call: Call, target: PullRequestRef): Promise<Done> {
  const read = await api.get(call, `${repoPath(call.project)}/pulls/${target.number}`);
  if (!read.ok) return read;
  const pull = withNode.safeParse(read.value.json);
  if (!pull.success) return err(mismatch(call, read.value.json));
  if (pull.data.draft !== true) return DONE;
  const mutation = `mutation($id: ID!) {
    markPullRequestReadyForReview(input: { pullRequestId: $id }) { pullRequest { id } } }`;
  return await mutate(api, writing(call), mutation, { id: pull.data.node_id });
}

const refBody = z.object({ object: z.object({ sha: oid }) });
const messageBody = z.object({ message: z.string().nullish() });

/** W2. GitHub deletes what it finds, so the look comes right before. */
async function deleteBranch(
  api: GitHubApi,
  call: Call,
  what: Extract<ForgeWrite, { do: 'delete_branch' }>,
): Promise<Done> {
  const repo = repoPath(call.project);
  const ref = encodeURIComponent(`heads/${what.branch}`);
  const read = await api.rest(call, 'GET', `${repo}/git/ref/${ref}`, { answers: [404] });
  if (!read.ok) return read;
  if (read.value.status === 404) {
    const repository = await api.get(call, repo);
    return repository.ok ? DONE : repository;
  }
  const found = refBody.safeParse(read.value.json);
  if (!found.success) return err(mismatch(call, read.value.json));
  if (found.data.object.sha.toLowerCase() !== what.head) return DONE;
  const path = `${repo}/git/refs/${ref}`;
  const gone = await api.rest(writing(call), 'DELETE', path, { answers: [422] });
  if (!gone.ok) return gone;
  const said = messageBody.safeParse(gone.value.json).data?.message ?? '';
  const isThere = gone.value.status === 422 && !/does not exist/i.test(said);
  return isThere ? err(refusedDelete(call, gone.value.status)) : DONE;
}

/** A rule of the repository keeps the branch. */
function refusedDelete({ project, lease }: Call, status: number): PRStatusError {
  return {
    kind: 'http_error',
    provider: project.provider,
    host: new URL(project.origin).host,
    status,
    statusText: 'branch is protected',
    transient: false,
    reason: 'other',
    requestId: null,
    tokenSource: lease.source,
  };
}

async function mutate(
  api: GitHubApi,
  call: Call,
  query: string,
  variables: Readonly<Record<string, unknown>>,
): Promise<Done> {
  const answer = await api.graphql(call, query, variables);
  if (!answer.ok) return answer;
  const [problem] = answer.value.problems;
  return problem === undefined ? DONE : err(problem.error);
}

function done<T>(result: Result<T, PRStatusError>): Done {
  return result.ok ? DONE : result;
}
