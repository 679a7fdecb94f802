/**
 * The world's time: one monotonic line on which everything happens in order, and a wall clock
 * beside it that faults may move.
 *
 * M1 Events of the same moment run in the order they were planned in.
 * M2 A server process sees monotonic time from its own start only.
 */
import { assert } from '../../core/assert.ts';
import { type Instant, instant } from '../../core/time.ts';
import type { Clock } from '../../ports/host.ts';

interface Planned {
  readonly at: number;
  readonly seq: number;
  readonly run: () => void;
  isOff: boolean;
}

const firstWall = Date.UTC(2030, 0, 1);

export class WorldTime {
  /** Monotonic milliseconds since the world began. */
  now = 0;
  #wallOffset: number = firstWall;
  /** The latest that the wall clock showed before it was moved. */
  #latest = 0;
  #heap: Planned[] = [];
  #seq = 0;

  wall(): Instant {
    return instant(this.now + this.#wallOffset);
  }

  /** Moves the wall clock only. */
  jump(ms: number): void {
    this.#latest = Math.max(this.#latest, this.wall());
    this.#wallOffset += ms;
  }

  /** Does the wall clock show what it showed before, because it was set back? */
  get isBehind(): boolean {
    return this.wall() < this.#latest;
  }

  /** When on the monotonic line the wall clock will say `at`, as far as anybody can tell. */
  whenWall(at: Instant): number {
    return Math.max(this.now, at - this.#wallOffset);
  }

  /** A process' clock. M2 */
  clock(): Clock {
    const start = this.now;
    return { now: () => this.wall(), monotonicMs: () => this.now - start };
  }

  /** Its answer takes it back. */
  after(ms: number, run: () => void): () => void {
    const planned = { at: this.now + Math.max(0, ms), seq: this.#seq, run, isOff: false };
    this.#push(planned);
    this.#seq += 1;
    return () => void (planned.isOff = true);
  }

  nextAt(): number | null {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return null;
      if (!first.isOff) return first.at;
      this.#pop();
    }
  }

  advance(to: number): void {
    assert(to >= this.now, 'time goes on');
    this.now = to;
  }

  /** Runs the earliest event, having moved the time to it. */
  runNext(): void {
    assert(this.nextAt() !== null, 'an event is planned');
    const next = this.#pop();
    assert(next !== undefined, 'it is the first of those planned');
    this.advance(Math.max(next.at, this.now));
    next.run();
  }

  #push(item: Planned): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !before(item, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = item;
  }

  #pop(): Planned | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const left = heap[down];
      if (left === undefined) break;
      const right = heap[down + 1];
      if (right !== undefined && before(right, left)) down += 1;
      const child = heap[down];
      if (child === undefined || !before(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}
