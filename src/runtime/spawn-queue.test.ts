/** Permits: how many at once, in which order, and what becomes of those who give up. */
import { expect, it } from 'vitest';
import { SpawnQueue, type Permit } from './spawn-queue.ts';

const patient = new AbortController().signal;

it('grants as many as there are cores, the urgent first, then in order of asking', async () => {
  const queue = new SpawnQueue(1);
  const order: string[] = [];
  const ask = (name: string, rank: number): Promise<Permit | null> =>
    queue.acquire(rank, patient).then((permit) => {
      order.push(name);
      return permit;
    });
  const first = await ask('first', 1);
  const rest = [ask('second', 1), ask('third', 1), ask('urgent', 0)];
  expect(order).toEqual(['first']);
  first?.release();
  for (const next of [rest[2], rest[0], rest[1]]) (await next)?.release();
  expect(order).toEqual(['first', 'urgent', 'second', 'third']);
});

it('never grants to one who gave up, and never twice for one release', async () => {
  const queue = new SpawnQueue(1);
  const first = await queue.acquire(1, patient);
  const impatient = new AbortController();
  const gaveUp = queue.acquire(1, impatient.signal);
  const waiting = queue.acquire(1, patient);
  impatient.abort();
  expect(await gaveUp).toBeNull();
  first?.release();
  first?.release();
  expect(await waiting).not.toBeNull();
  expect(queue.waiting).toBe(0);
  const another = queue.acquire(1, patient);
  expect(queue.waiting).toBe(1);
  (await waiting)?.release();
  expect(await another).not.toBeNull();
});
