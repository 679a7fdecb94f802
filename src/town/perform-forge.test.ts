/** Replies to threads through the forge port: looked at first, said once, then resolved. */
import { describe, expect, test } from 'vitest';
import { forge as project } from '../../test/fixtures/pulls.ts';
import type { ForgeCall } from '../core/action.ts';
import type { Fact } from '../core/fact.ts';
import type { Feedback, ForgeWrite, Thread, ThreadReply } from '../core/forge-answers.ts';
import { callId, commitOf, mergeRequestId, rigId } from '../core/ids.ts';
import { err, ok } from '../core/result.ts';
import type { ForgePort } from '../ports/forge.ts';
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

async function perform(forge: ForgePort, ...replies: readonly ThreadReply[]): Promise<Fact> {
  const call: ForgeCall = {
    op: 'reply_threads',
    callId: callId('mr-1:reply'),
    rig: rigId('web'),
    project,
    mergeRequest: mergeRequestId('mr-1'),
    ref: { project, number: 12, nodeId: null, url: 'https://github.com/team/web/pull/12' },
    replies,
  };
  return await new Promise((tell) => {
    const log = { info: () => undefined, error: () => undefined };
    new PerformForge({ forge, tell, log }).start(call);
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
