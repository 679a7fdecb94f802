/**
 * Which deliveries were seen lately, so that one sent twice is acted on once. Kept in memory only:
 * forgotten ones cost a read, and nothing else.
 *
 * R1 At most this many are kept, the oldest are forgotten first; none is older than a day.
 */
import { limits } from '../core/limits.ts';
import type { Instant } from '../core/time.ts';
import type { Hint } from './webhooks.ts';

const KEPT_MAX = 10_000;

export class RecentDeliveries {
  /** In the order they came. */
  readonly #seen = new Map<string, Instant>();

  /** Was it here before, by its id or by its body? Remembers it. */
  isRepeat({ provider, id, digest }: Hint, now: Instant): boolean {
    this.#forget(now);
    const names = [`${provider} ${id}`, `${provider} ${digest}`];
    const isRepeat = names.some((name) => this.#seen.has(name));
    if (!isRepeat) for (const name of names) this.#seen.set(name, now);
    return isRepeat;
  }

  /** R1 */
  #forget(now: Instant): void {
    for (const [name, at] of this.#seen) {
      const isOld = now - at > limits.idempotencyMs;
      if (!isOld && this.#seen.size <= KEPT_MAX) return;
      this.#seen.delete(name);
    }
  }
}
