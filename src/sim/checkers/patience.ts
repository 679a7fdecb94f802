/**
 * How long the forge has been answering, the town has been up, and something has been as it is:
 * the town had that long to do something about it.
 *
 * A1 The town waits by the wall clock: a clock that jumps back lets it wait that much longer.
 */
import type { Pull } from '../world/forge-pull.ts';
import type { World } from '../world/world.ts';

export class Patience {
  readonly #since = new Map<Pull, number>();
  #drift: number | null = null;

  /** Milliseconds; null: not so, or nothing could be done about it. */
  lasted(world: World, pull: Pull, isSo: boolean): number | null {
    const { time, forge, server } = world;
    if (!isSo || !server.up || !forge.answers(pull.rig)) {
      this.#since.delete(pull);
      return null;
    }
    const begun = this.#since.get(pull) ?? time.now;
    const since = Math.max(begun, forge.unanswered.get(pull.rig) ?? 0);
    this.#since.set(pull, since);
    return time.now - since;
  }

  /** Once for each look. A1 */
  tick({ time }: World): void {
    const drift = time.wall() - time.now;
    const back = Math.max(0, (this.#drift ?? drift) - drift);
    this.#drift = drift;
    for (const [pull, since] of this.#since) this.#since.set(pull, since + back);
  }
}
