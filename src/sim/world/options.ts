/**
 * One seed, one world: how large it is, how it is set, how much people and strangers meddle.
 */
import type { Gate } from '../../core/launch-spec.ts';
import type { Settings } from '../../core/settings.ts';
import type { ForgeRules } from './forge-pull.ts';
import { forgeRules, forgeSettings } from './forge-options.ts';
import { SeededRandom } from './random.ts';

export interface RigOptions {
  readonly name: string;
  readonly settings: Partial<Settings>;
  /** How its repository is set on the forge; absent: a bare git remote. */
  readonly forge?: ForgeRules;
}

export interface Options {
  readonly rigs: readonly RigOptions[];
  readonly town: Partial<Settings>;
  readonly gates: readonly string[];
  readonly capacity: number;
  /** Beads slung at once, and at most. */
  readonly firstBeads: number;
  readonly beads: number;
  /** Out of a thousand steps, so many are a person's command, a stranger's push. */
  readonly people: number;
  readonly strangers: number;
  /** Out of a thousand slings, so many wait for other beads. */
  readonly dependencies: number;
  /** How much of the usual trouble there is beside the forge's, as a part of one. */
  readonly others?: number;
}

const names = ['web', 'api', 'docs'] as const;

export function optionsFor(seed: number): Options {
  const random = new SeededRandom(seed, 'options');
  const gates = random.pick([['unit'], ['unit'], ['unit', 'lint'], []]);
  const plain = names.slice(0, random.pick([1, 1, 2, 3])).map((name) => ({
    name,
    settings: rigSettings(random, gates),
  }));
  const forgeRandom = new SeededRandom(seed, 'forge options');
  const rigs = onForge(forgeRandom, plain);
  const world = {
    rigs,
    town: townSettings(random),
    gates,
    capacity: random.pick([1, 2, 2, 4]),
    firstBeads: random.between(0, 4),
    beads: random.between(1, 8),
    people: random.pick([60, 120, 200]),
    strangers: random.pick([0, 10, 30]),
    dependencies: random.pick([0, 300, 700]),
  };
  return rigs === plain ? world : { ...world, ...quieter(forgeRandom) };
}

/** Some rigs of some worlds; drawn apart, so that the rest of a world is what it was. */
function onForge(random: SeededRandom, rigs: readonly RigOptions[]): readonly RigOptions[] {
  if (random.chance(500)) return rigs;
  return rigs.map((rig) =>
    random.chance(250)
      ? rig
      : {
          ...rig,
          settings: { ...rig.settings, ...forgeSettings(random) },
          forge: forgeRules(random),
        },
  );
}

/** Work must get as far as its pull request before anything can happen to that. */
function quieter(random: SeededRandom): Partial<Options> {
  return {
    firstBeads: random.between(2, 5),
    people: random.pick([5, 15, 60]),
    strangers: random.pick([0, 5, 20]),
    others: random.pick([0.1, 0.2, 0.4, 0.8]),
  };
}

function rigSettings(random: SeededRandom, gates: readonly string[]): Partial<Settings> {
  return {
    gates: gates.map((name) => gateOf(name, random)),
    setup: [],
    mergeMethod: random.pick(['auto', 'merge', 'squash', 'rebase'] as const),
    approval: random.chance(200) ? 'person' : 'none',
    gateFreshness: random.chance(250) ? 'clean_merge' : 'exact',
    maxPolecatsPerRig: random.pick([1, 2, 3]),
    ...(random.chance(100) ? { 'budget.rig.tokens': random.between(20_000, 80_000) } : {}),
  };
}

function gateOf(name: string, random: SeededRandom): Gate {
  return {
    name,
    command: `make ${name}`,
    timeoutMs: 600_000,
    required: random.chance(900),
    retries: random.pick([0, 1]),
  };
}

function townSettings(random: SeededRandom): Partial<Settings> {
  return {
    maxDispatchAttempts: random.pick([1, 3, 5]),
    maxFeedbackRounds: random.pick([1, 2, 5]),
    ...(random.chance(100) ? { 'budget.bead.tokens': random.between(5_000, 30_000) } : {}),
  };
}
