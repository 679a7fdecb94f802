/**
 * Brings facts to the town. A refusal is an answer and comes back; a town that cannot take a fact
 * right now (its disk is full, it restarts) is tried again for a while.
 *
 * E1 Facts are absolute, so telling one twice does no harm, and one given up is made good: the
 *    town asks when a lease runs out.
 */
import type { Fact } from '../core/fact.ts';
import type { Failure } from '../core/failure.ts';
import { err, type Result } from '../core/result.ts';
import type { Log, Timers } from '../ports/host.ts';
import type { TellTown } from '../ports/runner.ts';

/** Never rejects. */
export type Teller = (fact: Fact) => Promise<Result<void, Failure>>;

const retryMs: readonly number[] = [100, 1000, 5000, 30_000];

export function tellerOf(deps: {
  readonly tell: TellTown;
  readonly timers: Timers;
  readonly log: Log;
  /** A runner that stops does not wait for a town that cannot take anything. */
  readonly isStopping: () => boolean;
}): Teller {
  return async (fact) => {
    for (const pause of [...retryMs, null]) {
      try {
        return await deps.tell(fact);
      } catch (error) {
        deps.log.error('fact_not_taken', { fact: fact.kind, message: String(error) });
        if (pause === null || deps.isStopping()) break;
        await new Promise<void>((resolve) => void deps.timers.after(pause, resolve));
      }
    }
    const message = `the town did not take ${fact.kind}`;
    return err({ kind: 'gastown_bug', helps: 'later', entity: 'town', message, where: 'perform' });
  };
}
