/** What becomes of a fact that the town cannot take. */
import { expect, test } from 'vitest';
import type { Fact } from '../core/fact.ts';
import { attemptId, runnerId } from '../core/ids.ts';
import { ok } from '../core/result.ts';
import { tellerOf } from './teller.ts';

const connected: Fact = {
  kind: 'runner_connected',
  runner: runnerId('local'),
  incarnation: 'life-1',
  inventory: { capacity: 2, isolation: 'strong', isolationNote: null, agents: [] },
  attempts: [],
  jobs: [],
  answers: null,
};
const transcript: Fact = {
  kind: 'transcript',
  attempt: attemptId('web-1.1'),
  seq: 0,
  entries: [],
};

/** A town that takes nothing before its nth call, with timers that fire at once. */
function townTaking(from: number, stopAfter = Infinity) {
  let calls = 0;
  let waitedMs = 0;
  const tell = tellerOf({
    tell: async () => {
      calls += 1;
      if (calls < from) throw new Error('the disk is full');
      return ok(undefined);
    },
    timers: {
      after: (ms, run) => {
        waitedMs += ms;
        queueMicrotask(run);
        return () => undefined;
      },
    },
    log: { info: () => undefined, error: () => undefined },
    isStopping: () => waitedMs >= stopAfter,
  });
  return { tell, calls: () => calls, waitedMs: () => waitedMs };
}

test('that the runner is there is told until it is taken', async () => {
  const town = townTaking(40);
  expect(await town.tell(connected)).toEqual(ok(undefined));
  expect(town.calls()).toBe(40);
  expect(town.waitedMs()).toBe(36_100 + 35 * 30_000);
});

test('anything else is given up after a while: the town asks for it', async () => {
  const town = townTaking(40);
  expect(await town.tell(transcript)).toMatchObject({ ok: false });
  expect(town.calls()).toBe(5);
});

test('a runner that stops does not wait for a town that takes nothing', async () => {
  const town = townTaking(Infinity, 10_000);
  expect(await town.tell(connected)).toMatchObject({ ok: false });
  expect(town.waitedMs()).toBeLessThan(12_000);
});
