/**
 * Small JSON documents on disk, one file per name: what a runner must still know after it was
 * killed. A document is replaced as a whole or not at all.
 *
 * D1 Written before what it describes begins. D2 One that cannot be read counts as absent.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class Stored<T> {
  readonly #directory: string;
  readonly #isValid: (value: unknown) => value is T;

  constructor(directory: string, isValid: (value: unknown) => value is T) {
    this.#directory = directory;
    this.#isValid = isValid;
  }

  put(name: string, value: T): void {
    mkdirSync(this.#directory, { recursive: true });
    const path = this.#path(name);
    writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** D2 */
  get(name: string): T | null {
    try {
      const value: unknown = JSON.parse(readFileSync(this.#path(name), 'utf8'));
      return this.#isValid(value) ? value : null;
    } catch {
      return null;
    }
  }

  remove(name: string): void {
    rmSync(this.#path(name), { force: true });
  }

  names(): readonly string[] {
    try {
      return readdirSync(this.#directory)
        .filter((file) => file.endsWith('.json'))
        .map((file) => decodeURIComponent(file.slice(0, -'.json'.length)))
        .sort();
    } catch {
      return [];
    }
  }

  #path(name: string): string {
    return join(this.#directory, `${encodeURIComponent(name)}.json`);
  }
}
