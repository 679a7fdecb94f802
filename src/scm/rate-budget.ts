/**
 * How much more may be asked with one credential, learned from what the forge answers, so that
 * reading never uses up what people and merges need.
 *
 * B1 A budget belongs to (origin, identity, resource): tokens of one login share it.
 * B2 What no header told is unknown, and nothing is held back for it: a forge of one's own often
 *    has no limit. Unknown is never zero.
 * B3 Reads leave 40 % (30 for people with the same login, 10 for merges), other writes 10 %, and a
 *    merge may use all there is. After a reset the window is full again.
 * B4 Two writes with one credential are a second apart; after a throttled answer nothing is asked
 *    before its time.
 */
import { limits } from '../core/limits.ts';
import { after, instant, type Instant } from '../core/time.ts';
import type { Budget } from '../ports/forge.ts';
import type { LimitHeaders } from './limit-headers.ts';

export interface BudgetKey {
  readonly origin: string;
  readonly identity: string;
  readonly resource: Budget['resource'];
}

export type CallKind = 'read' | 'write' | 'merge';

export type Allowed =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly until: Instant;
      readonly because: 'throttled' | 'spacing' | 'reserve';
    };

/** What one answer told; GraphQL's `rateLimit` fits too. */
export type Learned = Pick<LimitHeaders, 'limit' | 'remaining' | 'resetAt'>;

interface Bucket {
  limit: number | null;
  remaining: number | null;
  resetAt: Instant | null;
  throttledUntil: Instant | null;
}

export class RateBudgets {
  readonly #buckets = new Map<string, Bucket>();
  /** By origin and identity: the distance between writes is one for all resources. B4 */
  readonly #lastWrite = new Map<string, Instant>();

  /** B2: an answer that does not tell leaves what is known. */
  learn(key: BudgetKey, seen: Learned, now: Instant): void {
    const bucket = this.#current(key, now);
    if (seen.limit !== null) bucket.limit = seen.limit;
    if (seen.resetAt !== null) bucket.resetAt = seen.resetAt;
    if (seen.remaining !== null) bucket.remaining = seen.remaining;
  }

  /** B4. A secondary limit is the whole login's, a primary one the resource's. */
  throttled(key: BudgetKey, scope: 'primary' | 'secondary', retryAt: Instant, now: Instant): void {
    for (const resource of scope === 'primary' ? [key.resource] : (['graphql', 'rest'] as const)) {
      this.#current({ ...key, resource }, now).throttledUntil = retryAt;
    }
  }

  /** May it be sent now? A granted call is counted at once, before its answer tells the truth. */
  allow(key: BudgetKey, kind: CallKind, cost: number, now: Instant): Allowed {
    const bucket = this.#current(key, now);
    const { throttledUntil, remaining, resetAt } = bucket;
    if (throttledUntil !== null && throttledUntil > now) {
      return { ok: false, until: throttledUntil, because: 'throttled' };
    }
    const writeAt = this.#nextWriteAt(key);
    if (kind !== 'read' && writeAt !== null && writeAt > now) {
      return { ok: false, until: writeAt, because: 'spacing' };
    }
    if (remaining !== null && remaining - cost < reserveOf(bucket, kind)) {
      const until = resetAt ?? after(now, limits.forgeThrottleMs);
      return { ok: false, until, because: 'reserve' };
    }
    if (remaining !== null) bucket.remaining = Math.max(0, remaining - cost);
    if (kind !== 'read') this.#lastWrite.set(loginOf(key), now);
    return { ok: true };
  }

  /**
   * How far apart reads of this cost should be so that the window lasts, in ms; 0 where nothing is
   * known or there is plenty. For choosing a cadence, never a refusal.
   */
  suggestedPauseMs(key: BudgetKey, cost: number, now: Instant): number {
    const bucket = this.#current(key, now);
    const { throttledUntil, remaining, resetAt } = bucket;
    if (throttledUntil !== null && throttledUntil > now) return throttledUntil - now;
    if (remaining === null || resetAt === null) return 0;
    const calls = Math.floor((remaining - reserveOf(bucket, 'read')) / Math.max(cost, 1));
    const left = Math.max(0, resetAt - now);
    return calls <= 0 ? left : Math.ceil(left / calls);
  }

  /** For `gt forge status`. */
  budgets(
    login: Pick<BudgetKey, 'origin' | 'identity'>,
    now: Instant,
  ): readonly (Budget & { readonly throttledUntil: Instant | null })[] {
    return (['graphql', 'rest'] as const).flatMap((resource) => {
      const key = { ...login, resource };
      if (!this.#buckets.has(nameOf(key))) return [];
      const { limit, remaining, resetAt, throttledUntil } = this.#current(key, now);
      return [{ resource, limit, remaining, resetAt, throttledUntil }];
    });
  }

  #nextWriteAt(key: BudgetKey): Instant | null {
    const last = this.#lastWrite.get(loginOf(key));
    return last === undefined ? null : after(last, limits.forgeWriteGapMs);
  }

  /** B3: what was known of a window that is over is void. */
  #current(key: BudgetKey, now: Instant): Bucket {
    const name = nameOf(key);
    const known = this.#buckets.get(name);
    const bucket = known ?? { limit: null, remaining: null, resetAt: null, throttledUntil: null };
    if (known === undefined) this.#buckets.set(name, bucket);
    if (bucket.resetAt !== null && bucket.resetAt <= now) {
      bucket.remaining = bucket.limit;
      bucket.resetAt = null;
    }
    if (bucket.throttledUntil !== null && bucket.throttledUntil <= now) {
      bucket.throttledUntil = null;
    }
    return bucket;
  }
}

/** B3 */
function reserveOf({ limit, remaining }: Bucket, kind: CallKind): number {
  const whole = limit ?? remaining ?? 0;
  const { forgeReservePeoplePercent: people, forgeReserveMergesPercent: merges } = limits;
  const percent = { read: people + merges, write: merges, merge: 0 }[kind];
  return Math.ceil((whole * percent) / 100);
}

function nameOf(key: BudgetKey): string {
  return `${loginOf(key)} ${key.resource}`;
}

function loginOf({ origin, identity }: Pick<BudgetKey, 'origin' | 'identity'>): string {
  return `${origin} ${identity}`;
}

/** GraphQL's own word on its budget: `rateLimit { limit remaining resetAt cost }`. */
export function learnedFromGraphql(rateLimit: {
  readonly limit?: number | undefined;
  readonly remaining?: number | undefined;
  readonly resetAt?: string | undefined;
}): Learned {
  const at = Date.parse(rateLimit.resetAt ?? '');
  return {
    limit: rateLimit.limit ?? null,
    remaining: rateLimit.remaining ?? null,
    resetAt: Number.isNaN(at) ? null : instant(at),
  };
}
