/**
 * Quotas and throttling. A quota belongs to an identity (a user or an installation), never to one
 * of its tokens, and starts anew an hour after its first request.
 *
 * Q1 A refused request costs nothing. Q2 Without limits (a self-managed server) there are no
 *    headers either.
 */
export type Resource = 'core' | 'graphql';

export interface Quota {
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  /** Epoch milliseconds. */
  readonly resetAt: number;
}

export interface Throttle {
  readonly scope: 'secondary';
  /** null: everybody. */
  readonly identity: string | null;
  readonly until: number;
  readonly status: 403 | 429;
  /** false: the message alone tells, without the header. */
  readonly withRetryAfter: boolean;
}

interface Window {
  limit: number;
  used: number;
  resetAt: number;
}

const HOUR_MS = 3_600_000;

export class Limits {
  /** Q2 */
  enabled = true;
  /** What an exhausted quota answers with; both exist. */
  primaryStatus: 403 | 429 = 403;
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();
  readonly #usual = { core: 5000, graphql: 5000 };
  readonly #throttles: Throttle[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  quota(identity: string, resource: Resource): Quota {
    const { limit, used, resetAt } = this.#window(identity, resource);
    return { limit, used, remaining: Math.max(limit - used, 0), resetAt };
  }

  /** Sets what is left for an identity, as if others had used the rest. */
  set(
    identity: string,
    resource: Resource,
    to: { limit?: number; remaining: number; resetAt?: number },
  ): void {
    const window = this.#window(identity, resource);
    window.limit = to.limit ?? window.limit;
    window.used = window.limit - to.remaining;
    window.resetAt = to.resetAt ?? window.resetAt;
  }

  exhausted(identity: string, resource: Resource): boolean {
    return this.enabled && this.quota(identity, resource).remaining <= 0;
  }

  charge(identity: string, resource: Resource, points: number): void {
    this.#window(identity, resource).used += points;
  }

  throttle(options: {
    forMs: number;
    identity?: string;
    status?: 403 | 429;
    withRetryAfter?: boolean;
  }): void {
    const { forMs, identity = null, status = 403, withRetryAfter = true } = options;
    const until = this.#now() + forMs;
    this.#throttles.push({ scope: 'secondary', identity, until, status, withRetryAfter });
  }

  throttled(identity: string): Throttle | null {
    const now = this.#now();
    const mine = this.#throttles.filter((t) => t.identity === null || t.identity === identity);
    return mine.find(({ until }) => until > now) ?? null;
  }

  #window(identity: string, resource: Resource): Window {
    const key = `${identity} ${resource}`;
    const now = this.#now();
    const found = this.#windows.get(key);
    if (found !== undefined && found.resetAt > now) return found;
    const limit = found?.limit ?? this.#usual[resource];
    const fresh = { limit, used: 0, resetAt: now + HOUR_MS };
    this.#windows.set(key, fresh);
    return fresh;
  }
}
