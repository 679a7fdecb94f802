/**
 * The pages of checks and threads after the first, which came with the batch.
 *
 * M1 To the end, or a word that says why not: half a list is no list.
 */
import { z } from 'zod';
import { limits } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Call, GitHubApi } from './api.ts';
import {
  commitsShape,
  contextFields,
  threadFields,
  threadsShape,
  type ContextNode,
  type ContextsPage,
  type PullNode,
  type ThreadsPage,
} from './fields.ts';

type Why = string;

export async function restOfContexts(
  api: GitHubApi,
  call: Call,
  pull: Pick<PullNode, 'id' | 'number' | 'headRefOid' | 'commits'>,
): Promise<Result<readonly ContextNode[], Why>> {
  const first = firstContexts(pull);
  if (!first.ok) return first;
  if (first.value === null) return ok([]);
  const query = `query($id: ID!, $after: String) { node(id: $id) { ... on PullRequest {
    commits(last: 1) { nodes { commit { oid statusCheckRollup {
      contexts(first: 100, after: $after) { ${contextFields(pull.number)} }
    } } } } } } }`;
  const pages = await pagesOf<ContextsPage>(api, call, first.value, query, pull.id, (node) => {
    const found = withCommits.safeParse(node);
    const commit = found.success ? found.data.commits?.nodes[0]?.commit : undefined;
    // The head moved between two pages: the rest is about another commit.
    if (commit?.oid !== pull.headRefOid) return null;
    return commit.statusCheckRollup?.contexts ?? null;
  });
  return pages.ok ? ok(flat(pages.value)) : pages;
}

/** null: the head has no check. */
function firstContexts({ headRefOid, commits }: Pick<PullNode, 'headRefOid' | 'commits'>) {
  const commit = commits?.nodes[0]?.commit;
  if (commit === undefined) return err('no_commit_shown');
  if (commit.oid !== headRefOid) return err('of_another_head');
  const rollup = commit.statusCheckRollup;
  if (rollup === null || rollup === undefined) return ok(null);
  return rollup.contexts === null ? err('not_read') : ok(rollup.contexts);
}

/** Ids of the unresolved ones; outdated ones are not counted. */
export async function restOfThreads(
  api: GitHubApi,
  call: Call,
  pull: Pick<PullNode, 'id' | 'reviewThreads'>,
): Promise<Result<readonly string[], Why>> {
  const first = pull.reviewThreads ?? null;
  if (first === null) return err('not_read');
  const query = `query($id: ID!, $after: String) { node(id: $id) { ... on PullRequest {
    reviewThreads(first: 100, after: $after) { ${threadFields} } } } }`;
  const pages = await pagesOf<ThreadsPage>(api, call, first, query, pull.id, (node) => {
    const found = withThreads.safeParse(node);
    return found.success ? found.data.reviewThreads : null;
  });
  if (!pages.ok) return pages;
  const open = flat(pages.value).filter((one) => !one.isResolved && !one.isOutdated);
  return ok(open.map(({ id }) => id));
}

const withCommits = z.object({ commits: commitsShape });
const withThreads = z.object({ reviewThreads: threadsShape });

interface AnyPage {
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly endCursor?: string | null | undefined;
  };
}

/** M1 */
async function pagesOf<P extends AnyPage>(
  api: GitHubApi,
  call: Call,
  first: P,
  query: string,
  id: string,
  next: (node: unknown) => P | null,
): Promise<Result<readonly P[], Why>> {
  const pages = [first];
  let { pageInfo } = first;
  while (pageInfo.hasNextPage) {
    if (pages.length >= limits.forgePagesMax) return err('too_many');
    const answer = await api.graphql(call, query, { id, after: pageInfo.endCursor ?? null });
    if (!answer.ok) return err(answer.error.kind);
    const page = answer.value.problems.length > 0 ? null : next(answer.value.data['node']);
    if (page === null) return err('not_read_to_the_end');
    pages.push(page);
    ({ pageInfo } = page);
  }
  return ok(pages);
}

function flat<T>(pages: readonly { readonly nodes: readonly (T | null)[] }[]): readonly T[] {
  return pages.flatMap(({ nodes }) => nodes).filter((node) => node !== null);
}
