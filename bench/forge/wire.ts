/**
 * What is under way between the town and the forge, so that time can stand still for it, and how
 * long it takes in the time of the benchmark.
 *
 * W1 Requests are real; their answers arrive `answerMs` later. W2 `settle` returns when nothing is
 *    under way but what waits for time to pass.
 */
import type { Timers } from '../../src/ports/host.ts';
import type { SeededRandom } from '../../src/sim/world/random.ts';
import type { BenchTime } from './time.ts';

/** W1. Milliseconds: at least, and less than. */
export const answerMs = [200, 800] as const;

export class Wire {
  /** What was thrown where nobody looked: a benchmark that ends has none. */
  readonly bugs: unknown[] = [];
  readonly #time: BenchTime;
  readonly #random: SeededRandom;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #asked = new Set<Promise<unknown>>();
  #waiting = 0;

  constructor(time: BenchTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  /** The same timers; whoever stands at one is known to wait. W2 */
  get timers(): Timers {
    return {
      after: (ms, run) => {
        this.#waiting += 1;
        let isOver = false;
        const over = (): void => {
          if (!isOver) this.#waiting -= 1;
          isOver = true;
        };
        const cancel = this.#time.after(ms, () => {
          over();
          run();
        });
        return () => {
          over();
          cancel();
        };
      },
    };
  }

  /** W1 */
  async fetch(url: string, init: RequestInit): Promise<Response> {
    const asking = whole(url, init).finally(() => this.#asked.delete(asking));
    this.#asked.add(asking);
    const { answer, body } = await asking;
    const ms = this.#random.between(...answerMs);
    await new Promise<void>((done) => void this.timers.after(ms, done));
    const { status, statusText, headers } = answer;
    const isBare = status === 204 || status === 304;
    return new Response(isBare ? null : body, { status, statusText, headers });
  }

  watch(work: Promise<unknown>): void {
    const over = (): void => void this.#underWay.delete(done);
    const done: Promise<void> = work.then(over, (error: unknown) => {
      over();
      this.bugs.push(error);
    });
    this.#underWay.add(done);
  }

  /** The same port; what it promises is waited for. */
  watched<P extends object>(port: P): P {
    return new Proxy(port, {
      get: (target, name): unknown => {
        const verb: unknown = Reflect.get(target, name);
        if (typeof verb !== 'function') return verb;
        return (...args: readonly unknown[]): unknown => {
          const answer: unknown = Reflect.apply(verb, target, args);
          if (answer instanceof Promise) this.watch(answer);
          return answer;
        };
      },
    });
  }

  /** W2 */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      await new Promise((done) => setImmediate(done));
      const isBusy = this.#asked.size > 0 || (this.#underWay.size > 0 && this.#waiting === 0);
      quiet = isBusy ? 0 : quiet + 1;
    }
  }
}

async function whole(url: string, init: RequestInit) {
  const answer = await fetch(url, init);
  return { answer, body: await answer.arrayBuffer() };
}
