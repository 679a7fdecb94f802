/**
 * Counts failures to read a pull request, and says when nobody can claim to see it any more.
 * The class of an error is decided here once; adapters do not guess what the town will do.
 *
 * K1 Three buckets with a counter each: 1 immediate, 3 soft over 3 minutes, 10 transient over
 *    10 minutes. A bucket never moves another's counter.
 * K2 Only a success clears, all of them at once, in `afterSuccess`.
 * K3 Throttling and a pull request of a moment ago are no strike.
 * K4 Backstop: half an hour after the first failure since the last success, with five counted,
 *    so that alternating errors end too. Time throttled, asleep or without network counts not.
 */
import { unreachable } from './assert.ts';
import { limits } from './limits.ts';
import type { PRStatusError } from './pr-status.ts';
import { after, type Instant } from './time.ts';

export type Bucket = 'immediate' | 'soft' | 'transient';

/** Its bucket, or null where an error is no strike. One exhaustive switch. */
export function bucketOf(error: PRStatusError): Bucket | null {
  switch (error.kind) {
    case 'no_token':
      return 'immediate';
    case 'http_error':
      return error.transient ? 'transient' : 'immediate';
    case 'unrecognized_url':
    case 'host_mismatch':
    case 'invalid_response':
      return 'soft';
    case 'network_error':
    case 'token_unavailable':
      return 'transient';
    case 'throttled':
    case 'not_yet':
      return null;
    default:
      return unreachable(error);
  }
}

interface Streak {
  readonly count: number;
  readonly firstAt: Instant;
}

/** What is known of the reads of one pull request since its last success. */
export interface Strikes {
  readonly pollTransientCount: number;
  readonly pollSoftErrorCount: number;
  readonly pollImmediateCount: number;
  readonly transientSince: Instant | null;
  readonly softSince: Instant | null;
  /** Milliseconds in which failures were really being observed since the last success. K4 */
  readonly failingMs: number;
  readonly lastFailureAt: Instant | null;
  readonly lastError: PRStatusError | null;
  /** Throttled without a break since then; two hours of it are an incident. */
  readonly throttledSince: Instant | null;
}

export const noStrikes: Strikes = {
  pollTransientCount: 0,
  pollSoftErrorCount: 0,
  pollImmediateCount: 0,
  transientSince: null,
  softSince: null,
  failingMs: 0,
  lastFailureAt: null,
  lastError: null,
  throttledSince: null,
};

/** K2, the one place. */
export function afterSuccess(): Strikes {
  return noStrikes;
}

/** Counts one failed read. */
export function afterFailure(strikes: Strikes, error: PRStatusError, now: Instant): Strikes {
  const bucket = bucketOf(error);
  if (error.kind === 'throttled') {
    // Waiting for the forge is not failing: the clock of the backstop stands still.
    const throttledSince = strikes.throttledSince ?? now;
    return { ...strikes, lastError: error, lastFailureAt: null, throttledSince };
  }
  if (bucket === null) return { ...strikes, lastError: error, throttledSince: null };
  const counted = {
    ...strikes,
    failingMs: strikes.failingMs + observedMs(strikes, now),
    lastFailureAt: now,
    lastError: error,
    throttledSince: null,
  };
  switch (bucket) {
    case 'immediate':
      return { ...counted, pollImmediateCount: strikes.pollImmediateCount + 1 };
    case 'soft':
      return {
        ...counted,
        pollSoftErrorCount: strikes.pollSoftErrorCount + 1,
        softSince: strikes.softSince ?? now,
      };
    case 'transient':
      return {
        ...counted,
        pollTransientCount: strikes.pollTransientCount + 1,
        transientSince: strikes.transientSince ?? now,
      };
    default:
      return unreachable(bucket);
  }
}

/**
 * Time between two failures counts only while reads followed each other closely: after a night
 * asleep, an hour of throttling or a cold cadence nobody was looking, so nothing was observed.
 */
function observedMs(strikes: Strikes, now: Instant): number {
  if (strikes.lastFailureAt === null) return 0;
  const gap = Math.max(0, now - strikes.lastFailureAt);
  return gap <= limits.pollAfterFailureMsMax * 2 ? gap : 0;
}

export type Verdict =
  | { readonly is: 'fine' }
  /** At the threshold: nobody sees it. `by` names the rule, for the evidence. */
  | { readonly is: 'unobservable'; readonly by: Bucket | 'backstop' };

/** Has the threshold been reached? */
export function judge(strikes: Strikes, now: Instant): Verdict {
  if (strikes.pollImmediateCount >= 1) return { is: 'unobservable', by: 'immediate' };
  const soft = streak(strikes.pollSoftErrorCount, strikes.softSince);
  if (reached(soft, limits.softStrikes, limits.softStrikesMs, now)) {
    return { is: 'unobservable', by: 'soft' };
  }
  const transient = streak(strikes.pollTransientCount, strikes.transientSince);
  if (reached(transient, limits.transientStrikes, limits.transientStrikesMs, now)) {
    return { is: 'unobservable', by: 'transient' };
  }
  const total =
    strikes.pollImmediateCount + strikes.pollSoftErrorCount + strikes.pollTransientCount;
  if (total >= limits.backstopStrikes && strikes.failingMs >= limits.backstopMs) {
    return { is: 'unobservable', by: 'backstop' };
  }
  return { is: 'fine' };
}

function streak(count: number, firstAt: Instant | null): Streak | null {
  return firstAt === null ? null : { count, firstAt };
}

function reached(found: Streak | null, strikes: number, ms: number, now: Instant): boolean {
  return found !== null && found.count >= strikes && now - found.firstAt >= ms;
}

/** When to read again after a failure: soon enough that the thresholds can be reached. */
export function retryAt(strikes: Strikes, now: Instant): Instant {
  const { lastError } = strikes;
  if (lastError?.kind === 'throttled') {
    return lastError.retryAt > now ? lastError.retryAt : after(now, limits.pollAfterFailureMs);
  }
  const times = strikes.pollSoftErrorCount + strikes.pollTransientCount;
  const backoff = limits.pollAfterFailureMs * 2 ** Math.min(times, 4);
  return after(now, Math.min(backoff, limits.pollAfterFailureMsMax));
}

/** Throttled for so long that somebody should know; never a reason to call it unobservable. */
export function isLongThrottled(strikes: Strikes, now: Instant): boolean {
  return strikes.throttledSince !== null && now - strikes.throttledSince >= limits.throttledMsMax;
}
