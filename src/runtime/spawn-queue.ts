/**
 * Permits to start a process. Starting an agent costs seconds of processor time, so only as many
 * start at once as the machine has cores; the rest wait in line and their deadlines with them.
 *
 * Q1 A deadline of a start begins when its permit is granted, never while it waits.
 * Q2 Lower `rank` first, then order of asking.
 * Q3 Whoever gives up waiting leaves the line; a permit is never granted to nobody.
 */

export interface Permit {
  /** Gives the place to the next in line. Safe to call twice. */
  release(): void;
}

interface Waiter {
  readonly rank: number;
  readonly grant: (permit: Permit) => void;
}

export class SpawnQueue {
  readonly #size: number;
  readonly #line: Waiter[] = [];
  #taken = 0;

  constructor(size: number) {
    this.#size = Math.max(1, size);
  }

  /** Answers null when `signal` aborts first. Q3 */
  acquire(rank: number, signal: AbortSignal): Promise<Permit | null> {
    if (signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const leave = (): void => {
        const at = this.#line.indexOf(waiter);
        if (at >= 0) this.#line.splice(at, 1);
        resolve(null);
      };
      const waiter: Waiter = {
        rank,
        grant: (permit) => {
          signal.removeEventListener('abort', leave);
          resolve(permit);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      const before = this.#line.findIndex((other) => other.rank > rank); // Q2
      this.#line.splice(before < 0 ? this.#line.length : before, 0, waiter);
      this.#grantNext();
    });
  }

  get waiting(): number {
    return this.#line.length;
  }

  #grantNext(): void {
    if (this.#taken >= this.#size) return;
    const next = this.#line.shift();
    if (next === undefined) return;
    this.#taken += 1;
    let held = true;
    next.grant({
      release: () => {
        if (!held) return;
        held = false;
        this.#taken -= 1;
        this.#grantNext();
      },
    });
  }
}
