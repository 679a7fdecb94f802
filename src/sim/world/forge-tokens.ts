/**
 * The tokens of the modelled forge: made by people, stored by the town, worn out by time.
 *
 * F3 Its credential is what the town has stored, so only a person's command mends it.
 */
import type { ForgeProject } from '../../core/pull-request.ts';
import { secrets } from '../../storage/tables/secrets.ts';
import type { MemorySql } from './memory-sql.ts';
import type { SeededRandom } from './random.ts';
import type { WorldTime } from './time.ts';

interface TokenWorld {
  readonly time: WorldTime;
  readonly disk: MemorySql;
  readonly random: SeededRandom;
}

interface Token {
  readonly expiresAt: number;
  readonly worth: 'good' | 'forbidden';
}

interface Whose {
  readonly rig: string;
  readonly project: ForgeProject;
}

export class ForgeTokens {
  readonly #world: TokenWorld;
  readonly #tokens = new Map<string, Token>();

  constructor(world: TokenWorld) {
    this.#world = world;
  }

  /** A new token, as a person makes one; its name is what the town seals. */
  issue(worth: Token['worth'], hours: number | null): string {
    const name = `token-${this.#tokens.size + 1}-${this.#world.random.token(12)}`;
    const expiresAt =
      hours === null ? Number.POSITIVE_INFINITY : this.#world.time.now + hours * 3_600_000;
    this.#tokens.set(name, { worth, expiresAt });
    return name;
  }

  /** What the town would send; null: nothing. F3 */
  of({ rig, project }: Whose): Token | null {
    const scopes = [`rig:${rig}`, 'town'];
    const found = scopes
      .flatMap((scope) => secrets.of(this.#world.disk, scope))
      .find((one) => one.origin === project.origin);
    return found === undefined ? null : (this.#tokens.get(found.sealed) ?? null);
  }

  isGood(whose: Whose): boolean {
    const token = this.of(whose);
    return token?.worth === 'good' && token.expiresAt > this.#world.time.now;
  }

  get names(): readonly string[] {
    return [...this.#tokens.keys()];
  }
}
