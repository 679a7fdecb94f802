/**
 * How often an open pull request is read, by how soon it may change. Webhooks only make one due
 * earlier; this is the truth that does not depend on them.
 */
import { limits } from './limits.ts';
import type { PullRequestSnapshot } from './pull-request.ts';
import { after, type Instant } from './time.ts';

export type Temperature = 'hot' | 'warm' | 'cool' | 'cold';

const hour = 3_600_000;
const day = 24 * hour;

/** Hot: checks run, or something of ours is about to happen. Cold: nobody touched it for a week. */
export function temperatureOf(
  snapshot: PullRequestSnapshot | null,
  busy: boolean,
  now: Instant,
): Temperature {
  if (snapshot === null || busy) return 'hot';
  const { checks, mergeability, queue } = snapshot;
  if (mergeability.is === 'complete' && mergeability.value === 'computing') return 'hot';
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

/** A tenth of the interval either way, by the number, so that a hundred do not fall due at once. */
export function nextReadAt(temperature: Temperature, number: number, now: Instant): Instant {
  const interval = intervals[temperature];
  const jitter = ((number * 7919) % 201) / 1000 - 0.1;
  return after(now, Math.round(interval * (1 + jitter)));
}
