/**
 * One sign of life for the whole runner, and none while it holds nothing: idle costs nothing.
 */
import { limits } from '../core/limits.ts';
import type { Timers } from '../ports/host.ts';

export interface HeartbeatDeps {
  readonly timers: Timers;
  readonly isBusy: () => boolean;
  readonly beat: () => void;
}

export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #cancel: (() => void) | null = null;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  /** Call when what is held changed. */
  update(): void {
    if (!this.#deps.isBusy()) {
      this.close();
      return;
    }
    this.#cancel ??= this.#deps.timers.after(limits.heartbeatMs, () => {
      this.#cancel = null;
      if (!this.#deps.isBusy()) return;
      this.#deps.beat();
      this.update();
    });
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
