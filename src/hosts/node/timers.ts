/**
 * Time on this host.
 *
 * T1 `now()` never goes back within a process: it is the wall at the start plus what passed since,
 *    and follows a jump forward (sleep, a corrected clock). A clock set back by an hour is waited
 *    out, never obeyed.
 * T2 An alarm further away than a timer can count is armed in pieces. A past one fires at once.
 * T3 With nothing armed there is no timer at all.
 */
import { instant, type Instant } from '../../core/time.ts';
import type { Alarm, Clock, Timers } from '../../ports/host.ts';

const TIMER_MAX_MS = 2 ** 31 - 1;
/** The most a suspended machine may have slept through before an alarm notices. */
const LOOK_MS = 10 * 60 * 1000;

export interface Source {
  wallMs(): number;
  monotonicMs(): number;
}

export const systemTime: Source = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** T1 */
export class SteadyClock implements Clock {
  readonly #source: Source;
  /** Wall time minus monotonic time; only ever grows. */
  #offset: number;

  constructor(source: Source = systemTime) {
    this.#source = source;
    this.#offset = source.wallMs() - source.monotonicMs();
  }

  now(): Instant {
    const monotonic = this.#source.monotonicMs();
    this.#offset = Math.max(this.#offset, this.#source.wallMs() - monotonic);
    return instant(monotonic + this.#offset);
  }

  monotonicMs(): number {
    return this.#source.monotonicMs();
  }
}

/** Real timers. `keepAlive: false` ones do not hold the process open. */
export class NodeTimers implements Timers {
  readonly #keepAlive: boolean;

  constructor(options: { readonly keepAlive: boolean } = { keepAlive: true }) {
    this.#keepAlive = options.keepAlive;
  }

  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, Math.min(Math.max(0, ms), TIMER_MAX_MS));
    if (!this.#keepAlive) timer.unref();
    return () => clearTimeout(timer);
  }
}

/** One alarm, for one town. */
export class TimerAlarm implements Alarm {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #ring: () => void;
  #cancel: (() => void) | null = null;
  #at: Instant | null = null;
  #closed = false;

  constructor(clock: Clock, timers: Timers, ring: () => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#ring = ring;
  }

  /** When it rings next; null when it is not set. */
  get at(): Instant | null {
    return this.#at;
  }

  set(at: Instant | null): void {
    if (this.#closed) return;
    this.#cancel?.();
    this.#cancel = null;
    this.#at = at;
    if (at !== null) this.#arm(at);
  }

  close(): void {
    this.set(null);
    this.#closed = true;
  }

  /**
   * T2. Timers do not count the time a machine sleeps, so a far alarm looks at the clock on its
   * way; the wait is never longer than the alarm is away.
   */
  #arm(at: Instant): void {
    const away = Math.max(0, at - this.#clock.now());
    this.#cancel = this.#timers.after(Math.min(away, LOOK_MS), () => {
      if (this.#clock.now() < at) {
        this.#arm(at);
        return;
      }
      this.#cancel = null;
      this.#at = null;
      this.#ring();
    });
  }
}
