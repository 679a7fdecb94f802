/**
 * What each bead turns out to need: which paths it touches, how many of its first changes break a
 * gate, whether its agent asks something. Drawn once per bead from a stream of its own, so that
 * crashes and retries do not change what the work is.
 */
import type { BeadId, Commit } from '../../core/ids.ts';
import type { ModelGit } from './git.ts';
import { SeededRandom } from './random.ts';

export interface BeadPlan {
  readonly paths: readonly string[];
  /** So many of its first patches break `gate`. */
  readonly badPatches: number;
  readonly gate: string;
  readonly asks: boolean;
  asked: boolean;
  patches: number;
}

/** Who opens pull requests that are not the town's, as an owner of patches. */
export const authors = 'stranger-author-';

const paths = ['src/a', 'src/b', 'src/c', 'src/d', 'docs', 'tests'] as const;

export class BeadPlans {
  readonly #seed: number;
  readonly #git: ModelGit;
  readonly #plans = new Map<string, BeadPlan>();
  readonly #gates: readonly string[];
  healed = false;

  constructor(seed: number, git: ModelGit, gates: readonly string[]) {
    this.#seed = seed;
    this.#git = git;
    this.#gates = gates;
  }

  of(bead: BeadId): BeadPlan {
    const known = this.#plans.get(bead);
    if (known !== undefined) return known;
    const random = new SeededRandom(this.#seed, `plan/${bead}`);
    const plan: BeadPlan = {
      paths: pathsOf(random),
      badPatches: random.pick([0, 0, 0, 0, 1, 1, 2, 6]),
      gate: this.#gates.length === 0 ? '' : random.pick(this.#gates),
      asks: random.chance(120),
      asked: false,
      patches: 0,
    };
    this.#plans.set(bead, plan);
    return plan;
  }

  /** The next change of this bead on top of what is there; `tip`: what the target has already. */
  change(bead: BeadId, parents: readonly Commit[], tip: Commit | null = null): Commit {
    const plan = this.of(bead);
    plan.patches += 1;
    const bad = plan.patches <= plan.badPatches && !this.healed && plan.gate !== '';
    const patch = this.#git.patch({
      id: `${bead}#${plan.patches}`,
      owner: bead,
      index: plan.patches,
      paths: plan.paths,
      breaks: bad ? [plan.gate] : [],
    });
    return this.#git.commit(parents, [patch.id, ...this.#repaired(parents, tip)]);
  }

  /** An agent on an adopted branch repairs what its author broke; the target is not its task. */
  #repaired(parents: readonly Commit[], tip: Commit | null): readonly string[] {
    const landed = tip === null ? null : this.#git.get(tip).patches;
    const broken = parents
      .flatMap((parent) => this.#git.broken(parent))
      .filter(({ id }) => landed !== null && !landed.has(id));
    return broken
      .filter(({ owner }) => owner.startsWith(authors))
      .map((patch) => {
        const id = `${patch.id}+`;
        return this.#git.patch({ ...patch, id, index: patch.index + 1, breaks: [] }).id;
      });
  }
}

export function pathsOf(random: SeededRandom): readonly string[] {
  const first = random.pick(paths);
  return random.chance(400) ? [first, random.pick(paths)] : [first];
}
