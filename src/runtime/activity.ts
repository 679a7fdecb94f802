/**
 * Signs of life of one attempt, told as absolute usage at most once per `limits.activityMs`. A
 * quiet agent costs nothing: no timer runs unless something happened.
 */
import type { AttemptId } from '../core/ids.ts';
import type { Usage } from '../core/attempt.ts';
import type { Fact } from '../core/fact.ts';
import { limits } from '../core/limits.ts';
import type { Clock, Timers } from '../ports/host.ts';

export interface ActivityDeps {
  readonly attempt: AttemptId;
  readonly tell: (fact: Fact) => Promise<void>;
  readonly usage: () => Usage;
  readonly clock: Clock;
  readonly timers: Timers;
}

export class Activity {
  readonly #deps: ActivityDeps;
  #lastAt: number;
  #toldAt: number | null = null;
  #cancel: (() => void) | null = null;
  #closed = false;

  constructor(deps: ActivityDeps) {
    this.#deps = deps;
    this.#lastAt = deps.clock.monotonicMs();
  }

  /** Something happened. */
  note(): void {
    const now = this.#deps.clock.monotonicMs();
    this.#lastAt = now;
    if (this.#cancel !== null || this.#closed) return;
    const due = this.#toldAt === null ? 0 : this.#toldAt + limits.activityMs - now;
    this.#cancel = this.#deps.timers.after(Math.max(0, due), () => {
      this.#cancel = null;
      this.#toldAt = this.#deps.clock.monotonicMs();
      const { attempt, usage } = this.#deps;
      void this.#deps.tell({ kind: 'attempt_activity', attempt, usage: usage() });
    });
  }

  /** Milliseconds since the last sign of life. */
  get quietMs(): number {
    return this.#deps.clock.monotonicMs() - this.#lastAt;
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#cancel = null;
  }
}
