/**
 * Deletion in two steps: a rename into the trash, which is instant and can be undone, and removal
 * when its time has come.
 *
 * T1 The name in the trash says when it may go and what it was; nothing else needs to be kept.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { limits } from '../core/limits.ts';
import type { Clock, Random } from '../ports/host.ts';
import type { RunnerPaths } from './paths.ts';

export class Trash {
  readonly #paths: RunnerPaths;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(deps: {
    readonly paths: RunnerPaths;
    readonly clock: Clock;
    readonly random: Random;
  }) {
    this.#paths = deps.paths;
    this.#clock = deps.clock;
    this.#random = deps.random;
  }

  /** Answers where it lies now, or null when there was nothing. */
  async put(path: string): Promise<string | null> {
    if (!existsSync(path)) return null;
    await mkdir(this.#paths.trash, { recursive: true });
    const until = this.#clock.now() + limits.trashMs;
    const place = join(this.#paths.trash, `${until}.${this.#random.token(6)}.${basename(path)}`);
    await rename(path, place);
    return place;
  }

  /** Removes what has expired, and says how many things that were. */
  async sweep(): Promise<number> {
    const names = await readdir(this.#paths.trash).catch(() => []);
    const now = this.#clock.now();
    const expired = names.filter((name) => Number(name.slice(0, name.indexOf('.'))) <= now);
    for (const name of expired) {
      await rm(join(this.#paths.trash, name), { recursive: true, force: true });
    }
    return expired.length;
  }
}
