/**
 * Watches a turn for silence. A quiet agent may be thinking or running long tests, so silence is
 * first noted, then noted louder, and only then ends the attempt.
 *
 * One timer at a time, armed for the next moment at which something would be said.
 */
import { limits } from '../core/limits.ts';
import type { Timers } from '../ports/host.ts';

export interface QuietListener {
  onQuiet(note: string): void;
  onSilent(quietMs: number): void;
}

const { quietWarnMs, quietAskMs, quietStopMs } = limits;

export class QuietWatch {
  readonly #activity: { readonly quietMs: number };
  readonly #timers: Timers;
  readonly #listener: QuietListener;
  #cancel: (() => void) | null = null;

  constructor(activity: { readonly quietMs: number }, timers: Timers, listener: QuietListener) {
    this.#activity = activity;
    this.#timers = timers;
    this.#listener = listener;
  }

  start(): void {
    this.#arm();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #arm(): void {
    const quiet = this.#activity.quietMs;
    const next = [quietWarnMs, quietAskMs, quietStopMs].find((at) => at > quiet) ?? quietStopMs;
    this.#cancel = this.#timers.after(Math.max(1, next - quiet), () => this.#look(next));
  }

  #look(reached: number): void {
    const quiet = this.#activity.quietMs;
    if (quiet >= quietStopMs) {
      this.#listener.onSilent(quiet);
      return;
    }
    if (quiet >= reached) {
      const minutes = Math.round(quiet / 60_000);
      const limit = Math.round(quietStopMs / 60_000);
      this.#listener.onQuiet(`Nothing from the agent for ${minutes} min; stopped at ${limit} min.`);
    }
    this.#arm();
  }
}
