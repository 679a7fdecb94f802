/** What becomes of a fact that the town cannot take. */
import { expect, test } from 'vitest';
import { noUsage } from '../core/attempt.ts';
import type { Fact } from '../core/fact.ts';
import { attemptId, callId, jobId, runnerId } from '../core/ids.ts';
import { ok } from '../core/result.ts';
import { StorageDown } from '../ports/sql.ts';
import { tellerOf } from './teller.ts';

const connected: Fact = {
  kind: 'runner_connected',
  runner: runnerId('local'),
  incarnation: 'life-1',
  inventory: { capacity: 2, isolation: 'strong', isolationNote: null, agents: [], known: [] },
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

const ended: Fact = {
  kind: 'attempt_ended',
  attempt: attemptId('web-1.1'),
  end: { outcome: 'submitted', failure: null, saved: null },
  usage: noUsage,
};
const job: Fact = {
  kind: 'job_done',
  job: jobId('job-1'),
  callId: callId('c1'),
  result: {
    kind: 'failed',
    failure: { kind: 'job_failed', helps: 'later', job: 'push', step: 'push', output: '' },
  },
};
const activity: Fact = {
  kind: 'attempt_activity',
  attempt: attemptId('web-1.1'),
  usage: noUsage,
};
const full = new StorageDown('full', 'database or disk is full');

/** A town that takes nothing before its nth call, with timers that fire at once. */
function townTaking(from: number, { stopAfter = Infinity, error = new Error('a bug') } = {}) {
  let calls = 0;
  let waitedMs = 0;
  const tell = tellerOf({
    tell: async () => {
      calls += 1;
      if (calls < from) throw error;
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

test.each([['attempt', ended] as const, ['job', job] as const])(
  'how one ended (%s) is told until it is taken: nobody could say it later',
  async (_what, fact) => {
    const town = townTaking(40);
    expect(await town.tell(fact)).toEqual(ok(undefined));
    expect(town.calls()).toBe(40);
  },
);

test('a conversation outlives a long full disk, and holds nothing up for a bug', async () => {
  const down = townTaking(40, { error: full });
  expect(await down.tell(transcript)).toEqual(ok(undefined));
  expect(down.calls()).toBe(40);
  const broken = townTaking(40);
  expect(await broken.tell(transcript)).toMatchObject({ ok: false });
  expect(broken.calls()).toBe(5);
});

test('a sign of life is given up after a while: the next one says the same', async () => {
  const town = townTaking(40, { error: full });
  expect(await town.tell(activity)).toMatchObject({ ok: false });
  expect(town.calls()).toBe(5);
});

test('a runner that stops does not wait for a town that takes nothing', async () => {
  const town = townTaking(Infinity, { stopAfter: 10_000 });
  expect(await town.tell(connected)).toMatchObject({ ok: false });
  expect(town.waitedMs()).toBeLessThan(12_000);
});
