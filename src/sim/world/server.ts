/**
 * The server process: one life of a production Town over a disk that outlives it. A life may end
 * by kill -9 at any transaction's edge and at any outward call; the next one opens the same disk.
 *
 * V1 A dead life writes nothing, calls nobody and is told nothing.
 * V2 What was committed when it died is there for the next; what was not, is not.
 * V3 The alarm belongs to the host's memory: a new life must arm it again.
 */
import type { EntityName } from '../../core/action.ts';
import type { Command, CommandAnswer } from '../../core/command.ts';
import type { Fact } from '../../core/fact.ts';
import type { Failure } from '../../core/failure.ts';
import type { NeighbourRule } from '../../core/neighbours.ts';
import type { Result } from '../../core/result.ts';
import type { Instant } from '../../core/time.ts';
import type { ForgePort } from '../../ports/forge.ts';
import type { RunnerPort } from '../../ports/runner.ts';
import { type Sql, type SqlValue, StorageDown, type Tx } from '../../ports/sql.ts';
import { Town } from '../../town/town.ts';
import type { Faults } from './faults.ts';
import { diskFull, type MemorySql } from './memory-sql.ts';
import type { SeededRandom } from './random.ts';
import type { WorldTime } from './time.ts';

/** Often enough to be exercised; at each turn of a leaping clock it would be most of the work. */
const resyncMs = 30 * 60_000;

/** Thrown through the town's own code by a life that has just ended. */
export class ServerDead extends Error {
  override readonly name = 'ServerDead';
}

/** What came of a call into the town: its answer, or why there is none. */
export type Reached<T> =
  | { readonly is: 'answered'; readonly value: T }
  | { readonly is: 'down' }
  | { readonly is: 'storage_down' };

export interface ServerWorld {
  readonly time: WorldTime;
  readonly faults: Faults;
  readonly disk: MemorySql;
  /** The order in which due names are taken. */
  readonly agendaRandom: SeededRandom;
  /** All rules, or all but the one whose absence is being tried. */
  readonly rules: readonly NeighbourRule[];
  /** The town's own chance. */
  readonly townRandom: SeededRandom;
  /** For a life: calls leave through it and die with it. */
  runnerPort(life: Life): RunnerPort;
  forgePort(life: Life): ForgePort;
  /** A process came up: runners that are alive dial in. */
  serverUp(): void;
  problem(message: string): void;
}

/** One process. V1 */
export class Life {
  dead = false;
  alarmAt: Instant | null = null;
  readonly #world: ServerWorld;
  readonly #gone: (life: Life) => void;

  constructor(world: ServerWorld, gone: (life: Life) => void) {
    this.#world = world;
    this.#gone = gone;
  }

  /** kill -9 here, if chance says so. */
  crashPoint(): void {
    if (!this.dead && this.#world.faults.happens('crash_server_after_commit')) this.die();
  }

  die(): never {
    this.end();
    throw new ServerDead('kill -9');
  }

  end(): void {
    this.dead = true;
    this.alarmAt = null;
    this.#gone(this);
  }

  sql(): Sql {
    const { disk, faults } = this.#world;
    const alive = () => {
      if (this.dead) throw new ServerDead('a dead process does nothing');
    };
    return {
      all: (statement: string, ...params: readonly SqlValue[]) => {
        alive();
        return disk.all(statement, ...params);
      },
      get: (statement: string, ...params: readonly SqlValue[]) => {
        alive();
        return disk.get(statement, ...params);
      },
      transaction: <T>(body: (tx: Tx) => T): T => {
        alive();
        const value = disk.begin(body, () => {
          if (faults.happens('storage_full')) throw diskFull();
          if (faults.happens('crash_server_before_commit')) this.die();
        });
        this.crashPoint();
        return value;
      },
      close: () => undefined,
    };
  }
}

export class Server {
  readonly #world: ServerWorld;
  #life: Life | null = null;
  #town: Town | null = null;
  lives = 0;
  /** What the last call into the town cost. */
  lastCost = { statements: 0, written: 0, decisions: 0 };
  #decisions = 0;

  constructor(world: ServerWorld) {
    this.#world = world;
  }

  get up(): boolean {
    return this.#town !== null;
  }

  get alarmAt(): Instant | null {
    return this.#life?.alarmAt ?? null;
  }

  /** A new process on the same disk. It may die while it boots; then the next one tries. */
  start(): void {
    if (this.up) return;
    this.lives += 1;
    const life = new Life(this.#world, (gone) => this.#gone(gone));
    this.#life = life;
    const booted = this.#guard(life, () => {
      const town = this.#open(life);
      town.boot();
      return town;
    });
    if (booted.is !== 'answered') return life.end();
    this.#town = booted.value;
    this.#world.serverUp();
  }

  /** kill -9 between two things. */
  kill(): void {
    if (this.up) this.#life?.end();
  }

  command(command: Command, who: string, key: string): Reached<Result<CommandAnswer, Failure>> {
    return this.#call((town) => town.command(command, who, key));
  }

  fact(fact: Fact): Reached<Result<void, Failure>> {
    return this.#call((town) => town.fact(fact));
  }

  alarm(): void {
    const life = this.#life;
    if (life !== null) life.alarmAt = null;
    const reached = this.#call((town) => town.alarm());
    // A host whose disk was full looks again when there may be room.
    if (reached.is === 'storage_down' && life !== null) {
      life.alarmAt ??= this.#world.time.wall();
    }
  }

  dryResync(): readonly EntityName[] {
    return this.#town?.dryResync() ?? [];
  }

  #open(life: Life): Town {
    const { time, agendaRandom, townRandom } = this.#world;
    const runner = this.#world.runnerPort(life);
    return new Town({
      sql: life.sql(),
      clock: time.clock(),
      timers: { after: (ms, run) => time.after(ms, () => void (life.dead || run())) },
      random: townRandom,
      alarm: { set: (at) => void (life.dead || (life.alarmAt = at)) },
      log: { info: () => undefined, error: () => undefined },
      runner: () => runner,
      forge: this.#world.forgePort(life),
      build: 'sim',
      rules: this.#world.rules,
      resyncMs,
      pickDue: (due) => {
        this.#decisions += 1;
        return agendaRandom.below(due.length);
      },
    });
  }

  #call<T>(run: (town: Town) => T): Reached<T> {
    const life = this.#life;
    const town = this.#town;
    if (life === null || town === null || life.dead) return { is: 'down' };
    const { sent, changes } = this.#world.disk;
    this.#decisions = 0;
    const reached = this.#guard(life, () => run(town));
    this.lastCost = {
      statements: this.#world.disk.sent - sent,
      written: this.#world.disk.changes - changes,
      decisions: this.#decisions,
    };
    return life.dead ? { is: 'down' } : reached;
  }

  #guard<T>(life: Life, run: () => T): Reached<T> {
    try {
      const value = run();
      return life.dead ? { is: 'down' } : { is: 'answered', value };
    } catch (error) {
      if (life.dead) return { is: 'down' };
      if (error instanceof StorageDown) return { is: 'storage_down' };
      this.#world.problem(
        `the town threw: ${String(error instanceof Error ? error.stack : error)}`,
      );
      return { is: 'storage_down' };
    }
  }

  /** The supervisor of the machine starts it again after a while. */
  #gone(life: Life): void {
    if (this.#life !== life) return;
    this.#life = null;
    this.#town = null;
    this.#world.time.after(50 + this.#world.agendaRandom.below(20_000), () => this.start());
  }
}
