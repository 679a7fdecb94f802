/**
 * One GraphQL query for a batch of pull requests, and its answer taken apart: one outcome per
 * target, in order.
 *
 * B1 An error below a pull request makes its group unknown; one on it is that target's alone.
 * B2 A target is asked for by the forge's own id where that is known: it survives a rename, and a
 *    repository that took over the name is not mistaken for it.
 */
import { z } from 'zod';
import { limits } from '../../core/limits.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { notThere, unlessYoung } from '../absent.ts';
import { mismatch, partsOf, type Call, type GitHubApi, type Problem } from './api.ts';
import { pullFields, pullShape, type PullNode } from './fields.ts';
import { glanceFields } from './glances.ts';
import { seenRepository } from './not-found.ts';
import type { Group } from './snapshot.ts';

export interface FoundPull {
  readonly pull: PullNode;
  readonly unread: ReadonlyMap<Group, string>;
}

export type Found = Result<FoundPull, PRStatusError>;

export interface Batch {
  readonly found: readonly Found[];
  /** What was looked at in passing, in lists, as it came. */
  readonly glanced: readonly unknown[];
}

/** An error is the whole batch's: nothing of it could be read. */
export async function readBatch(
  api: GitHubApi,
  call: Call,
  targets: readonly PullRequestRef[],
  beside: readonly string[],
): Promise<Result<Batch, PRStatusError>> {
  const query = queryFor(targets, beside);
  const answer = await api.graphql(call, query, variablesFor(targets, beside));
  if (!answer.ok) return answer;
  const { data, problems } = answer.value;
  const found = targets.map((target, index) => {
    const name = `p${index}`;
    const own = problems.filter(({ path }) => path[0] === name);
    return foundIn(api, call, target, data[name], own);
  });
  const [first] = found;
  const none = found.every((one) => !one.ok && one.error.kind === 'invalid_response');
  if (none && first?.ok === false) return err(first.error);
  const lists = Object.keys(glanceLists(beside));
  return ok({ found, glanced: lists.map((name) => data[name]) });
}

const byName = z.object({ pullRequest: pullShape.nullable() }).nullable();
const byId = z
  .union([
    pullShape.transform((pullRequest) => ({ pullRequest })),
    z.strictObject({}).transform(() => ({ pullRequest: null })), // the id is something else's
  ])
  .nullable();

function foundIn(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
  json: unknown,
  problems: readonly Problem[],
): Found {
  const depth = target.nodeId === null ? 2 : 1;
  const parsed = depth === 2 ? byName.safeParse(json) : byId.safeParse(json);
  if (!parsed.success) return err(mismatch(call, json));
  const pull = parsed.data?.pullRequest ?? null;
  if (pull !== null) return ok({ pull, unread: unreadOf(problems, depth) });
  const problem = problems.find(({ path }) => path.length <= depth) ?? problems[0];
  const error = problem?.error ?? notThere(call, 'not_probed');
  const isSeen = target.nodeId === null && problem?.path.length === 2;
  return err(unlessYoung(target, isSeen ? seenRepository(error) : error, api.now));
}

/** B1 */
function unreadOf(problems: readonly Problem[], depth: number): ReadonlyMap<Group, string> {
  const unread = new Map<Group, string>();
  for (const { path, error } of problems) {
    const group = GROUPS[String(path[depth])];
    const why = error.kind === 'http_error' ? error.reason : error.kind;
    if (group !== undefined) unread.set(group, why);
  }
  return unread;
}

const GROUPS: Readonly<Record<string, Group>> = {
  commits: 'checks',
  reviewThreads: 'threads',
  reviewDecision: 'review',
  latestOpinionatedReviews: 'review',
  mergeable: 'mergeability',
  mergeStateStatus: 'mergeability',
  isInMergeQueue: 'queue',
  mergeQueueEntry: 'queue',
};

/** B2 */
function queryFor(targets: readonly PullRequestRef[], beside: readonly string[]): string {
  const parameters = targets.map(({ nodeId }, index) =>
    nodeId === null ? `$o${index}: String!, $r${index}: String!` : `$i${index}: ID!`,
  );
  const blocks = targets.map(({ nodeId, number }, index) =>
    nodeId === null
      ? `p${index}: repository(owner: $o${index}, name: $r${index}) {
          pullRequest(number: ${number}) { ${pullFields(number)} } }`
      : `p${index}: node(id: $i${index}) { ... on PullRequest { ${pullFields(number)} } }`,
  );
  for (const name of Object.keys(glanceLists(beside))) {
    parameters.push(`$${name}: [ID!]!`);
    blocks.push(`${name}: nodes(ids: $${name}) { ... on PullRequest { ${glanceFields} } }`);
  }
  return `query(${parameters.join(', ')}) { ${blocks.join('\n')} }`;
}

function variablesFor(
  targets: readonly PullRequestRef[],
  beside: readonly string[],
): Readonly<Record<string, unknown>> {
  const pairs = targets.flatMap(({ project, nodeId }, index): (readonly [string, string])[] => {
    if (nodeId !== null) return [[`i${index}`, nodeId]];
    const { owner, name } = partsOf(project);
    return [
      [`o${index}`, owner],
      [`r${index}`, name],
    ];
  });
  return { ...Object.fromEntries(pairs), ...glanceLists(beside) };
}

/** Their ids by the name of their list. */
function glanceLists(beside: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const { glancesPerList: size } = limits;
  const count = Math.ceil(beside.length / size);
  const lists = Array.from({ length: count }, (_, n) => beside.slice(n * size, (n + 1) * size));
  return Object.fromEntries(lists.map((list, n) => [`glanced${n}`, list]));
}
