/**
 * Answers that may still be true: kept with the tag that asks the forge whether they are.
 *
 * E1 The key holds the credential's fingerprint: a tag is worth nothing with another token.
 * E2 Bounded; what was used longest ago goes first.
 */
import type { Page } from './api.ts';

const ENTRIES_MAX = 500;

export interface Remembered {
  readonly etag: string;
  readonly value: Page;
}

export class EtagCache {
  readonly #entries = new Map<string, Remembered>();

  get(key: string): Remembered | null {
    const found = this.#entries.get(key);
    if (found === undefined) return null;
    this.#entries.delete(key);
    this.#entries.set(key, found); // E2
    return found;
  }

  put(key: string, value: Remembered): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > ENTRIES_MAX && oldest !== undefined) this.#entries.delete(oldest);
  }
}
