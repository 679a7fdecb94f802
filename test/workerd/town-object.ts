/**
 * A town in a Durable Object, as the production host will compose it: its SQL and its alarm are
 * the object's. The world outside it is held by the test, so that it outlives the object.
 *
 * T1 One alarm: the town's earliest due time; none when nothing is due.
 * T2 Setting it is a write that is paid for: the same time is not set twice.
 */
import { DurableObject } from 'cloudflare:workers';
import type { Instant } from '../../src/core/time.ts';
import type { Alarm } from '../../src/ports/host.ts';
import { OriginTown } from '../origin/town.ts';
import type { OriginWorld } from '../origin/world.ts';
import { durableSql } from './durable-sql.ts';

/** By the object's id. A test puts its world here before it asks for the object. */
export const worlds = new Map<string, OriginWorld>();

export class TownObject extends DurableObject {
  readonly origin: OriginTown;
  readonly #alarm: ObjectAlarm;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    const { storage } = state;
    const world = worlds.get(state.id.toString());
    if (world === undefined) throw new Error('the object has no world around it');
    this.#alarm = new ObjectAlarm(storage);
    this.origin = new OriginTown({ world, sql: durableSql(storage), alarm: this.#alarm });
  }

  override alarm(): void {
    this.#alarm.rang();
    this.origin.town.alarm();
  }
}

/** T1, T2 */
class ObjectAlarm implements Alarm {
  readonly #storage: DurableObjectStorage;
  /** undefined: what an earlier life has set. */
  #at: Instant | null | undefined = undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  rang(): void {
    this.#at = null;
  }

  /** Not waited for: it is written together with the event's other changes, or none of them. */
  set(at: Instant | null): void {
    if (at === this.#at) return;
    this.#at = at;
    void (at === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(at));
  }
}
