/**
 * Brings facts to the town. A refusal is an answer and comes back; a town that cannot take a fact
 * right now (its disk is full, it restarts) is tried again for a while.
 *
 * E1 Facts are absolute, so telling one twice does no harm.
 * E2 What the town could not make good is told until it is taken: that the runner is there, and
 *    how an attempt or a job ended. Asked for what it holds, the runner can only say "not this".
 * E3 A conversation waits for as long as the store is down; its memory is bounded by itself.
 * E4 Anything else is given up after a while: an agent waits for the answer, or it comes again.
 */
import type { Fact } from '../core/fact.ts';
import type { Failure } from '../core/failure.ts';
import { err, type Result } from '../core/result.ts';
import type { Log, Timers } from '../ports/host.ts';
import type { TellTown } from '../ports/runner.ts';
import { StorageDown } from '../ports/sql.ts';

/** Never rejects. */
export type Teller = (fact: Fact) => Promise<Result<void, Failure>>;

/** E2 */
const untilTaken: readonly Fact['kind'][] = ['runner_connected', 'attempt_ended', 'job_done'];
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
    for (let tried = 1; ; tried += 1) {
      let more: boolean;
      try {
        return await deps.tell(fact);
      } catch (error) {
        deps.log.error('fact_not_taken', { fact: fact.kind, message: String(error) });
        more = tried <= retryMs.length || mustBeTaken(fact, error);
      }
      if (more) await pause(deps, retryMs[tried - 1] ?? retryMs.at(-1) ?? stepMs);
      if (!more || deps.isStopping()) break;
    }
    const message = `the town did not take ${fact.kind}`;
    return err({ kind: 'gastown_bug', helps: 'later', entity: 'town', message, where: 'perform' });
  };
}

/** E2 E3 */
function mustBeTaken(fact: Fact, error: unknown): boolean {
  if (fact.kind === 'transcript') return error instanceof StorageDown;
  return untilTaken.includes(fact.kind);
}

async function pause({ timers, isStopping }: TellerDeps, ms: number): Promise<void> {
  for (let left = ms; left > 0 && !isStopping(); left -= stepMs) {
    await new Promise<void>((resolve) => void timers.after(Math.min(left, stepMs), resolve));
  }
}
