/**
 * One seed, one run of the production town in a modelled world: first safety, with faults, for so
 * many ticks; then the faults stop, people answer what waits for them, and everything must settle.
 *
 * Z1 The same seed and arguments give the same run, bit for bit.
 * Z2 A run ends at the first step at which a checker fails.
 */
import { createHash } from 'node:crypto';
import { limits } from '../core/limits.ts';
import { neighbourRules } from '../core/neighbours.ts';
import { journal, type JournalRow } from '../storage/tables/journal.ts';
import { allCheckers } from './checkers/index.ts';
import { voice } from './checkers/voice.ts';
import { Answering } from './world/answering.ts';
import type { FaultCounts, FaultKind } from './world/faults.ts';
import type { Options } from './world/options.ts';
import { noRows } from './world/rows.ts';
import { World } from './world/world.ts';

/** One in so many looks at which nothing visible moved reads the rows all the same. */
const quietLooks = 4;

export interface Run {
  readonly seed: number;
  readonly ticks: number;
  readonly faults: readonly FaultKind[];
  /** null: drawn from the seed. */
  readonly options?: Options;
  /** Without this rule of `core/neighbours.ts`: a checker must fail. */
  readonly withoutRule?: string;
}

export interface RunFailure {
  readonly seed: number;
  readonly step: number;
  readonly checker: string;
  readonly message: string;
}

export interface Outcome {
  readonly seed: number;
  readonly ticks: number;
  readonly actions: number;
  readonly faults: FaultCounts;
  readonly failures: readonly RunFailure[];
  /** The last rows when it failed. */
  readonly journal: readonly JournalRow[];
  readonly hash: string;
}

/** Events after which a healed world that still moves will never stop. */
const settleStepsMax = 6_000;
/** Passes in which people answer; each may start new work that asks again. */
const answersMax = 60;

/** Steps of a healed world between two looks at the targets. */
const repairSteps = 100;

/** Something may go on for ever until somebody answers: then people look all the same. */
const patienceSteps = 500;

/** Events without a row in the journal after which people look whether they are waited for. */
const quietEvents = 60;

export async function simulate(run: Run): Promise<Outcome> {
  const rules = neighbourRules.filter(({ name }) => name !== run.withoutRule);
  const world = new World(run.seed, run.faults, run.options, rules);
  const inspection = new Inspection(world);
  world.begin();
  await inspection.look(false);
  for (let tick = 0; tick < run.ticks && inspection.clean; tick += 1) {
    world.step();
    await inspection.look(false);
  }
  if (inspection.clean) await settle(world, inspection);
  const outcome = inspection.outcome(run);
  world.disk.close();
  return outcome;
}

/** Lets a healed world come to rest; people answer whenever nothing else happens. */
export async function settle(world: World, inspection: Inspection): Promise<void> {
  world.heal();
  const answering = new Answering(world);
  let passes = 0;
  let seen = inspection.seen;
  let quiet = 0;
  let lookedAt = 0;
  for (let step = 0; step < settleStepsMax; step += 1) {
    // A red target is tried again and again: nothing falls quiet before somebody repairs it.
    if (step % repairSteps === 0) world.repairTargets();
    const alarm = world.server.alarmAt;
    const far = alarm === null || alarm > world.time.wall() + limits.rigProbeMs;
    quiet = inspection.seen === seen ? quiet + 1 : 0;
    seen = inspection.seen;
    // Pull requests are read on and on: then it is enough that nothing came of it for a while.
    const idle = (world.time.nextAt() === null && far) || quiet > quietEvents;
    if (idle) quiet = 0;
    const isLong = step - lookedAt >= patienceSteps;
    if (idle || isLong) lookedAt = step;
    if ((idle || isLong) && passes < answersMax && answering.pass()) passes += 1;
    else if (!world.happenNext()) break;
    world.actions += 1;
    await inspection.look(false);
    if (!inspection.clean) return;
  }
  await inspection.look(true);
}

export class Inspection {
  readonly world: World;
  readonly #checkers = allCheckers(voice);
  readonly #failures: RunFailure[] = [];
  #seen = 0;
  #looks = 0;
  #changes = -1;

  constructor(world: World) {
    this.world = world;
  }

  /** The journal's last row that was looked at. */
  get seen(): number {
    return this.#seen;
  }

  get clean(): boolean {
    return this.#failures.length === 0;
  }

  /** Checks a quiescent world, once every promise that could go on has gone on. */
  async look(settled: boolean): Promise<void> {
    await flush();
    const { world } = this;
    if (!world.server.up) return;
    if (!settled && this.#changes === world.disk.changes && world.problems.length === 0) return;
    this.#changes = world.disk.changes;
    const fresh = journal.after(world.disk, this.#seen, 100_000);
    this.#seen = fresh.at(-1)?.seq ?? this.#seen;
    this.#looks += 1;
    // Without a journal row only clocks and counters moved: the rows are read now and then.
    const whole = settled || fresh.length > 0 || this.#looks % quietLooks === 0;
    const checkers = whole ? this.#checkers : this.#checkers.filter(({ cheap }) => cheap);
    const rows = whole ? world.rows.read() : noRows;
    for (const checker of checkers) {
      const fail = (message: string) => this.#fail(checker.name, message);
      checker.look({ world, rows, fresh, settled, fail });
    }
  }

  outcome(run: Run): Outcome {
    const { disk, faults, actions } = this.world;
    const hash = createHash('sha256');
    const all = journal.after(disk, 0, 1_000_000);
    for (const row of all) hash.update(JSON.stringify(row));
    return {
      seed: run.seed,
      ticks: run.ticks,
      actions,
      faults: faults.counts,
      failures: this.#failures,
      journal: this.clean ? [] : all.slice(-30),
      hash: hash.digest('hex'),
    };
  }

  #fail(checker: string, message: string): void {
    if (this.#failures.length >= 10) return;
    this.#failures.push({
      seed: this.world.seed,
      step: this.world.actions,
      checker,
      message,
    });
  }
}

/** The longest chain of promises behind an answered call is shorter than this. */
const microtasksMax = 16;

async function flush(): Promise<void> {
  for (let i = 0; i < microtasksMax; i += 1) await Promise.resolve();
}
