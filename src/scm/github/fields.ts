/**
 * What is read of a pull request over GraphQL, and the shapes it is believed in.
 *
 * F1 Unknown words in an enum are strings here: a new one maps to `unknown`, and never fails the
 *    whole answer. F2 The price is a few connections per pull request: comments are not in it.
 */
import { z } from 'zod';

export const pullFields = `
  id number url state isDraft title updatedAt mergedAt
  author { login } mergedBy { login }
  headRefName headRefOid headRepository { nameWithOwner } baseRefName
  mergeable mergeStateStatus reviewDecision
  isInMergeQueue mergeQueueEntry { state }
  autoMergeRequest { enabledAt }
  mergeCommit { oid }
  timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) {
    nodes { ... on ClosedEvent { actor { login } } }
  }
  reviewThreads(first: 100) {
    pageInfo { hasNextPage endCursor }
    nodes { isResolved isOutdated }
  }
`;

/** `number` is needed again: a check tells whether it is required for one pull request. */
export const rollupFields = (number: number): string => `
  commits(last: 1) { nodes { commit { oid statusCheckRollup {
    contexts(first: 100) {
      pageInfo { hasNextPage endCursor }
      nodes { ${contextFields(number)} }
    }
  } } } }
`;

export const contextFields = (number: number): string => `
  __typename
  ... on CheckRun {
    name status conclusion databaseId detailsUrl
    isRequired(pullRequestNumber: ${number})
    checkSuite { app { slug } }
  }
  ... on StatusContext {
    context state targetUrl description
    isRequired(pullRequestNumber: ${number})
  }
`;

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });
const login = z.object({ login: z.string() }).nullish();

export const contextShape = z.object({
  __typename: z.string(),
  name: z.string().optional(),
  status: z.string().optional(),
  conclusion: z.string().nullish(),
  databaseId: z.number().nullish(),
  detailsUrl: z.string().nullish(),
  isRequired: z.boolean().optional(),
  checkSuite: z.object({ app: z.object({ slug: z.string() }).nullish() }).nullish(),
  context: z.string().optional(),
  state: z.string().optional(),
  targetUrl: z.string().nullish(),
  description: z.string().nullish(),
});

export type ContextNode = z.infer<typeof contextShape>;

export const contextsShape = z.object({
  pageInfo,
  nodes: z.array(contextShape.nullable()),
});

export const threadFlags = z.object({
  pageInfo,
  nodes: z.array(z.object({ isResolved: z.boolean(), isOutdated: z.boolean() }).nullable()),
});

export const pullShape = z.object({
  id: z.string(),
  number: z.number(),
  url: z.string(),
  state: z.string(),
  isDraft: z.boolean(),
  title: z.string(),
  updatedAt: z.string().nullish(),
  author: login,
  mergedBy: login,
  headRefName: z.string(),
  headRefOid: z.string(),
  headRepository: z.object({ nameWithOwner: z.string() }).nullish(),
  baseRefName: z.string(),
  mergeable: z.string(),
  mergeStateStatus: z.string(),
  reviewDecision: z.string().nullish(),
  isInMergeQueue: z.boolean().nullish(),
  mergeQueueEntry: z.object({ state: z.string() }).nullish(),
  autoMergeRequest: z.object({ enabledAt: z.string().nullish() }).nullish(),
  mergeCommit: z.object({ oid: z.string() }).nullish(),
  timelineItems: z.object({
    nodes: z.array(z.object({ actor: login }).partial().nullable()),
  }),
  reviewThreads: threadFlags,
  commits: z.object({
    nodes: z.array(
      z
        .object({
          commit: z.object({
            oid: z.string(),
            statusCheckRollup: z.object({ contexts: contextsShape }).nullish(),
          }),
        })
        .nullable(),
    ),
  }),
});

export type PullNode = z.infer<typeof pullShape>;
