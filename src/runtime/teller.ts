/**
 * Brings facts to the town. A refusal is an answer and comes back; a town that cannot take a fact
 * right now (its disk is full, it restarts) is tried again for a while.
 *
 * E1 Facts are absolute, so telling one twice does no harm, and one given up is made good: the
 *    town asks when a lease runs out.
 * E2 That the runner is there is told until it is taken: nothing would ask for it.
 */
import type { Fact } from '../core/fact.ts';
import type { Failure } from '../core/failure.ts';
import { err, type Result } from '../core/result.ts';
import type { Log, Timers } from '../ports/host.ts';
import type { TellTown } from '../ports/runner.ts';

/** Never rejects. */
export type Teller = (fact: Fact) => Promise<Result<void, Failure>>;

const retryMs: readonly number[] = [100, 1000, 5000, 30_000];
/** A runner that is told to stop notices within this time. */
const stepMs = 1000;

interface TellerDeps {
  readonly tell: TellTown;
  readonly timers: Timers;
  readonly log: Log;
  /** A runner that stops does not wait for a town that cannot take anything. */
  readonly isStopping: () => boolean;
}

export function tellerOf(deps: TellerDeps): Teller {
  return async (fact) => {
    const tries = fact.kind === 'runner_connected' ? Infinity : retryMs.length + 1; // E2
    for (let tried = 1; tried <= tries; tried += 1) {
      try {
        return await deps.tell(fact);
      } catch (error) {
        deps.log.error('fact_not_taken', { fact: fact.kind, message: String(error) });
      }
      if (tried < tries) await pause(deps, retryMs[tried - 1] ?? retryMs.at(-1) ?? stepMs);
      if (deps.isStopping()) break;
    }
    const message = `the town did not take ${fact.kind}`;
    return err({ kind: 'gastown_bug', helps: 'later', entity: 'town', message, where: 'perform' });
  };
}

async function pause({ timers, isStopping }: TellerDeps, ms: number): Promise<void> {
  for (let left = ms; left > 0 && !isStopping(); left -= stepMs) {
    await new Promise<void>((resolve) => void timers.after(Math.min(left, stepMs), resolve));
  }
}
