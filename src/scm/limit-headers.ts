/**
 * What the headers of an answer say about how much more may be asked, whichever forge wrote them.
 *
 * L1 A header that is absent or no number is unknown (null), never zero: forges on a server of
 *    one's own often send none.
 * L2 Times are told by the forge's own clock where it shows one, moved to ours, and capped: a
 *    forge whose clock lies delays a read by two hours at most.
 */
import { limits } from '../core/limits.ts';
import { after, type Instant } from '../core/time.ts';

export interface LimitHeaders {
  readonly limit: number | null;
  readonly remaining: number | null;
  readonly used: number | null;
  readonly resetAt: Instant | null;
  /** From Retry-After: seconds or a date. */
  readonly retryAt: Instant | null;
  /** GitHub names the bucket: `core`, `graphql`, `search`. */
  readonly resource: string | null;
}

export function readLimits(headers: Headers, date: Instant | null, now: Instant): LimitHeaders {
  return {
    limit: whole(headers, 'x-ratelimit-limit', 'ratelimit-limit'),
    remaining: whole(headers, 'x-ratelimit-remaining', 'ratelimit-remaining'),
    used: whole(headers, 'x-ratelimit-used', 'ratelimit-observed'),
    resetAt: resetAt(whole(headers, 'x-ratelimit-reset', 'ratelimit-reset'), date, now),
    retryAt: retryAt(headers.get('retry-after'), date, now),
    resource: headers.get('x-ratelimit-resource'),
  };
}

/** The first that is there. L1 */
function whole(headers: Headers, ...names: readonly string[]): number | null {
  const text = names.map((name) => headers.get(name)).find((each) => each !== null) ?? '';
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
}

/** Larger numbers are seconds since 1970, smaller ones seconds from this answer on. */
const EPOCH_SECONDS_MIN = 1_000_000_000;

function resetAt(seconds: number | null, date: Instant | null, now: Instant): Instant | null {
  if (seconds === null) return null;
  const from = date ?? now;
  return within(seconds < EPOCH_SECONDS_MIN ? seconds * 1000 : seconds * 1000 - from, now);
}

function retryAt(text: string | null, date: Instant | null, now: Instant): Instant | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text.trim())) return within(Number(text) * 1000, now);
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : within(at - (date ?? now), now);
}

/** L2 */
function within(ms: number, now: Instant): Instant {
  return after(now, Math.min(Math.max(ms, 0), limits.forgeThrottleMsMax));
}
