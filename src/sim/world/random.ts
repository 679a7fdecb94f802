/**
 * Chance from a seed. Every part of the world draws from a stream of its own, named by what it is
 * for, so that switching a fault off does not change what people do.
 *
 * R1 The same seed and name give the same draws, on every machine.
 */
import { assert } from '../../core/assert.ts';
import type { Random } from '../../ports/host.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const alphabet = `${letters}0123456789`;

export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number, stream: string) {
    let hash = 0x811c9dc5;
    for (const char of `${seed}/${stream}`) {
      hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
    }
    this.#state = hash >>> 0;
    for (let i = 0; i < 4; i += 1) this.#next();
  }

  below(bound: number): number {
    assert(bound > 0, 'a bound is positive');
    return Math.floor((this.#next() / 0x1_0000_0000) * bound);
  }

  /** Starts with a letter, as the port's tokens may be used as names. */
  token(chars: number): string {
    let text = '';
    for (let i = 0; i < chars; i += 1) {
      const from = i === 0 ? letters : alphabet;
      text += from.charAt(this.below(from.length));
    }
    return text;
  }

  /** `low ≤ n < high` */
  between(low: number, high: number): number {
    return low + this.below(Math.max(1, high - low));
  }

  /** True this often in a thousand. */
  chance(perMille: number): boolean {
    return this.below(1000) < perMille;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    assert(item !== undefined, 'there is something to pick from');
    return item;
  }

  /** A key by weight; weights are whole numbers and at least one is positive. */
  weighted<K extends string>(weights: readonly (readonly [K, number])[]): K {
    let left = this.below(weights.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [key, weight] of weights) {
      if (left < weight) return key;
      left -= weight;
    }
    throw new RangeError('the weights add up to nothing');
  }

  /** mulberry32 */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
}
