/**
 * GitHub's REST and GraphQL through the one door: its turn waited for before, its budget learned
 * from after, and every refusal already a `PRStatusError`.
 *
 * A1 An address is built here from the project's own parts, never taken from an answer.
 * A2 HTTP 200 with GraphQL errors is no success unless data came with them; an error that names
 *    no place spoils all of it.
 * A3 A remembered answer belongs to one token: ETags are of (URL, fingerprint).
 */
import { limits } from '../../core/limits.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { ForgeProject } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Instant } from '../../core/time.ts';
import type { Clock, Timers } from '../../ports/host.ts';
import { z } from 'zod';
import {
  invalidResponse,
  placeOf,
  request,
  type ForgeDoor,
  type ForgeRequest,
  type ForgeResponse,
} from '../http.ts';
import type { CredentialLease } from '../lease.ts';
import { readLimits } from '../limit-headers.ts';
import { graphqlOutcome, outcomeOf, type Asked } from '../outcome.ts';
import type { CallKind, RateBudgets } from '../rate-budget.ts';
import { Turns } from '../turns.ts';
import { EtagCache } from './etag-cache.ts';

export interface ApiDeps {
  readonly door: ForgeDoor;
  readonly budgets: RateBudgets;
  readonly clock: Clock;
  /** For the distance between writes; the door has its own for deadlines. */
  readonly timers: Timers;
}

export interface Call {
  readonly project: ForgeProject;
  readonly lease: CredentialLease;
  readonly kind: CallKind;
}

export interface RestAsk extends Partial<Omit<ForgeRequest, 'to' | 'lease' | 'method' | 'url'>> {
  /** Refusals that are an answer to this question: their body says which. */
  readonly answers?: readonly number[];
}

/** One entry of a GraphQL answer's `errors`, and what it means. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly type: string;
  readonly words: string;
  readonly error: PRStatusError;
}

export interface GraphqlAnswer {
  readonly data: Readonly<Record<string, unknown>>;
  /** Each at its place: one bad target does not poison the others. */
  readonly problems: readonly Problem[];
}

export interface Page {
  readonly json: unknown;
  readonly more: boolean;
}

export class GitHubApi {
  readonly #deps: ApiDeps;
  readonly #turns: Turns;
  readonly #etags = new EtagCache();

  constructor(deps: ApiDeps) {
    this.#deps = deps;
    this.#turns = new Turns(deps);
  }

  get now(): Instant {
    return this.#deps.clock.now();
  }

