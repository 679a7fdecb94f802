/**
 * A development forge for tests: a temporary home, a clock that a test moves, chance from a seed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DevForge } from '../../src/devforge/devforge.ts';
import type { ForgeClock, ForgeRandom } from '../../src/devforge/model.ts';

export class HandClock implements ForgeClock {
  #now = Date.UTC(2026, 0, 5, 12);

  now(): number {
    return this.#now;
  }

  pass(ms: number): void {
    this.#now += ms;
  }
}

export class SeededRandom implements ForgeRandom {
  #state = 20260105;

  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * bound);
  }

  token(chars: number): string {
    return Array.from({ length: chars }, () => this.below(36).toString(36)).join('');
  }
}

export interface Ground {
  readonly forge: DevForge;
  readonly clock: HandClock;
  readonly home: string;
  /** Throws when the forge had a bug. */
  end(): Promise<void>;
}

export async function groundFor(options: { subPath?: string } = {}): Promise<Ground> {
  const home = mkdtempSync(join(tmpdir(), 'devforge-'));
  const clock = new HandClock();
  const forge = new DevForge({ home, clock, random: new SeededRandom(), ...options });
  await forge.start({ port: 0 });
  return {
    forge,
    clock,
    home,
    async end() {
      await forge.stop();
      rmSync(home, { recursive: true, force: true });
      if (forge.bugs.length > 0) throw new AggregateError(forge.bugs, 'bugs of the forge');
    },
  };
}
