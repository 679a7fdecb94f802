/**
 * GitHub's GraphQL contract: the official schema accepts what is asked and shapes what is answered;
 * what it prices, refuses and leaves unknown is as documented.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Pull } from '../../src/devforge/pull.ts';
import type { Repo } from '../../src/devforge/repo.ts';
import { ask, type Reply } from './clients.ts';
import { groundFor, type Ground } from './ground.ts';

let ground: Ground;
let repo: Repo;
let pull: Pull;
let secret: string;

beforeAll(async () => {
  ground = await groundFor();
  const { forge } = ground;
  ({ repo } = await forge.addRepo('acme/app', {
    private: true,
    collaborators: { ann: 'admin', bob: 'write' },
    protection: { requiredChecks: ['build'], requiredApprovals: 1 },
  }));
  secret = forge.addToken('ann').secret;
  pull = await opened('topic');
});

afterAll(async () => {
  await ground.end();
});

async function opened(head: string): Promise<Pull> {
  await repo.push('ann', head, { [`${head}.txt`]: `${head}\n` });
  const by = ground.forge.world.user('ann');
  return await repo.openPull({ by, title: head, body: null, head, base: 'main' });
}

async function query(
  source: string,
  variables: Readonly<Record<string, unknown>> = {},
  as = secret,
): Promise<Reply> {
  const { graphql } = ground.forge.urls;
  return await ask(graphql, { secret: as, method: 'POST', body: { query: source, variables } });
}

const SWEEP = `fragment pr on PullRequest {
  id number state isDraft merged mergedAt closedAt updatedAt
  headRefName headRefOid baseRefName headRepository { nameWithOwner }
  repository { nameWithOwner isArchived viewerPermission }
  mergeable mergeStateStatus reviewDecision isInMergeQueue mergeQueueEntry { state position }
  autoMergeRequest { enabledAt mergeMethod } mergeCommit { oid }
  reviewThreads(first: 100) { totalCount pageInfo { hasNextPage } nodes {
      id isResolved isOutdated } }
  commits(last: 1) { nodes { commit { oid committedDate statusCheckRollup { state
    contexts(first: 100) { totalCount pageInfo { hasNextPage } nodes { __typename
      ... on CheckRun { name status conclusion databaseId checkSuite { app { slug } } }
      ... on StatusContext { context state } } } } } } }
}`;

test('mergeability is unknown when first asked for, and computed by git afterwards', async () => {
  const fresh = await opened('lazy');
  const source = `query($id: ID!) { node(id: $id) { ... on PullRequest {
      mergeable mergeStateStatus } } }`;
  const first = await query(source, { id: fresh.nodeId });
  expect(first.body).toMatchObject({ data: { node: { mergeable: 'UNKNOWN' } } });
  const second = await query(source, { id: fresh.nodeId });
  expect(second.body).toMatchObject({
    data: { node: { mergeable: 'MERGEABLE', mergeStateStatus: 'BLOCKED' } },
  });
  await repo.push('bob', 'main', { 'lazy.txt': 'other\n' });
  await query(source, { id: fresh.nodeId });
  const third = await query(source, { id: fresh.nodeId });
  expect(third.body).toMatchObject({
    data: { node: { mergeable: 'CONFLICTING', mergeStateStatus: 'DIRTY' } },
  });
});

test('a batch of 25 costs one point, and what is hidden does not spoil the rest', async () => {
  const { forge } = ground;
  pull.addCheckRun({ name: 'build', conclusion: 'failure' });
  pull.openThread('bob', { body: 'why?' });
  const before = forge.log.spent({ identity: 'ann' }).graphqlPoints;
  const ids = [...Array.from({ length: 24 }, () => pull.nodeId), 'PR_kwDOnothing'];
  const source = `${SWEEP} query($ids: [ID!]!) { rateLimit { cost remaining resetAt }
    nodes(ids: $ids) { ...pr } }`;
  const answer = await query(source, { ids });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    data: { rateLimit: { cost: 1 } },
    errors: [{ type: 'NOT_FOUND', path: ['nodes', 24] }],
  });
  expect(answer.body['data']).toMatchObject({
    nodes: { 0: { number: pull.number, reviewThreads: { totalCount: 1 } }, 24: null },
  });
  expect(forge.log.spent({ identity: 'ann' }).graphqlPoints - before).toBe(1);
  expect(answer.text).not.toContain('NOT_SERVED');
});

test('comments within a hundred threads cost a point per pull request', async () => {
  const source = `query($ids: [ID!]!) { rateLimit { cost } nodes(ids: $ids) { ... on PullRequest {
    reviewThreads(first: 100) { nodes { comments(first: 20) { nodes { body } } } } } } }`;
  const ids = Array.from({ length: 10 }, () => pull.nodeId);
  const answer = await query(source, { ids });
  expect(answer.body).toMatchObject({ data: { rateLimit: { cost: 10 } } });
});

test('threads are paged, answered and resolved', async () => {
  for (let n = 0; n < 4; n += 1) pull.openThread('bob', { body: `point ${n}` });
  const source = `query($id: ID!, $after: String) { node(id: $id) { ... on PullRequest {
    reviewThreads(first: 2, after: $after) { totalCount pageInfo {
      hasNextPage endCursor } nodes { id } } } } }`;
  const seen: string[] = [];
  let after: string | null = null;
  for (let page = 0; page < 9; page += 1) {
    const answer: Reply = await query(source, { id: pull.nodeId, after });
    const threads = JSON.parse(answer.text).data.node.reviewThreads;
    seen.push(...threads.nodes.map(({ id }: { id: string }) => id));
    after = threads.pageInfo.endCursor;
    if (!threads.pageInfo.hasNextPage) break;
  }
  expect(seen).toEqual(pull.threads.map(({ id }) => id));
  const [id] = seen;
  await query(
    `mutation($id: ID!) { addPullRequestReviewThreadReply(input: { pullRequestReviewThreadId: $id,
      body: "because" }) { comment { body } } }`,
    { id },
  );
  const resolved = await query(
    `mutation($id: ID!) { resolveReviewThread(input: { threadId: $id }) { thread {
      isResolved } } }`,
    { id },
  );
  expect(resolved.body).toMatchObject({
    data: { resolveReviewThread: { thread: { isResolved: true } } },
  });
  expect(pull.threads[0]?.comments.map(({ body }) => body)).toEqual(['why?', 'because']);
});

test('a required check is known as required, and for one pull request only', async () => {
  const source = `query($id: ID!, $pid: ID!) { node(id: $id) { ... on PullRequest {
      statusCheckRollup {
    state contexts(first: 9) { nodes { ... on CheckRun {
      name isRequired(pullRequestId: $pid) } } } } } } }`;
  const answer = await query(source, { id: pull.nodeId, pid: pull.nodeId });
  expect(answer.body).toMatchObject({
    data: {
      node: {
        statusCheckRollup: { state: 'FAILURE', contexts: { nodes: [{ isRequired: true }] } },
      },
    },
  });
  const without = await query(source.replace('(pullRequestId: $pid)', ''), {
    id: pull.nodeId,
    pid: pull.nodeId,
  });
  expect(without.body['errors']).toBeDefined();
});

test('who closed a pull request is on its timeline', async () => {
  const closed = await opened('closed');
  closed.close('bob');
  const source = `query($id: ID!) { node(id: $id) { ... on PullRequest { state
    timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) {
      nodes { ... on ClosedEvent { actor { login } } } } } } }`;
  expect((await query(source, { id: closed.nodeId })).body).toMatchObject({
    data: { node: { state: 'CLOSED', timelineItems: { nodes: [{ actor: { login: 'bob' } }] } } },
  });
});

test('a field that GitHub does not have is refused by the official schema', async () => {
  const answer = await query('query { viewer { login shoeSize } }');
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('Cannot query field');
});

test('a token without checks reads everything else, and an error says where', async () => {
  const token = ground.forge.addToken('ann', { permissions: { pull_requests: 'read' } });
  const source = `query($id: ID!) { node(id: $id) { ... on PullRequest {
      number statusCheckRollup { state } } } }`;
  const answer = await query(source, { id: pull.nodeId }, token.secret);
  expect(answer.body).toMatchObject({
    data: { node: { number: pull.number, statusCheckRollup: null } },
    errors: [{ type: 'FORBIDDEN', path: ['node', 'statusCheckRollup'] }],
  });
});

test('points are charged to the person, whichever token asked, and run out for both', async () => {
  const { forge } = ground;
  const other = forge.addToken('ann');
  forge.limits.set('ann', 'graphql', { remaining: 1 });
  expect((await query('query { viewer { login } }')).body['errors']).toBeUndefined();
  const answer = await query('query { viewer { login } }', {}, other.secret);
  expect(answer.body).toMatchObject({ errors: [{ type: 'RATE_LIMITED' }] });
  expect(answer.headers.get('x-ratelimit-remaining')).toBe('0');
  ground.clock.pass(3_600_001);
  expect((await query('query { viewer { login } }')).body['errors']).toBeUndefined();
});

test('a queue takes a pull request in, refuses a stale head, and lands it', async () => {
  const queued = await opened('queued');
  repo.protect('main', { mergeQueue: true });
  queued.addCheckRun({ name: 'build' });
  queued.review('bob', 'APPROVED');
  const source = `mutation($id: ID!, $head: GitObjectID) { enqueuePullRequest(input: {
      pullRequestId: $id,
    expectedHeadOid: $head }) { mergeQueueEntry { state position } } }`;
  const stale = await query(source, { id: queued.nodeId, head: 'a'.repeat(40) });
  expect(stale.body).toMatchObject({ errors: [{ type: 'STALE_DATA' }] });
  const direct = await ask(`${ground.forge.urls.api}/repos/acme/app/pulls/${queued.number}/merge`, {
    secret,
    method: 'PUT',
    body: {},
  });
  expect(direct.status).toBe(405);
  expect(direct.text).toContain('merge queue');
  const entry = await query(source, { id: queued.nodeId, head: queued.headSha });
  expect(entry.body).toMatchObject({
    data: { enqueuePullRequest: { mergeQueueEntry: { state: 'QUEUED', position: 1 } } },
  });
  await queued.queueDecides('merge');
  expect(queued.state).toBe('merged');
});
