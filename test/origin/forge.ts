/**
 * Just enough of GitHub to open a pull request and to read it, over GraphQL and over REST.
 *
 * F1 It keeps count of everything that was asked of it, with what was sent to say who asks.
 * F2 A fault lies on every way to read a pull request; the repository itself is still seen.
 * F3 What it was not made to answer is kept: no test passes because of a 404 nobody meant.
 */
import type { BeadId } from '../../src/core/ids.ts';
import { commitOf } from '../../src/core/ids.ts';
import type { TestTime } from './time.ts';

export const ORIGIN = 'https://github.com';
export const API = 'https://api.github.com';
export const GOOD = `ghp_${'good'.repeat(9)}`;
export const OTHER = `ghp_${'othr'.repeat(9)}`;

export interface Asked {
  readonly method: string;
  readonly url: string;
  /** The whole header that says who asks; null where there is none. */
  readonly authorization: string | null;
}

export type Way = 'graphql' | 'rest';

/** What a forge does instead of answering as it should; null: on this way it answers well. */
export type Fault = (time: TestTime, way: Way) => Promise<Response> | Response | null;

interface Pull {
  readonly number: number;
  readonly branch: string;
  readonly base: string;
  readonly body: string;
  readonly title: string;
  readonly createdAt: string;
}

const REPO = '/repos/acme/web';

export class ScriptedForge {
  /** F1 */
  readonly asked: Asked[] = [];
  readonly pulls: Pull[] = [];
  /** F3 */
  readonly strange: string[] = [];
  /** Tokens it knows. */
  readonly tokens = new Set([GOOD, OTHER]);
  /** Instead of the answer to a read. F2 */
  fault: Fault | null = null;
  /** The next pull request is made, and nobody hears of it. */
  loseNextOpen = false;
  /** The next read is never answered. */
  loseNextRead = false;
  /** Requests that will never be answered. */
  unanswered = 0;
  readonly #time: TestTime;

  constructor(time: TestTime) {
    this.#time = time;
  }

  /** How often somebody set out to read pull requests: a detour over REST is the same poll. */
  get polls(): number {
    const ways = this.asked.map(wayOf);
    return ways.filter((way, index) => {
      return way === 'graphql' || (way === 'rest' && ways[index - 1] !== 'graphql');
    }).length;
  }

  /** Reads over REST, one for each pull request. */
  get restReads(): number {
    return this.asked.filter((one) => wayOf(one) === 'rest').length;
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const authorization = new Headers(init.headers).get('authorization');
    const method = init.method ?? 'GET';
    this.asked.push({ method, url, authorization });
    const token = authorization?.replace('Bearer ', '') ?? '';
    if (!this.tokens.has(token)) return json({ message: 'Bad credentials' }, 401);
    const { pathname } = new URL(url);
    switch (`${method} ${pathname}`) {
      case 'POST /graphql':
        return await this.#read('graphql', json(graphqlAnswer(this.pulls, await sent(init))));
      case `GET ${REPO}`:
        return json({ full_name: 'acme/web', archived: false, default_branch: 'main' });
      case `GET ${REPO}/pulls`:
        return json(this.pulls.map(restPull));
      case `POST ${REPO}/pulls`:
        return await this.#open(await sent(init));
      default:
        return await this.#rest(method, pathname);
    }
  }

  async #rest(method: string, pathname: string): Promise<Response> {
    const answer = method === 'GET' ? restAnswer(this.pulls, pathname) : undefined;
    if (answer !== undefined) return await this.#read('rest', json(answer));
    this.strange.push(`${method} ${pathname}`);
    return json({ message: 'Not Found' }, 404);
  }

  /** F2 */
  async #read(way: Way, answer: Response): Promise<Response> {
    if (this.loseNextRead) {
      this.loseNextRead = false;
      return await this.#silence();
    }
    return (await this.fault?.(this.#time, way)) ?? answer;
  }

  async #open(asked: Readonly<Record<string, unknown>>): Promise<Response> {
    const pull = {
      number: this.pulls.length + 1,
      branch: String(asked['head']),
      base: String(asked['base']),
      body: String(asked['body']),
      title: String(asked['title']),
      createdAt: new Date(this.#time.now()).toISOString(),
    };
    this.pulls.push(pull);
    if (this.loseNextOpen) {
      this.loseNextOpen = false;
      return await this.#silence();
    }
    return json(restPull(pull), 201);
  }

  #silence(): Promise<Response> {
    this.unanswered += 1;
    return never();
  }
}

