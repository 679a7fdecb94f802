/**
 * Reads that set out at one time share a request where one credential may see them all. Whose they
 * are is found out for each by itself: only then is it known that it is the same.
 *
 * T1 A read begins when all that set out with it have their credential, or have none.
 * T2 Each gets its own outcomes, in its own order; a throw is everybody's.
 */
import type { PRStatusOutcome } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import type { Call } from './api.ts';

type Read = (call: Call, targets: readonly PullRequestRef[]) => Promise<readonly PRStatusOutcome[]>;

interface Joined {
  readonly call: Call;
  readonly targets: readonly PullRequestRef[];
  readonly done: (outcomes: readonly PRStatusOutcome[]) => void;
  readonly failed: (error: unknown) => void;
}

export class Together {
  readonly #read: Read;
  readonly #waiting: Joined[] = [];
  #onTheWay = 0;

  constructor(read: Read) {
    this.#read = read;
  }

  /** T1. `read` may be called again, with another credential; `leave` once it is over. */
  setOut(): { readonly read: Read; readonly leave: () => void } {
    this.#onTheWay += 1;
    let isHere = false;
    const arrive = (): void => {
      if (!isHere) this.#onTheWay -= 1;
      isHere = true;
      if (this.#onTheWay === 0) this.#begin();
    };
    const read: Read = (call, targets) =>
      new Promise((done, failed) => {
        this.#waiting.push({ call, targets, done, failed });
        arrive();
      });
    return { read, leave: arrive };
  }

  #begin(): void {
    const groups = new Map<string, Joined[]>();
    for (const joined of this.#waiting.splice(0)) {
      const { lease, project } = joined.call;
      const key = `${lease.fingerprint} ${project.apiBase}`;
      groups.set(key, [...(groups.get(key) ?? []), joined]);
    }
    for (const group of groups.values()) void this.#readAll(group);
  }

  /** T2 */
  async #readAll(group: readonly Joined[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    try {
      const all = group.flatMap(({ targets }) => targets);
      const outcomes = await this.#read(first.call, all);
      let from = 0;
      for (const { targets, done } of group) {
        done(outcomes.slice(from, from + targets.length));
        from += targets.length;
      }
    } catch (error) {
      for (const { failed } of group) failed(error);
    }
  }
}
