/**
 * The time a benchmark of hours goes by in: it stands still while anything is being done, and
 * jumps to the next thing that is due.
 *
 * T1 What is due runs in the order of its times. T2 Time never goes back.
 */
import { after, instant, type Instant } from '../../src/core/time.ts';
import type { Clock, Timers } from '../../src/ports/host.ts';

const START = instant(Date.UTC(2031, 0, 6, 9));

interface Due {
  readonly at: Instant;
  readonly run: () => void;
}

export class BenchTime implements Clock, Timers {
  #now: Instant = START;
  readonly #due = new Set<Due>();

  now(): Instant {
    return this.#now;
  }

  monotonicMs(): number {
    return this.#now - START;
  }

  after(ms: number, run: () => void): () => void {
    const due = { at: after(this.#now, ms), run };
    this.#due.add(due);
    return () => this.#due.delete(due);
  }

  /** When the next thing is due; null: nothing is. */
  next(): Instant | null {
    let first: Instant | null = null;
    for (const { at } of this.#due) if (first === null || at < first) first = at;
    return first;
  }

  /** T1, T2 */
  to(at: Instant): void {
    if (at > this.#now) this.#now = at;
    const due = [...this.#due].filter((one) => one.at <= at).sort((a, b) => a.at - b.at);
    for (const one of due) if (this.#due.delete(one)) one.run();
  }
}
