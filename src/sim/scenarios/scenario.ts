/**
 * Named runs: seeds that once failed, and scripts for documented complaints. Each says why it is
 * kept, and answers with what failed; an empty list is a pass.
 *
 * N1 A script starts with a calm world: nothing goes wrong but what it forces.
 */
import { assert } from '../../core/assert.ts';
import type { Bead } from '../../core/bead.ts';
import type { Command } from '../../core/command.ts';
import { neighbourRules } from '../../core/neighbours.ts';
import type { Settings } from '../../core/settings.ts';
import { Inspection, type RunFailure, settle, simulate } from '../simulator.ts';
import { type FaultKind, faultKinds } from '../world/faults.ts';
import type { Options } from '../world/options.ts';
import { World } from '../world/world.ts';

export interface Scenario {
  readonly name: string;
  /** What went wrong once, or what somebody complained about. */
  readonly why: string;
  run(): Promise<readonly RunFailure[]>;
}

interface Seed {
  readonly name: string;
  readonly why: string;
  readonly seed: number;
  readonly ticks?: number;
  readonly faults?: readonly FaultKind[];
}

export function seedScenario({
  name,
  why,
  seed,
  ticks = 120,
  faults = faultKinds,
}: Seed): Scenario {
  return {
    name,
    why,
    run: async () => (await simulate({ seed, ticks, faults })).failures,
  };
}

/** One rig, one gate, one agent at a time, nobody meddling. */
export const calm: Options = {
  rigs: [{ name: 'web', settings: settingsOf({}) }],
  town: {},
  gates: ['unit'],
  capacity: 4,
  firstBeads: 0,
  beads: 10,
  people: 0,
  strangers: 0,
  dependencies: 0,
};

export function settingsOf(own: Partial<Settings>): Partial<Settings> {
  const gate = {
    name: 'unit',
    command: 'make unit',
    timeoutMs: 600_000,
    required: true,
    retries: 0,
  };
  return { gates: [gate], setup: [], maxPolecatsPerRig: 4, ...own };
}

interface Script {
  readonly name: string;
  readonly why: string;
  readonly seed?: number;
  readonly options?: Options;
  readonly script: (stage: Stage) => Promise<void>;
}

export function scripted({ name, why, seed = 1, options = calm, script }: Script): Scenario {
  return {
    name,
    why,
    async run() {
      const stage = new Stage(seed, options);
      await stage.begin();
      await script(stage);
      return stage.failures();
    },
  };
}

/** What a script stands on. */
export class Stage {
  readonly world: World;
  readonly inspection: Inspection;
  readonly #seed: number;
  readonly #complaints: string[] = [];
  #asked = 0;

  constructor(seed: number, options: Options, rules = neighbourRules) {
    this.#seed = seed;
    this.world = new World(seed, [], options, rules);
    this.inspection = new Inspection(this.world);
  }

  async begin(): Promise<void> {
    this.world.begin();
    await this.until(() => this.world.rows.read().rigs.every((rig) => rig.status === 'ready'));
  }

  /** Asks as a person would, again if there was no answer; answers the id of what was made. */
  async ask(command: Command): Promise<string | null> {
    this.#asked += 1;
    const key = `script-${this.#asked}`;
    for (;;) {
      const reached = this.world.server.command(command, 'person:ann', key);
      this.world.actions += 1;
      await this.inspection.look(false);
      if (reached.is === 'answered') return reached.value.ok ? reached.value.value.id : null;
      await this.until(() => true);
    }
  }

  async sling(
    title: string,
    after: readonly string[] = [],
    hold = false,
    body = '',
  ): Promise<string> {
    const rig = 'web';
    const plain = { body, priority: 2, agent: null, model: null } as const;
    const id = await this.ask({ kind: 'sling', rig, title, after, hold, ...plain });
    assert(id !== null, `${title} was accepted`);
    return id;
  }

  bead(id: string): Bead {
    const bead = this.world.rows.read().beads.find((row) => row.id === id);
    assert(bead !== undefined, `${id} is there`);
    return bead;
  }

  /** Does the bead, or its merge request, wait for a person? */
  isWaiting(id: string): boolean {
    const { liveRequests } = this.world.rows.read();
    const waits = liveRequests.filter((row) => row.bead === id).flatMap((row) => row.waits);
    return [...this.bead(id).waits, ...waits].some((wait) => wait.reason === 'human');
  }

  /** Lets things happen until it holds; false when nothing happens any more or for too long. */
  async until(holds: () => boolean, stepsMax = 2_000): Promise<boolean> {
    for (let step = 0; step < stepsMax && this.inspection.clean; step += 1) {
      if (this.world.server.up && holds()) return true;
      if (!this.world.happenNext()) return false;
      this.world.actions += 1;
      await this.inspection.look(false);
    }
    return false;
  }

  /** Faults stop, people answer, everything must settle. */
  async settle(): Promise<void> {
    if (this.inspection.clean) await settle(this.world, this.inspection);
  }

  expect(holds: boolean, message: string): void {
    if (!holds) this.#complaints.push(message);
  }

  failures(): readonly RunFailure[] {
    const own = this.#complaints.map((message) => ({
      seed: this.#seed,
      step: this.world.actions,
      checker: 'script',
      message,
    }));
    const outcome = this.inspection.outcome({ seed: this.#seed, ticks: 0, faults: [] });
    this.world.disk.close();
    return [...outcome.failures, ...own];
  }
}