  /** `path` begins with `/`; it is joined to the project's API. A1 */
  async rest(
    call: Call,
    method: ForgeRequest['method'],
    path: string,
    { answers = [], ...more }: RestAsk = {},
  ): Promise<Result<ForgeResponse, PRStatusError>> {
    const url = `${call.project.apiBase}${path}`;
    const mediaType = 'application/vnd.github+json';
    const answer = await this.#send(call, 'rest', { ...more, method, url, mediaType });
    if (!answer.ok) return answer;
    if (answers.includes(answer.value.status)) return answer;
    const error = outcomeOf(answer.value, this.#asked(call));
    return error === null ? answer : err(this.#noted(call, 'rest', error));
  }

  /** A GET that costs nothing where nothing changed. A3 */
  async get(call: Call, path: string): Promise<Result<Page, PRStatusError>> {
    const key = `${call.lease.fingerprint} ${call.project.apiBase}${path}`;
    const known = this.#etags.get(key);
    const headers = known === null ? {} : { 'if-none-match': known.etag };
    const answer = await this.rest(call, 'GET', path, { headers });
    if (!answer.ok) return answer;
    if (answer.value.status === 304 && known !== null) return ok(known.value);
    const more = /;\s*rel="next"/.test(answer.value.headers.get('link') ?? '');
    const page = { json: answer.value.json, more };
    const etag = answer.value.headers.get('etag');
    if (etag !== null) this.#etags.put(key, { etag, value: page });
    return ok(page);
  }

  /** All pages of a list, or `complete: false`. */
  async list<T>(
    call: Call,
    path: string,
    itemsOf: (json: unknown) => readonly T[] | null,
  ): Promise<Result<{ items: readonly T[]; complete: boolean }, PRStatusError>> {
    const items: T[] = [];
    const join = path.includes('?') ? '&' : '?';
    for (let page = 1; page <= limits.forgePagesMax; page += 1) {
      const answer = await this.get(call, `${path}${join}per_page=100&page=${page}`);
      if (!answer.ok) return answer;
      const found = itemsOf(answer.value.json);
      if (found === null) return err(mismatch(call, answer.value.json));
      items.push(...found);
      if (!answer.value.more) return ok({ items, complete: true });
    }
    return ok({ items, complete: false });
  }

  async graphql(
    call: Call,
    query: string,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<Result<GraphqlAnswer, PRStatusError>> {
    const url = graphqlUrl(call.project.apiBase);
    const body = { query, variables };
    const answer = await this.#send(call, 'graphql', { method: 'POST', url, body });
    if (!answer.ok) return answer;
    const refused = outcomeOf(answer.value, this.#asked(call));
    if (refused !== null) return err(this.#noted(call, 'graphql', refused));
    return this.#understood(call, answer.value);
  }

  /** A2 */
  #understood(call: Call, answer: ForgeResponse): Result<GraphqlAnswer, PRStatusError> {
    const parsed = graphqlBody.safeParse(answer.json);
    if (!parsed.success) return err(mismatch(call, answer.json));
    const { data, errors = [] } = parsed.data;
    const problems = errors.map((error) => ({
      path: error.path ?? [],
      type: error.type ?? '',
      words: (error.message ?? '').slice(0, 300),
      error: graphqlOutcome(error, answer, this.#asked(call)),
    }));
    const whole = problems.find(({ path }) => path.length === 0);
    if (data !== null && data !== undefined && whole === undefined) return ok({ data, problems });
    const [first] = whole === undefined ? problems : [whole];
    return err(this.#noted(call, 'graphql', first?.error ?? mismatch(call, answer.json)));
  }

  async #send(
    call: Call,
    resource: 'rest' | 'graphql',
    ask: Omit<ForgeRequest, 'to' | 'lease'>,
  ): Promise<Result<ForgeResponse, PRStatusError>> {
    const { door, budgets } = this.#deps;
    const { project: to, lease, kind } = call;
    const turn = { key: this.#key(call, resource), kind, cost: 1 };
    const sent = await this.#turns.take(turn, () => request(door, { ...ask, to, lease }));
    if (!sent.ok) {
      const { until: retryAt, budget } = sent.error;
      return err({ kind: 'throttled', ...placeOf(to), scope: 'primary', retryAt, budget });
    }
    if (sent.value.is === 'error') return err(sent.value.error);
    const seen = readLimits(sent.value.headers, sent.value.date, this.now);
    budgets.learn(turn.key, seen, this.now);
    return ok(sent.value);
  }

  #asked(call: Call): Asked {
    return { to: call.project, tokenSource: call.lease.source, now: this.now };
  }

  #key(call: Call, resource: 'rest' | 'graphql') {
    return { origin: call.project.origin, identity: call.lease.identity, resource };
  }

  #noted(call: Call, resource: 'rest' | 'graphql', error: PRStatusError): PRStatusError {
    if (error.kind === 'throttled') {
      const key = this.#key(call, resource);
      this.#deps.budgets.throttled(key, error.scope, error.retryAt, this.now);
    }
    return error;
  }
}

const graphqlBody = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(
      z.object({
        type: z.string().optional(),
        message: z.string().optional(),
        path: z.array(z.union([z.string(), z.number()])).optional(),
        extensions: z.object({ saml_failure: z.boolean().optional() }).optional(),
      }),
    )
    .optional(),
});

/** An Enterprise Server has GraphQL beside its REST, not below it. */
function graphqlUrl(apiBase: string): string {
  return apiBase.endsWith('/v3') ? apiBase.replace(/\/v3$/, '/graphql') : `${apiBase}/graphql`;
}

/** `owner` and `name` of a project. */
export function partsOf({ path }: Pick<ForgeProject, 'path'>): { owner: string; name: string } {
  const [owner = '', name = ''] = path.split('/');
  return { owner, name };
}

/** Each part safe in a path. A1 */
export function repoPath(project: ForgeProject): string {
  const { owner, name } = partsOf(project);
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
}

/** What came has another shape than was agreed: the names of its keys, never their values. */
export function mismatch({ project }: Pick<Call, 'project'>, json: unknown): PRStatusError {
  const keys = typeof json === 'object' && json !== null ? Object.keys(json) : [];
  const names = keys.filter((key) => /^\w{1,60}$/.test(key)).slice(0, 8);
  return invalidResponse(project, 'schema_mismatch', names);
}
