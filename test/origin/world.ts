/**
 * What lies outside a town and outlives its process: time, a forge that answers from a small
 * script, and what a runner's machine remembers. Plain values, so that any host can hold them.
 *
 * W1 Time moves only when a test moves it, and lies so far ahead that no real alarm ever rings.
 * W2 The forge keeps count of everything that was asked of it, with what was sent to say who asks.
 */
import type { Fact } from '../../src/core/fact.ts';
import type { AttemptId, BeadId, JobId } from '../../src/core/ids.ts';
import { commitOf } from '../../src/core/ids.ts';
import { after, instant, type Instant } from '../../src/core/time.ts';
import type { Clock, Timers } from '../../src/ports/host.ts';

export const ORIGIN = 'https://github.com';
export const API = 'https://api.github.com';
export const GOOD = `ghp_${'good'.repeat(9)}`;
export const OTHER = `ghp_${'othr'.repeat(9)}`;

/** W1 */
const START = instant(Date.UTC(2199, 0, 1));

export class OriginWorld {
  readonly time = new TestTime();
  readonly forge = new ScriptedForge(this.time);
  /** What the runner's machine knows: it goes on while the town is gone. */
  readonly machine = new Machine();
  /** An app that is set up for the town and whose issuer is down. */
  issuerDown = false;
}

/** Attempts and jobs that were started, each with what there is to tell of it. */
export class Machine {
  readonly attempts = new Map<AttemptId, Word>();
  readonly jobs = new Map<JobId, Word>();
}

export interface Word {
  readonly facts: readonly Fact[];
  /** The town has heard all of it. */
  heard: boolean;
}

export class TestTime implements Clock, Timers {
  #now: Instant = START;
  readonly #timers = new Set<() => void>();

  now(): Instant {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now - START;
  }

  /** Time never goes back. */
  to(at: Instant): void {
    if (at > this.#now) this.#now = at;
  }

  pass(ms: number): void {
    this.to(after(this.#now, ms));
  }

  after(_ms: number, run: () => void): () => void {
    this.#timers.add(run);
    return () => this.#timers.delete(run);
  }

  /** Every deadline that runs is over. */
  runOut(): void {
    for (const run of this.#timers) run();
    this.#timers.clear();
  }
}

export interface Asked {
  readonly method: string;
  readonly url: string;
  /** The whole header that says who asks; null where there is none. */
  readonly authorization: string | null;
}

/** What a forge does instead of answering as it should. */
export type Fault = (time: TestTime) => Promise<Response> | Response;

interface Pull {
  readonly number: number;
  readonly branch: string;
  readonly base: string;
  readonly body: string;
  readonly title: string;
}

/** Just enough of GitHub to open a pull request and to read it. W2 */
export class ScriptedForge {
  readonly asked: Asked[] = [];
  readonly pulls: Pull[] = [];
  /** Tokens it knows. */
  readonly tokens = new Set([GOOD, OTHER]);
  /** Instead of the answer to a read. */
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

  get reads(): number {
    return this.asked.filter(({ url }) => url.endsWith('/graphql')).length;
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const authorization = new Headers(init.headers).get('authorization');
    const method = init.method ?? 'GET';
    this.asked.push({ method, url, authorization });
    const token = authorization?.replace('Bearer ', '') ?? '';
    if (!this.tokens.has(token)) return json({ message: 'Bad credentials' }, 401);
    const { pathname } = new URL(url);
    if (pathname === '/graphql') return await this.#read();
    if (pathname !== '/repos/acme/web/pulls') return json({ message: 'Not Found' }, 404);
    return method === 'POST' ? await this.#open(init) : json(this.pulls.map(restPull));
  }

  async #read(): Promise<Response> {
    if (this.loseNextRead) {
      this.loseNextRead = false;
      return await this.#silence();
    }
    if (this.fault !== null) return await this.fault(this.#time);
    const [pull] = this.pulls;
    return json({ data: { p0: { pullRequest: pull === undefined ? null : graphqlPull(pull) } } });
  }

  async #open(init: RequestInit): Promise<Response> {
    const { title, head, base, body } = JSON.parse(
      await new Response(init.body).text(),
    ) as Readonly<Record<'title' | 'head' | 'base' | 'body', string>>;
    const pull = { number: this.pulls.length + 1, branch: head, base, body, title };
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

function headOfBranch(branch: string): string {
  const bead = branch.split('/').find((part) => /^web-\d+$/.test(part)) ?? 'web-0';
  return headOf(bead as BeadId);
}

function restPull(pull: Pull) {
  return {
    number: pull.number,
    node_id: `PR_${pull.number}`,
    html_url: `${ORIGIN}/acme/web/pull/${pull.number}`,
    state: 'open',
    draft: false,
    title: pull.title,
    body: pull.body,
    merged_at: null,
    merge_commit_sha: null,
    updated_at: null,
    user: { login: 'ada' },
    head: { ref: pull.branch, sha: headOfBranch(pull.branch), repo: { full_name: 'acme/web' } },
    base: { ref: pull.base },
  };
}

function graphqlPull(pull: Pull) {
  const page = { hasNextPage: false, endCursor: null };
  return {
    id: `PR_${pull.number}`,
    number: pull.number,
    url: `${ORIGIN}/acme/web/pull/${pull.number}`,
    state: 'OPEN',
    isDraft: false,
    title: pull.title,
    headRefName: pull.branch,
    headRefOid: headOfBranch(pull.branch),
    headRepository: { nameWithOwner: 'acme/web' },
    baseRefName: pull.base,
    mergeable: 'MERGEABLE',
    mergeStateStatus: 'CLEAN',
    reviewDecision: null,
    timelineItems: { nodes: [] },
    reviewThreads: { pageInfo: page, nodes: [] },
    commits: {
      nodes: [{ commit: { oid: headOfBranch(pull.branch), statusCheckRollup: null } }],
    },
  };
}
