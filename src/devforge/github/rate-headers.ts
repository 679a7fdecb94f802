/**
 * GitHub's headers of a quota. A server without limits sends none of them, which must be read as
 * "unlimited", never as zero.
 */
import type { Quota } from '../limits.ts';

export function rateHeaders(quota: Quota, resource: string): Record<string, string> {
  return {
    'x-ratelimit-limit': String(quota.limit),
    'x-ratelimit-remaining': String(quota.remaining),
    'x-ratelimit-used': String(quota.used),
    'x-ratelimit-reset': String(Math.ceil(quota.resetAt / 1000)),
    'x-ratelimit-resource': resource,
  };
}