/** One commit for each bead: what its only attempt handed in. */
export function headOf(bead: BeadId): ReturnType<typeof commitOf> {
  const number = Number(bead.slice(bead.lastIndexOf('-') + 1));
  return commitOf(number.toString(16).padStart(40, 'b'));
}

/** Of a request that begins to read a pull request; null: it does something else. */
function wayOf({ method, url }: Asked): Way | null {
  if (url.endsWith('/graphql')) return 'graphql';
  return method === 'GET' && /\/pulls\/\d+$/.test(url) ? 'rest' : null;
}

export function never(): Promise<Response> {
  return new Promise(() => undefined);
}

export function json(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const type = { 'content-type': 'application/json; charset=utf-8' };
  return new Response(JSON.stringify(body), { status, headers: { ...type, ...headers } });
}

async function sent(init: RequestInit): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = JSON.parse(await new Response(init.body).text());
  return { ...(typeof body === 'object' ? body : {}) };
}

/** One target, by the id it was given or by its name. */
function graphqlAnswer(pulls: readonly Pull[], { query }: Readonly<Record<string, unknown>>) {
  const [pull] = pulls;
  const found = pull === undefined ? null : graphqlPull(pull);
  const isById = String(query).includes('p0: node(id:');
  return { data: { p0: isById ? found : { pullRequest: found } } };
}

/** undefined: there is no such thing. */
function restAnswer(pulls: readonly Pull[], pathname: string): unknown {
  const [pull] = pulls;
  if (pull === undefined) return undefined;
  const commit = `${REPO}/commits/${headOfBranch(pull.branch)}`;
  const answers = new Map<string, unknown>([
    [`${REPO}/pulls/${pull.number}`, restPull(pull)],
    [`${REPO}/pulls/${pull.number}/reviews`, []],
    [`${commit}/check-runs`, { total_count: 0, check_runs: [] }],
    [`${commit}/status`, { state: 'pending', statuses: [] }],
    [`${REPO}/branches/main`, { name: 'main', protected: false }],
    [`${REPO}/rules/branches/main`, []],
  ]);
  return answers.get(pathname);
}

function headOfBranch(branch: string): string {
  const bead = branch.split('/').find((part) => /^web-\d+$/.test(part)) ?? 'web-0';
  return headOf(bead as BeadId);
}

function restPull(pull: Pull) {
  const repo = { full_name: 'acme/web' };
  return {
    number: pull.number,
    node_id: `PR_${pull.number}`,
    html_url: `${ORIGIN}/acme/web/pull/${pull.number}`,
    state: 'open',
    draft: false,
    title: pull.title,
    body: pull.body,
    created_at: pull.createdAt,
    updated_at: pull.createdAt,
    merged_at: null,
    merge_commit_sha: null,
    mergeable: true,
    mergeable_state: 'clean',
    user: { login: 'ada' },
    head: { ref: pull.branch, sha: headOfBranch(pull.branch), repo },
    base: { ref: pull.base, repo },
  };
}

function graphqlPull(pull: Pull) {
  const empty = { pageInfo: { hasNextPage: false, endCursor: null }, nodes: [] };
  const oid = headOfBranch(pull.branch);
  return {
    id: `PR_${pull.number}`,
    number: pull.number,
    url: `${ORIGIN}/acme/web/pull/${pull.number}`,
    state: 'OPEN',
    isDraft: false,
    title: pull.title,
    createdAt: pull.createdAt,
    updatedAt: pull.createdAt,
    repository: { nameWithOwner: 'acme/web' },
    author: { login: 'ada' },
    mergedBy: null,
    headRefName: pull.branch,
    headRefOid: oid,
    headRepository: { nameWithOwner: 'acme/web' },
    baseRefName: pull.base,
    mergeable: 'MERGEABLE',
    mergeStateStatus: 'CLEAN',
    reviewDecision: null,
    isInMergeQueue: false,
    mergeQueueEntry: null,
    autoMergeRequest: null,
    mergeCommit: null,
    latestOpinionatedReviews: empty,
    reviewThreads: empty,
    commits: { nodes: [{ commit: { oid, statusCheckRollup: null } }] },
  };
}
