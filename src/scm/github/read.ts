/**
 * Reads pull requests: one GraphQL query for a batch, further pages only where there are any.
 *
 * R1 One outcome per target, in order; a bad one does not poison the others.
 * R2 Read to the end, or `unknown`: never the first page taken for all.
 */
import type { PRStatusError, PRStatusOutcome } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { invalidResponse, placeOf } from '../http.ts';
import { partsOf, type Call, type GitHubApi } from './api.ts';
import {
  contextFields,
  contextsShape,
  pullFields,
  pullShape,
  rollupFields,
  threadFlags,
  type ContextNode,
  type PullNode,
} from './fields.ts';
import { snapshotOf, type Whole } from './snapshot.ts';
import { z } from 'zod';

const pagesMax = 20;

export async function readPulls(
  api: GitHubApi,
  call: Call,
  targets: readonly PullRequestRef[],
): Promise<readonly PRStatusOutcome[]> {
  const answer = await api.graphql(call, batchQuery(targets), variablesOf(targets));
  if (!answer.ok) return targets.map(() => ({ ok: false, error: answer.error }));
  const outcomes: PRStatusOutcome[] = [];
  for (const [index, target] of targets.entries()) {
    const error = answer.value.errors[`p${index}`];
    const found = repository.safeParse(answer.value.data[`p${index}`]);
    const pull = found.success ? (found.data?.pullRequest ?? null) : null;
    outcomes.push(
      pull === null
        ? { ok: false, error: error ?? nothing(call, found.success) }
        : await whole(api, call, target, pull),
    );
  }
  return outcomes;
}

const repository = z.object({ pullRequest: pullShape.nullable() }).nullable();

/** A repository or number that is not there for this credential, without a word about it. */
function nothing(call: Call, isNull: boolean): PRStatusError {
  if (!isNull) return invalidResponse(call.project, 'schema_mismatch', []);
  return {
    kind: 'http_error',
    ...placeOf(call.project),
    status: 404,
    statusText: '',
    transient: false,
    reason: 'not_found_or_hidden',
    requestId: null,
    tokenSource: call.lease.source,
  };
}

function batchQuery(targets: readonly PullRequestRef[]): string {
  const parameters = targets.map((_, index) => `$o${index}: String!, $r${index}: String!`);
  const blocks = targets.map(
    ({ number }, index) => `p${index}: repository(owner: $o${index}, name: $r${index}) {
      pullRequest(number: ${number}) { ${pullFields} ${rollupFields(number)} }
    }`,
  );
  const limit = 'rateLimit { limit cost remaining resetAt }';
  return `query(${parameters.join(', ')}) { ${limit} ${blocks.join('\n')} }`;
}

function variablesOf(targets: readonly PullRequestRef[]): Readonly<Record<string, string>> {
  const pairs = targets.flatMap(({ project }, index) => {
    const { owner, name } = partsOf(project);
    return [
      [`o${index}`, owner],
      [`r${index}`, name],
    ];
  });
  return Object.fromEntries(pairs) as Readonly<Record<string, string>>;
}

/** R2 */
async function whole(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  pull: PullNode,
): Promise<PRStatusOutcome> {
  const contexts = await allContexts(api, call, pull);
  const threads = await allThreads(api, call, pull);
  if (!contexts.ok) return { ok: false, error: contexts.error };
  if (!threads.ok) return { ok: false, error: threads.error };
  const read: Whole = {
    contexts: contexts.value.nodes,
    contextsComplete: contexts.value.complete,
    unresolved: threads.value.unresolved,
    threadsComplete: threads.value.complete,
  };
  return { ok: true, result: snapshotOf(target.project, pull, read, api.now) };
}

async function allContexts(
  api: GitHubApi,
  call: Call,
  pull: PullNode,
): Promise<Result<{ nodes: readonly ContextNode[]; complete: boolean }, PRStatusError>> {
  const first = pull.commits.nodes[0]?.commit.statusCheckRollup?.contexts;
  if (first === undefined) return ok({ nodes: [], complete: true });
  const nodes = first.nodes.filter((node) => node !== null);
  let { pageInfo } = first;
  for (let page = 0; pageInfo.hasNextPage; page += 1) {
    if (page >= pagesMax) return ok({ nodes, complete: false });
    const query = `query($id: ID!, $after: String) { node(id: $id) { ... on PullRequest {
      commits(last: 1) { nodes { commit { statusCheckRollup {
        contexts(first: 100, after: $after) {
          pageInfo { hasNextPage endCursor } nodes { ${contextFields(pull.number)} }
        } } } } } } } }`;
    const after = pageInfo.endCursor ?? null;
    const answer = await api.graphql(call, query, { id: pull.id, after });
    if (!answer.ok) return answer;
    const next = nextContexts.safeParse(answer.value.data['node']);
    const found = next.success ? next.data.commits.nodes[0]?.commit.statusCheckRollup : null;
    if (found == null) return err(invalidResponse(call.project, 'schema_mismatch', ['commits']));
    nodes.push(...found.contexts.nodes.filter((node) => node !== null));
    ({ pageInfo } = found.contexts);
  }
  return ok({ nodes, complete: true });
}

const nextContexts = z.object({
  commits: z.object({
    nodes: z.array(
      z.object({
        commit: z.object({ statusCheckRollup: z.object({ contexts: contextsShape }).nullish() }),
      }),
    ),
  }),
});

async function allThreads(
  api: GitHubApi,
  call: Call,
  pull: PullNode,
): Promise<Result<{ unresolved: number; complete: boolean }, PRStatusError>> {
  let page = pull.reviewThreads;
  let unresolved = open(page);
  for (let pages = 0; page.pageInfo.hasNextPage; pages += 1) {
    if (pages >= pagesMax) return ok({ unresolved, complete: false });
    const query = `query($id: ID!, $after: String) { node(id: $id) { ... on PullRequest {
      reviewThreads(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { isResolved isOutdated }
      } } } }`;
    const after = page.pageInfo.endCursor ?? null;
    const answer = await api.graphql(call, query, { id: pull.id, after });
    if (!answer.ok) return answer;
    const next = nextThreads.safeParse(answer.value.data['node']);
    if (!next.success) {
      return err(invalidResponse(call.project, 'schema_mismatch', ['reviewThreads']));
    }
    page = next.data.reviewThreads;
    unresolved += open(page);
  }
  return ok({ unresolved, complete: true });
}

const nextThreads = z.object({ reviewThreads: threadFlags });

function open(page: z.infer<typeof threadFlags>): number {
  return page.nodes.filter((node) => node !== null && !node.isResolved && !node.isOutdated).length;
}
