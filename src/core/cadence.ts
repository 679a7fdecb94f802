/**
 * How often an open pull request is read, by how soon it may change. Webhooks only make one due
 * earlier; this is the truth that does not depend on them.
 */
import { limits } from './limits.ts';
import type { MergeRequest } from './merge-request.ts';
import type { PullRequestSnapshot } from './pull-request.ts';
import { instant, type Instant } from './time.ts';

export type Temperature = 'hot' | 'warm' | 'cool' | 'cold';

const hour = 3_600_000;
const day = 24 * hour;

/**
 * Hot: checks run, or something of ours is about to happen. Cold: nobody touched it for a week.
 * A mergeability that is being computed is worth no haste while a reviewer is waited for: every
 * merge into a target makes all others into it be computed anew.
 */
export function temperatureOf(
  snapshot: PullRequestSnapshot | null,
  busy: boolean,
  now: Instant,
): Temperature {
  if (snapshot === null || busy) return 'hot';
  const { checks, mergeability, queue, review } = snapshot;
  const isReviewed =
    review.is !== 'complete' || ['approved', 'none'].includes(review.value.decision);
  const isComputing = mergeability.is === 'complete' && mergeability.value === 'computing';
  if (isComputing && isReviewed && !snapshot.draft) return 'hot';
  if (queue.is === 'complete' && queue.value !== 'none') return 'hot';
  if (checks.is === 'complete' && checks.value.all.pending + checks.value.all.missing > 0) {
    return 'hot';
  }
  const quietMs = snapshot.updatedAt === null ? 0 : now - snapshot.updatedAt;
  if (quietMs > 7 * day) return 'cold';
  if (quietMs > 2 * hour || snapshot.draft) return 'cool';
  return 'warm';
}

const intervals: Readonly<Record<Temperature, number>> = {
  hot: limits.pollHotMs,
  warm: limits.pollWarmMs,
  cool: limits.pollCoolMs,
  cold: limits.pollColdMs,
};

type Beating = Pick<MergeRequest, 'number' | 'account'>;

/** A tenth of the interval either way, by the number, and then on the beat nearest to it. */
export function nextReadAt(temperature: Temperature, request: Beating, now: Instant): Instant {
  const interval = intervals[temperature];
  const jitter = ((request.number * 7919) % 201) / 1000 - 0.1;
  const beats = beatsAt(request, now + interval * (1 + jitter));
  return beatAt(request, Math.round(beats));
}

/** The first one from now. */
export function nextBeat(request: Beating, now: Instant): Instant {
  return beatAt(request, Math.floor(beatsAt(request, now)) + 1);
}

/**
 * Reads fall on beats, as far apart as hot ones are: what is due at one moment shares a request.
 * Each account has beats of its own, so that not all of them ask at one moment.
 */
function beatAt(request: Beating, beats: number): Instant {
  return instant(beats * limits.pollHotMs + offsetOf(request));
}

function beatsAt(request: Beating, at: number): number {
  return (at - offsetOf(request)) / limits.pollHotMs;
}

function offsetOf({ account }: Beating): number {
  let sum = 0;
  for (const letter of account ?? '') {
    sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % limits.pollHotMs;
  }
  return sum;
}
