/**
 * A forge's REST through the one door, for forges that have nothing else: its turn waited for
 * before, its budget learned from after, and every refusal already a `PRStatusError`.
 *
 * A1 An address is built here from the project's own parts, never taken from an answer: not even
 *    the next page's.
 * A2 A list is read to its end, or says that it was not.
 * A3 No ETags: on these forges an answer that did not change costs as much as one that did.
 */
import type { z } from 'zod';
import { limits } from '../core/limits.ts';
import type { PRStatusError } from '../core/pr-status.ts';
import type { ForgeProject } from '../core/pull-request.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { Clock, Timers } from '../ports/host.ts';
import { sampleKeysOf } from './http-body.ts';
import {
  invalidResponse,
  placeOf,
  request,
  type ForgeDoor,
  type ForgeRequest,
  type ForgeResponse,
} from './http.ts';
import type { CredentialLease } from './lease.ts';
import { readLimits } from './limit-headers.ts';
import { outcomeOf } from './outcome.ts';
import type { CallKind, RateBudgets } from './rate-budget.ts';
import { Turns } from './turns.ts';

export interface RestDeps {
  readonly door: ForgeDoor;
  readonly budgets: RateBudgets;
  readonly clock: Clock;
  /** For the distance between writes; the door has its own for deadlines. */
  readonly timers: Timers;
}

export interface RestCall {
  readonly project: ForgeProject;
  readonly lease: CredentialLease;
  readonly kind: CallKind;
}

export interface RestAsk extends Partial<Omit<ForgeRequest, 'to' | 'lease' | 'method' | 'url'>> {
  /** Refusals that are an answer to this question: their body says which. */
  readonly answers?: readonly number[];
}

export interface Listed<T> {
  readonly items: readonly T[];
  readonly complete: boolean;
}

/** How a forge calls the size of a page, and the largest it gives. */
export interface Paging {
  readonly name: 'per_page' | 'limit';
  readonly size: number;
}

export class RestApi {
  readonly #deps: RestDeps;
  readonly #turns: Turns;
  readonly #paging: Paging;

  constructor(deps: RestDeps, paging: Paging) {
    this.#deps = deps;
    this.#turns = new Turns(deps);
    this.#paging = paging;
  }

  get now(): Instant {
    return this.#deps.clock.now();
  }

  /** `path` begins with `/`; it is joined to the project's API. A1 */
  async ask(
    call: RestCall,
    method: ForgeRequest['method'],
    path: string,
    { answers = [], ...more }: RestAsk = {},
  ): Promise<Result<ForgeResponse, PRStatusError>> {
    const { door, budgets } = this.#deps;
    const { project: to, lease, kind } = call;
    const key = { origin: to.origin, identity: lease.identity, resource: 'rest' } as const;
    const url = `${to.apiBase}${path}`;
    const sent = await this.#turns.take({ key, kind, cost: 1 }, () =>
      request(door, { ...more, to, lease, method, url }),
    );
    if (!sent.ok) {
      const { until: retryAt, budget } = sent.error;
      return err({ kind: 'throttled', ...placeOf(to), scope: 'primary', retryAt, budget });
    }
    const answer = sent.value;
    if (answer.is === 'error') return err(answer.error);
    budgets.learn(key, readLimits(answer.headers, answer.date, this.now), this.now);
    if (answers.includes(answer.status)) return ok(answer);
    const error = outcomeOf(answer, { to, tokenSource: lease.source, now: this.now });
    if (error === null) return ok(answer);
    if (error.kind === 'throttled') {
      budgets.throttled(key, error.scope, error.retryAt, this.now);
    }
    return err(error);
  }

  /** A GET that is believed in one shape only. */
  async read<T>(
    call: RestCall,
    path: string,
    shape: z.ZodType<T>,
  ): Promise<Result<T, PRStatusError>> {
    const answer = await this.ask(call, 'GET', path);
    if (!answer.ok) return answer;
    const found = shape.safeParse(answer.value.json);
    return found.success ? ok(found.data) : err(mismatch(call, answer.value.json));
  }

  /** All pages of a list, or `complete: false`; no further than what is `enough`. A2 */
  async list<T>(
    call: RestCall,
    path: string,
    item: z.ZodType<T>,
    enough: (items: readonly T[], pages: number) => boolean = () => false,
  ): Promise<Result<Listed<T>, PRStatusError>> {
    const { name, size } = this.#paging;
    const items: T[] = [];
    const join = path.includes('?') ? '&' : '?';
    for (let page = 1; page <= limits.forgePagesMax; page += 1) {
      const answer = await this.ask(call, 'GET', `${path}${join}${name}=${size}&page=${page}`);
      if (!answer.ok) return answer;
      const { json, headers } = answer.value;
      const found = item.array().safeParse(json);
      if (!found.success) return err(mismatch(call, json));
      items.push(...found.data);
      if (!hasMore(headers, found.data.length, size)) return ok({ items, complete: true });
      if (enough(items, page)) break;
    }
    return ok({ items, complete: false });
  }
}

/** A forge, or a proxy before it, that tells no next page has one while pages are full. */
function hasMore(headers: Headers, count: number, size: number): boolean {
  const link = headers.get('link');
  if (link !== null) return /;\s*rel="?next"?/.test(link);
  const next = headers.get('x-next-page');
  return next === null ? count >= size : next !== '';
}

/** What came has another shape than was agreed: the names of its keys, never their values. */
export function mismatch({ project }: Pick<RestCall, 'project'>, json: unknown): PRStatusError {
  const names = sampleKeysOf(json).filter((key) => /^\w{1,60}$/.test(key));
  return invalidResponse(project, 'schema_mismatch', names);
}

export function writing(call: RestCall): RestCall {
  return { ...call, kind: 'write' };
}
