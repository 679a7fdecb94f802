/**
 * A fresh Durable Object for one test. Storage is isolated per test file and shared within it, so
 * every call uses a name of its own.
 */
import { env } from 'cloudflare:workers';
import { runInDurableObject } from 'cloudflare:test';
import type { SqlObject } from './worker.ts';

let made = 0;

/** Runs `work` inside a new object with empty storage. Throws what `work` throws. */
export async function runInObject<T>(
  work: (storage: DurableObjectStorage) => T | Promise<T>,
): Promise<T> {
  made += 1;
  const stub = env.SQL.getByName(`object-${made}`);
  return runInDurableObject(stub, (_object: SqlObject, state) => work(state.storage));
}
