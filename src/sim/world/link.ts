/**
 * The way between the town and its runner: calls one way, facts the other. It loses, doubles,
 * delays and reorders both, and is cut for a while.
 *
 * K1 A call is answered within `limits.callAckMs` of the town's side, if only by `unreachable`.
 * K2 A fact of the runner stays in its outbox until the town has committed it; one that was lost
 *    is told again when the town asks, when the link is back, or when the agent insists.
 */
import type { Fact } from '../../core/fact.ts';
import type { Failure } from '../../core/failure.ts';
import { runnerId } from '../../core/ids.ts';
import { limits } from '../../core/limits.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Call } from '../../core/action.ts';
import type { Refusal, RunnerPort } from '../../ports/runner.ts';
import type { Faults } from './faults.ts';
import type { SeededRandom } from './random.ts';
import type { Life, Reached } from './server.ts';
import type { WorldTime } from './time.ts';

export interface Ends {
  readonly time: WorldTime;
  readonly faults: Faults;
  readonly linkRandom: SeededRandom;
  /** The runner's answer; undefined when its process is not there. */
  handle(call: Call): Refusal | null | undefined;
  fact(fact: Fact): Reached<Result<void, Failure>>;
}

export interface Letter {
  readonly fact: Fact;
  readonly answered: ((answer: Result<void, Failure>) => void) | null;
  /** Told again by itself this often; null: only when asked. */
  readonly insistMs: number | null;
  lost: boolean;
  delivered: boolean;
}

export class Link {
  readonly #ends: Ends;
  #outbox: Letter[] = [];
  /** What was delivered lately: stale repeats are taken from here. */
  #told: Fact[] = [];
  up = true;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  port(life: Life): RunnerPort {
    const send = (call: Call) => this.#send(life, call);
    const id = runnerId('local');
    return {
      startAttempt: (callId, spec) =>
        send({ op: 'start_attempt', callId, runner: id, attempt: spec.attempt, spec }),
      stopAttempt: (callId, attempt, reason) =>
        send({ op: 'stop_attempt', callId, runner: id, attempt, reason }),
      startJob: (callId, job, spec) => send({ op: 'start_job', callId, runner: id, job, spec }),
      cancelJob: (callId, job) => send({ op: 'cancel_job', callId, runner: id, job }),
      list: (callId) => send({ op: 'list', callId, runner: id }),
      read: () => Promise.reject(new Error('nobody reads in the simulation')),
    };
  }

  /** Puts a fact into the outbox and sends it. K2 */
  tell(fact: Fact, answered: Letter['answered'] = null, insistMs: number | null = null): void {
    const letter: Letter = { fact, answered, insistMs, lost: false, delivered: false };
    this.#outbox.push(letter);
    this.#post(letter);
  }

  /** Everything not yet committed, once more. */
  retell(): void {
    for (const letter of this.#outbox) this.#post(letter);
  }

  /** A heartbeat is not kept: the next one says the same. */
  mention(fact: Fact): void {
    this.#ends.time.after(this.#delay(), () => {
      if (this.up && !this.#ends.faults.happens('fact_lost_once')) this.#ends.fact(fact);
    });
  }

  /** Sends what was delivered earlier once more, long after it meant anything. */
  tellStale(): boolean {
    if (this.#told.length === 0) return false;
    const fact = this.#ends.linkRandom.pick(this.#told);
    return this.up && this.#ends.fact(fact).is === 'answered';
  }

  /** The runner's memory is gone. */
  forget(): void {
    for (const letter of this.#outbox) letter.delivered = true;
    this.#outbox = [];
  }

  get waiting(): number {
    return this.#outbox.length;
  }

  #send(life: Life, call: Call): Promise<Result<void, Refusal>> {
    const { time, faults } = this.#ends;
    life.crashPoint();
    return new Promise((resolve) => {
      const answer = (result: Result<void, Refusal>) => {
        if (!life.dead) resolve(result);
      };
      const unreachable = () => answer(err({ kind: 'unreachable', output: 'no answer' }));
      if (faults.happens('call_lost')) {
        time.after(limits.callAckMs, unreachable);
        return;
      }
      time.after(this.#delay(), () => {
        const refusal = this.up ? this.#ends.handle(call) : undefined;
        if (refusal === undefined) return unreachable();
        if (faults.happens('call_duplicated')) {
          time.after(this.#delay() * 20, () => void (this.up && this.#ends.handle(call)));
        }
        if (faults.happens('call_answer_lost')) {
          time.after(limits.callAckMs, unreachable);
          return;
        }
        time.after(this.#delay(), () => answer(refusal === null ? ok(undefined) : err(refusal)));
      });
    });
  }

  #post(letter: Letter): void {
    const { time, faults } = this.#ends;
    let delay = this.#delay();
    if (faults.happens('fact_delayed')) {
      delay += this.#ends.linkRandom.between(5_000, 600_000);
    } else if (faults.happens('fact_reordered')) delay += this.#ends.linkRandom.below(3_000);
    time.after(delay, () => this.#deliver(letter));
  }

  #deliver(letter: Letter): void {
    if (letter.delivered) return;
    if (!letter.lost && this.up && this.#ends.faults.happens('fact_lost_once')) {
      letter.lost = true;
      return this.#insist(letter);
    }
    const reached = this.up ? this.#ends.fact(letter.fact) : undefined;
    if (reached === undefined || reached.is !== 'answered') return this.#insist(letter);
    letter.delivered = true;
    this.#outbox = this.#outbox.filter((other) => other !== letter);
    this.#told = [...this.#told, letter.fact].slice(-40);
    if (this.#ends.faults.happens('fact_duplicated')) {
      this.#ends.time.after(this.#delay() * 10, () => void this.#ends.fact(letter.fact));
    }
    letter.answered?.(reached.value);
  }

  #insist(letter: Letter): void {
    const { insistMs } = letter;
    if (insistMs === null) return;
    this.#ends.time.after(insistMs, () => this.#deliver(letter));
  }

  #delay(): number {
    return this.#ends.linkRandom.between(1, 60);
  }
}
