/**
 * The time that a town, its forge and its deadlines go by in a test.
 *
 * W1 Time moves only when a test moves it, and lies so far ahead that no real alarm ever rings.
 */
import { after, instant, type Instant } from '../../src/core/time.ts';
import type { Clock, Timers } from '../../src/ports/host.ts';

/** W1 */
const START = instant(Date.UTC(2199, 0, 1));

export class TestTime implements Clock, Timers {
  #now: Instant = START;
  readonly #timers = new Set<() => void>();

  now(): Instant {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now - START;
  }

  /** Time never goes back. */
  to(at: Instant): void {
    if (at > this.#now) this.#now = at;
  }

  pass(ms: number): void {
    this.to(after(this.#now, ms));
  }

  after(_ms: number, run: () => void): () => void {
    this.#timers.add(run);
    return () => this.#timers.delete(run);
  }

  /** Every deadline that runs is over. */
  runOut(): void {
    for (const run of this.#timers) run();
    this.#timers.clear();
  }
}
