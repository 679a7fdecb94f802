/** Calls through the forge port: each has an end, and threads are answered once. */
import { describe, expect, test } from 'vitest';
import { forge as project } from '../../test/fixtures/pulls.ts';
import type { ForgeCall } from '../core/action.ts';
import type { Fact } from '../core/fact.ts';
import type { Feedback, ForgeWrite, Thread, ThreadReply } from '../core/forge-answers.ts';
import { callId, commitOf, forgeAccountId, mergeRequestId, rigId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import { err, ok } from '../core/result.ts';
import type { ForgePort } from '../ports/forge.ts';
import { WorldTime } from '../sim/world/time.ts';
import { PerformForge } from './perform-forge.ts';

/** Threads of one pull request, kept in memory. Every verb that is not needed here throws. */
class ThreadsOnly implements ForgePort {
  threads: Thread[];
  complete = true;
  readonly writes: ForgeWrite[] = [];
  failsAt: number | null = null;

  constructor(...threads: readonly Thread[]) {
    this.threads = [...threads];
  }

  feedback: ForgePort['feedback'] = () => {
    const head = commitOf('b'.repeat(40));
    const { threads, complete } = this;
    const answer: Feedback = { head, threads, bodies: [], failing: [], complete };
    return Promise.resolve(ok(answer));
  };

  write: ForgePort['write'] = (_context, _target, what) => {
    if (this.writes.length === this.failsAt) {
      this.failsAt = null;
      const where = { provider: 'github', host: 'github.com' } as const;
      return Promise.resolve(err({ ...where, kind: 'network_error', cause: 'reset' }));
    }
    this.writes.push(what);
    this.threads = this.threads.map((thread) => written(thread, what));
    return Promise.resolve(ok(undefined));
  };

  checkPRStatuses = () => Promise.reject(new Error('not asked'));
  probe = () => Promise.reject(new Error('not asked'));
  open = () => Promise.reject(new Error('not asked'));
  merge = () => Promise.reject(new Error('not asked'));
  dequeue = () => Promise.reject(new Error('not asked'));
  budgets = () => Promise.reject(new Error('not asked'));
}

function written(thread: Thread, what: ForgeWrite): Thread {
  if (!('thread' in what) || what.thread !== thread.id) return thread;
  if (what.do === 'resolve') return { ...thread, resolved: true };
  const known = thread.comments.some(({ body }) => body.includes(what.marker));
  const body = `${what.body}\n\n${what.marker}`;
  const said = { author: 'us', association: 'member' as const, body };
  return known ? thread : { ...thread, comments: [...thread.comments, said] };
}

const thread = (id: string, comments = 1, resolved = false): Thread => ({
  id,
  path: null,
  line: null,
  resolved,
  outdated: false,
  comments: Array.from({ length: comments }, () => ({
    author: 'ann',
    association: 'member',
    body: 'Hm.',
  })),
});

const reply = (id: string, resolve = true): ThreadReply => ({
  thread: id,
  marker: `<!-- ${id} -->`,
  body: 'Addressed in bbbbbbbbbbbb.',
  resolve,
  comments: 1,
});

const ref = { project, number: 12, nodeId: null, url: 'https://github.com/team/web/pull/12' };
const subject = { rig: rigId('web'), project, mergeRequest: mergeRequestId('mr-1'), ref };

const replying = (...replies: readonly ThreadReply[]): ForgeCall => ({
  ...subject,
  op: 'reply_threads',
  callId: callId('mr-1:reply'),
  replies,
});

async function perform(forge: ForgePort, ...replies: readonly ThreadReply[]): Promise<Fact> {
  return await new Promise((tell) => {
    const log = { info: () => undefined, error: () => undefined };
    const timers = new WorldTime();
    new PerformForge({ forge, tell, log, timers }).start(replying(...replies));
  });
}

const outcomes = (fact: Fact) => {
  if (fact.kind !== 'forge_answered' || fact.report.op !== 'reply') return fact;
  if ('error' in fact.report) return fact.report.error.kind;
  return fact.report.answer.replies.map(({ thread: id, is }) => `${id} ${is}`);
};

describe('replying to threads', () => {
  test('answers and resolves each that stands as it was shown', async () => {
    const forge = new ThreadsOnly(thread('a'), thread('b'));
    expect(outcomes(await perform(forge, reply('a'), reply('b')))).toEqual([
      'a resolved',
      'b resolved',
    ]);
    expect(forge.threads.map(({ resolved, comments }) => [resolved, comments.length])).toEqual([
      [true, 2],
      [true, 2],
    ]);
  });

  test('leaves one open in which somebody wrote since, and one it may not resolve', async () => {
    const forge = new ThreadsOnly(thread('a', 2), thread('b'));
    expect(outcomes(await perform(forge, reply('a'), reply('b', false)))).toEqual([
      'a left_open',
      'b left_open',
    ]);
    expect(forge.threads.map(({ resolved }) => resolved)).toEqual([false, false]);
  });

  test('says nothing where somebody resolved it or where it is gone', async () => {
    const forge = new ThreadsOnly(thread('a', 1, true));
    expect(outcomes(await perform(forge, reply('a'), reply('gone')))).toEqual([
      'a settled',
      'gone settled',
    ]);
    expect(forge.writes).toEqual([]);
  });

  test('does not take a thread for gone that was not read to', async () => {
    const forge = new ThreadsOnly();
    forge.complete = false;
    expect(outcomes(await perform(forge, reply('a')))).toEqual(['a unseen']);
  });

  test('is finished by a repeat wherever it broke off, and nothing is said twice', async () => {
    for (const failsAt of [0, 1, 2, 3]) {
      const forge = new ThreadsOnly(thread('a'), thread('b'));
      forge.failsAt = failsAt;
      expect(outcomes(await perform(forge, reply('a'), reply('b')))).toBe('network_error');
      await perform(forge, reply('a'), reply('b'));
      expect(forge.threads.map(({ resolved, comments }) => [resolved, comments.length])).toEqual([
        [true, 2],
        [true, 2],
      ]);
    }
  });
});

test('closing says why first, and closes nothing when that cannot be said', async () => {
  const call: ForgeCall = {
    ...subject,
    op: 'close_pull',
    callId: callId('mr-1:close'),
    marker: '<!-- close -->',
    body: 'Given up.',
  };
  const close = (forge: ThreadsOnly): Promise<Fact> =>
    new Promise((tell) => {
      const log = { info: () => undefined, error: () => undefined };
      new PerformForge({ forge, tell, log, timers: new WorldTime() }).start(call);
    });
  const forge = new ThreadsOnly();
  expect(await close(forge)).toMatchObject({ report: { op: 'close', answer: null } });
  expect(forge.writes.map((write) => write.do)).toEqual(['comment', 'close']);
  const mute = new ThreadsOnly();
  mute.failsAt = 0;
  expect(await close(mute)).toMatchObject({ report: { op: 'close', error: {} } });
  expect(mute.writes).toEqual([]);
});

describe('a call that the forge does not answer', () => {
  const merging: ForgeCall = {
    ...subject,
    op: 'merge_pull',
    callId: callId('mr-1:merge'),
    expectedHead: commitOf('b'.repeat(40)),
    method: 'merge',
    title: 'Say hello',
    message: '',
  };
  const targets = [{ mergeRequest: mergeRequestId('mr-1'), rig: rigId('web'), ref }];
  const reading: ForgeCall = {
    op: 'read_pulls',
    callId: callId('acc:read:1'),
    account: forgeAccountId('acc'),
    targets,
  };
  const timeout = { kind: 'network_error', cause: 'timeout', host: 'github.com' };
  const broken = { kind: 'invalid_response', reason: 'schema_mismatch', host: 'github.com' };
  const facts = (error: object) => [
    { kind: 'forge_answered', callId: 'mr-1:merge', report: { op: 'merge', error } },
    { kind: 'pulls_read', account: 'acc', outcomes: [{ outcome: { ok: false, error } }] },
  ];

  class Stage {
    readonly time = new WorldTime();
    readonly told: Fact[] = [];
    readonly logged: string[] = [];
    readonly performer: PerformForge;

    constructor(forge: ForgePort) {
      this.performer = new PerformForge({
        forge,
        tell: (fact) => void this.told.push(fact),
        log: { info: () => undefined, error: (event) => void this.logged.push(event) },
        timers: this.time,
      });
    }

    /** Everything that is due up to `ms`, and what it sets off. */
    async pass(ms: number): Promise<void> {
      await new Promise(setImmediate);
      for (let at = this.time.nextAt(); at !== null && at <= ms; at = this.time.nextAt()) {
        this.time.runNext();
        await new Promise(setImmediate);
      }
    }
  }

  test('is a timeout when the deadline passed, and not before', async () => {
    const forge = new ThreadsOnly();
    const never = () => new Promise<never>(() => undefined);
    const stage = new Stage(Object.assign(forge, { merge: never, checkPRStatuses: never }));
    stage.performer.start(merging);
    stage.performer.start(reading);
    await stage.pass(limits.forgeAnswerMs - 1);
    expect(stage.told).toEqual([]);
    await stage.pass(limits.forgeAnswerMs);
    expect(stage.told).toMatchObject(facts(timeout));
    expect(limits.forgeAnswerMs).toBeLessThan(limits.forgeCallMs);
  });

  test('is an answer that breaks the contract where the adapter threw, and is logged', async () => {
    const stage = new Stage(new ThreadsOnly());
    stage.performer.start(merging);
    stage.performer.start(reading);
    await stage.pass(0);
    expect(stage.told).toMatchObject(facts(broken));
    expect(stage.logged).toEqual(['forge_call_threw', 'forge_call_threw']);
    expect(stage.time.nextAt()).toBeNull();
  });

  test('is not heard any more when it answers after all, and writes no further reply', async () => {
    const forge = new ThreadsOnly(thread('a'), thread('b'));
    const { write } = forge;
    const held: (() => void)[] = [];
    forge.write = async (...args) => {
      await new Promise<void>((go) => held.push(go));
      return await write(...args);
    };
    const stage = new Stage(forge);
    stage.performer.start(replying(reply('a', false), reply('b', false)));
    await stage.pass(limits.forgeAnswerMs);
    held.shift()?.();
    await stage.pass(limits.forgeAnswerMs);
    expect(stage.told.map(outcomes)).toEqual(['network_error']);
    expect(forge.writes).toMatchObject([{ do: 'reply', thread: 'a' }]);
    expect(held).toEqual([]);
  });
});
