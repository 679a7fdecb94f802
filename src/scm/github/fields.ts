/**
 * What is read of a pull request over GraphQL, and the shapes it is believed in.
 *
 * F1 Unknown words in an enum are strings here: a new one maps to `unknown`, and never fails the
 *    whole answer. F2 The price is four connections per pull request, so that a batch of 25 costs
 *    one point: comments are not in it.
 */
import { z } from 'zod';

/** `number` is needed again: a check tells whether it is required for one pull request. */
export const pullFields = (number: number): string => `
  id number url state isDraft title body createdAt updatedAt
  repository { nameWithOwner }
  author { login } mergedBy { login }
  headRefName headRefOid headRepository { nameWithOwner } baseRefName
  mergeable mergeStateStatus reviewDecision
  isInMergeQueue mergeQueueEntry { state }
  autoMergeRequest { enabledAt }
  mergeCommit { oid }
  latestOpinionatedReviews(first: 100, writersOnly: true) {
    pageInfo { hasNextPage endCursor }
    nodes { state }
  }
  reviewThreads(first: 100) { ${threadFields} }
  commits(last: 1) { nodes { commit { oid statusCheckRollup {
    contexts(first: 100) { ${contextFields(number)} }
  } } } }
`;

export const threadFields = `
  pageInfo { hasNextPage endCursor }
  nodes { id isResolved isOutdated }
`;

export const contextFields = (number: number): string => `
  pageInfo { hasNextPage endCursor }
  nodes {
    __typename
    ... on CheckRun {
      name status conclusion databaseId detailsUrl
      isRequired(pullRequestNumber: ${number})
      checkSuite { app { slug } workflowRun { event workflow { name } } }
    }
    ... on StatusContext {
      context state targetUrl description
      isRequired(pullRequestNumber: ${number})
    }
  }
`;

export const oid = z.string().regex(/^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/);
export const login = z.object({ login: z.string() }).nullish();
const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });

export const contextShape = z.object({
  __typename: z.string(),
  name: z.string().optional(),
  status: z.string().optional(),
  conclusion: z.string().nullish(),
  databaseId: z.number().nullish(),
  detailsUrl: z.string().nullish(),
  isRequired: z.boolean().nullish(),
  checkSuite: z
    .object({
      id: z.number().nullish(),
      app: z.object({ slug: z.string() }).nullish(),
      workflowRun: z
        .object({ event: z.string().nullish(), workflow: z.object({ name: z.string() }).nullish() })
        .nullish(),
    })
    .nullish(),
  context: z.string().optional(),
  state: z.string().optional(),
  targetUrl: z.string().nullish(),
  description: z.string().nullish(),
});

export type ContextNode = z.infer<typeof contextShape>;

export const contextsShape = z.object({ pageInfo, nodes: z.array(contextShape.nullable()) });
export type ContextsPage = z.infer<typeof contextsShape>;

export const threadsShape = z.object({
  pageInfo,
  nodes: z.array(
    z.object({ id: z.string(), isResolved: z.boolean(), isOutdated: z.boolean() }).nullable(),
  ),
});
export type ThreadsPage = z.infer<typeof threadsShape>;

/** null where the credential may not see it, or something failed there. */
export const commitsShape = z
  .object({
    nodes: z.array(
      z
        .object({
          commit: z.object({
            oid: oid.optional(),
            statusCheckRollup: z.object({ contexts: contextsShape.nullable() }).nullish(),
          }),
        })
        .nullable(),
    ),
  })
  .nullish();

export const pullShape = z.object({
  id: z.string(),
  number: z.number(),
  url: z.string(),
  state: z.string(),
  isDraft: z.boolean(),
  title: z.string(),
  body: z.string().nullish(),
  createdAt: z.string().nullish(),
  updatedAt: z.string().nullish(),
  repository: z.object({ nameWithOwner: z.string() }),
  author: login,
  mergedBy: login,
  headRefName: z.string(),
  headRefOid: oid,
  headRepository: z.object({ nameWithOwner: z.string() }).nullish(),
  baseRefName: z.string(),
  mergeable: z.string(),
  mergeStateStatus: z.string(),
  reviewDecision: z.string().nullish(),
  isInMergeQueue: z.boolean().nullish(),
  mergeQueueEntry: z.object({ state: z.string() }).nullish(),
  autoMergeRequest: z.object({ enabledAt: z.string().nullish() }).nullish(),
  mergeCommit: z.object({ oid }).nullish(),
  latestOpinionatedReviews: z
    .object({ pageInfo, nodes: z.array(z.object({ state: z.string() }).nullable()) })
    .nullish(),
  reviewThreads: threadsShape.nullish(),
  commits: commitsShape,
});

export type PullNode = z.infer<typeof pullShape>;
