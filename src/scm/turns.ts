/**
 * Whose turn it is to ask a forge: a few requests at a time with one login, and its writes a
 * moment apart, by waiting. What a budget does not allow is not waited for: it is an answer.
 *
 * T1 Of one login at most `limits.forgeInFlightMax` requests are under way, whatever adapter or
 *    verb they belong to; the others go in the order they came.
 * T2 A write waits for its distance outside the line, so a read is never held up by it.
 */
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { Budget } from '../ports/forge.ts';
import type { Clock, Timers } from '../ports/host.ts';
import type { BudgetKey, CallKind, RateBudgets } from './rate-budget.ts';

/** Nothing was sent: the budget is used up, or the forge asked for a pause. */
export interface NoTurn {
  readonly until: Instant;
  readonly budget: Pick<Budget, 'limit' | 'remaining'>;
}

export interface Turn {
  readonly key: BudgetKey;
  readonly kind: CallKind;
  /** Points, as far as they can be told before. */
  readonly cost: number;
}

interface TurnsDeps {
  readonly budgets: RateBudgets;
  readonly clock: Clock;
  readonly timers: Timers;
}

interface Line {
  underWay: number;
  readonly waiting: (() => void)[];
}

export class Turns {
  readonly #deps: TurnsDeps;
  readonly #lines = new Map<string, Line>();

  constructor(deps: TurnsDeps) {
    this.#deps = deps;
  }

  async take<T>(turn: Turn, call: () => Promise<T>): Promise<Result<T, NoTurn>> {
    const { key, kind, cost } = turn;
    const { clock, budgets } = this.#deps;
    for (;;) {
      const leave = await this.#enter(`${key.origin} ${key.identity}`);
      const now = clock.now();
      const allowed = budgets.allow(key, kind, cost, now);
      try {
        if (allowed.ok) return ok(await call());
      } finally {
        leave();
      }
      if (allowed.because !== 'spacing') return err(this.#noTurn(key, allowed.until));
      await this.#wait(Math.max(allowed.until - now, 1)); // T2
    }
  }

  #noTurn(key: BudgetKey, until: Instant): NoTurn {
    const known = this.#deps.budgets.budgets(key, this.#deps.clock.now());
    const own = known.find(({ resource }) => resource === key.resource);
    return {
      until,
      budget: { limit: own?.limit ?? null, remaining: own?.remaining ?? null },
    };
  }

  /** T1. The answer is called once, when the request has ended however it ended. */
  async #enter(login: string): Promise<() => void> {
    const line = this.#lines.get(login) ?? { underWay: 0, waiting: [] };
    this.#lines.set(login, line);
    if (line.underWay < limits.forgeInFlightMax) line.underWay += 1;
    else await new Promise<void>((go) => line.waiting.push(go));
    return () => {
      const next = line.waiting.shift();
      if (next !== undefined) {
        next(); // takes over the place
        return;
      }
      line.underWay -= 1;
      if (line.underWay === 0) this.#lines.delete(login);
    };
  }

  async #wait(ms: number): Promise<void> {
    await new Promise<void>((done) => {
      this.#deps.timers.after(ms, done);
    });
  }
}
