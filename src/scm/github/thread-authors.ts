/**
 * Who opened a review thread: a person or a bot. That never changes, so it is asked once per
 * thread, a hundred threads for one point, and never in the batch that reads pull requests.
 *
 * T1 What could not be learned counts as a person's: it blocks. T2 Bounded; forgotten as a whole.
 */
import { z } from 'zod';
import type { Call, GitHubApi } from './api.ts';

const THREADS_MAX = 20_000;
const PER_QUERY = 100;

export class ThreadAuthors {
  readonly #api: GitHubApi;
  readonly #isBot = new Map<string, boolean>();

  constructor(api: GitHubApi) {
    this.#api = api;
  }

  /** Learns what is not known yet of these threads. */
  async learn(call: Call, ids: readonly string[]): Promise<void> {
    const fresh = ids.filter((id) => !this.#isBot.has(id));
    if (this.#isBot.size + fresh.length > THREADS_MAX) this.#isBot.clear(); // T2
    for (let start = 0; start < fresh.length; start += PER_QUERY) {
      const variables = { ids: fresh.slice(start, start + PER_QUERY) };
      const answer = await this.#api.graphql(call, QUERY, variables);
      const found = answer.ok ? nodes.safeParse(answer.value.data['nodes']) : null;
      if (found === null || !found.success) return; // T1
      for (const node of found.data) {
        if (node?.id === undefined) continue;
        const kind = node.comments?.nodes[0]?.author?.__typename;
        this.#isBot.set(node.id, kind === 'Bot');
      }
    }
  }

  bots(ids: readonly string[]): number {
    return ids.filter((id) => this.#isBot.get(id) === true).length;
  }
}

const QUERY = `query($ids: [ID!]!) { nodes(ids: $ids) { ... on PullRequestReviewThread {
  id comments(first: 1) { nodes { author { __typename } } }
} } }`;

const author = z.object({ __typename: z.string() }).nullish();
const nodes = z.array(
  z
    .object({
      id: z.string().optional(),
      comments: z.object({ nodes: z.array(z.object({ author }).nullable()) }).nullish(),
    })
    .nullable(),
);
