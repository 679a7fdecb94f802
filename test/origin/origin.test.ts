/**
 * The origin's own test on Node: a real database file, which outlives the town that is over it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '../../src/core/assert.ts';
import type { Instant } from '../../src/core/time.ts';
import type { Alarm } from '../../src/ports/host.ts';
import type { Sql } from '../../src/ports/sql.ts';
import { openSqlite } from '../../src/hosts/node/sqlite.ts';
import { originCases, restartCases, week, type OriginSeat } from './origin.cases.ts';
import { OriginTown } from './town.ts';
import type { OriginWorld } from './world.ts';

originCases('Node', async (world) => new NodeSeat(world, ':memory:'), week);
restartCases('Node', async (world) => new NodeSeat(world, 'town.db'));

class NodeSeat implements OriginSeat {
  readonly world: OriginWorld;
  readonly #home = mkdtempSync(join(tmpdir(), 'gastown origin '));
  readonly #path: string;
  #sql: Sql;
  #alarm = new HeldAlarm();
  #origin: OriginTown;

  constructor(world: OriginWorld, file: string) {
    this.world = world;
    this.#path = file === ':memory:' ? file : join(this.#home, file);
    this.#sql = openSqlite(this.#path);
    this.#origin = this.#start();
  }

  async inside<T>(work: (origin: OriginTown) => T | Promise<T>): Promise<T> {
    return await work(this.#origin);
  }

  async settled(): Promise<Instant | null> {
    await this.#origin.settle();
    return this.#alarm.at;
  }

  async ring(): Promise<void> {
    assert(this.#alarm.at !== null, 'no alarm is set');
    this.#alarm.at = null;
    this.#origin.town.alarm();
  }

  async restart(): Promise<void> {
    this.#end();
    this.#sql = openSqlite(this.#path);
    this.#alarm = new HeldAlarm();
    this.#origin = this.#start();
  }

  async close(): Promise<void> {
    this.#end();
    rmSync(this.#home, { recursive: true, force: true });
  }

  #start(): OriginTown {
    return new OriginTown({ world: this.world, sql: this.#sql, alarm: this.#alarm });
  }

  #end(): void {
    this.#origin.die();
    this.#sql.close();
  }
}

/** An alarm that a test rings. */
class HeldAlarm implements Alarm {
  at: Instant | null = null;

  set(at: Instant | null): void {
    this.at = at;
  }
}
