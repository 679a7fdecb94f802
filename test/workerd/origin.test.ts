/**
 * The origin's own test inside workerd: the same cases as on Node, over Durable Object SQL and
 * the object's real alarm. To die is to be evicted: all memory is gone, storage and alarm are not.
 */
import { env } from 'cloudflare:workers';
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { instant, type Instant } from '../../src/core/time.ts';
import { originCases, restartCases, type OriginSeat } from '../origin/origin.cases.ts';
import type { OriginTown } from '../origin/town.ts';
import type { OriginWorld } from '../origin/world.ts';
import { worlds, type TownObject } from './town-object.ts';

originCases('workerd', open);
restartCases('workerd', open);

async function open(world: OriginWorld): Promise<OriginSeat> {
  return new ObjectSeat(world);
}

class ObjectSeat implements OriginSeat {
  readonly world: OriginWorld;
  readonly #stub: DurableObjectStub<TownObject>;
  readonly #id: DurableObjectId;

  constructor(world: OriginWorld) {
    this.world = world;
    this.#id = env.TOWN.newUniqueId();
    worlds.set(this.#id.toString(), world);
    this.#stub = env.TOWN.get(this.#id);
  }

  inside<T>(work: (origin: OriginTown) => T | Promise<T>): Promise<T> {
    return runInDurableObject(this.#stub, ({ origin }: TownObject) => work(origin));
  }

  settled(): Promise<Instant | null> {
    return runInDurableObject(this.#stub, async ({ origin }: TownObject, { storage }) => {
      await origin.settle();
      const at = await storage.getAlarm();
      return at === null ? null : instant(at);
    });
  }

  async ring(): Promise<void> {
    const rang = await runDurableObjectAlarm(this.#stub);
    if (!rang) throw new Error('no alarm was set');
  }

  async restart(): Promise<void> {
    await this.inside((origin) => origin.die());
    await evictDurableObject(this.#stub);
  }

  async close(): Promise<void> {
    await this.inside((origin) => origin.die());
    worlds.delete(this.#id.toString());
  }
}
