/** Table tests of what is said to those who wrote in threads, and of what is news after that. */
import { describe, expect, test } from 'vitest';
import { beadWith, commit, later, now, submissionOf } from '../../../test/fixtures/views.ts';
import { snapshotOf } from '../../../test/fixtures/pulls.ts';
import { b, merging, sets, watched } from '../../../test/fixtures/pull-decisions.ts';
import { calls, jobs, reasons } from '../../../test/fixtures/plans.ts';
import type { Feedback, Replied, Thread } from '../forge-answers.ts';
import { attemptId } from '../ids.ts';
import { limits } from '../limits.ts';
import type { MergeRequest, ThreadAnswer } from '../merge-request.ts';
import type { PRStatusError } from '../pr-status.ts';

const thread = (id: string, set: Partial<Thread> = {}): Thread => ({
  id,
  path: 'src/hello.ts',
  line: 4,
  resolved: false,
  outdated: false,
  comments: [{ author: 'ann', association: 'member', body: 'Say it in Danish.' }],
  ...set,
});

const feedbackOf = (set: Partial<Feedback> = {}): Feedback => ({
  head: b,
  threads: [],
  bodies: [],
  failing: [],
  complete: true,
  ...set,
});

const talkedAbout = snapshotOf(b, {
  threads: { is: 'complete', value: { unresolved: 2, unresolvedByBots: 0 } },
});

const roundOver = (feedback: Feedback, set: Partial<MergeRequest> = {}) =>
  sets(
    watched({
      snapshot: talkedAbout,
      forgeReport: { op: 'feedback', answer: feedback },
      ...set,
    }),
  );

const asked = feedbackOf({
  threads: [
    thread('T_1'),
    thread('T_2', { resolved: true }),
    thread('T_3', { outdated: true }),
    thread('T_4'),
  ],
  bodies: [{ author: 'bob', association: 'owner', body: 'Not like this.' }],
});

/** The round's next submission is on the branch, and nothing has been said yet. */
const c = commit('8');
const after = (summary: string, set: Partial<MergeRequest> = {}) => {
  const round = roundOver(asked);
  const submission = { ...submissionOf(c, 'web-1.2'), summary };
  return watched(
    {
      head: c,
      published: c,
      snapshot: snapshotOf(c, { threads: talkedAbout.threads }),
      submittedBy: attemptId('web-1.2'),
      answers: round.answers ?? [],
      feedbackSeen: round.feedbackSeen ?? null,
      ...set,
    },
    { bead: beadWith({ status: 'in_review', submission }), settings: merging },
  );
};

const owed = (set: Partial<ThreadAnswer> = {}): ThreadAnswer => ({
  thread: 'T_1',
  marker: '<!-- m -->',
  comments: 1,
  done: false,
  tries: 0,
  ...set,
});

describe('a round', () => {
  test('owes an answer to each thread it shows, and to no other', () => {
    const { answers } = roundOver(asked);
    expect(answers?.filter(({ done }) => !done)).toMatchObject([
      { thread: 'T_1', comments: 1 },
      { thread: 'T_4', comments: 1 },
    ]);
    const markers = answers?.filter(({ done }) => !done).map(({ marker }) => marker) ?? [];
    expect(new Set(markers).size).toBe(2);
    for (const marker of markers) {
      expect(marker).toMatch(/^<!-- gastown-reply: abcd\/mr-1\/[0-9a-f]{16} -->$/);
    }
  });

  test('shows what fits an agent, threads first, and owes no more than it shows', () => {
    const many = feedbackOf({
      threads: Array.from({ length: 150 }, (_, n) => thread(`T_${n}`)),
      failing: Array.from({ length: 100 }, (_, n) => ({
        name: `ci ${n}`,
        url: null,
        id: null,
        step: null,
        log: '',
      })),
    });
    const found = roundOver(many);
    expect(found.failures).toMatchObject([{ kind: 'pr_feedback', more: 110 + 60 }]);
    expect(found.answers).toHaveLength(40);
  });

  test('is not about what an earlier one answered, until somebody writes there again', () => {
    const answered = asked.threads.map(({ id }) => owed({ thread: id, comments: 2, done: true }));
    const told = (roundOver(asked).answers ?? []).filter(({ done }) => done);
    const answers = [...answered, ...told];
    const replied = feedbackOf({
      threads: asked.threads.map((one) => ({
        ...one,
        comments: [...one.comments, { author: 'us', association: 'member', body: 'Addressed' }],
      })),
      bodies: asked.bodies,
    });
    expect(roundOver(replied, { answers }).stage).toBeUndefined();
    const again = feedbackOf({
      threads: replied.threads.map((one) =>
        one.id === 'T_4' ? { ...one, comments: [...one.comments, ...thread('x').comments] } : one,
      ),
    });
    expect(roundOver(again, { answers })).toMatchObject({
      stage: 'changes_requested',
      failures: [{ threads: [{ id: 'T_4' }] }],
    });
  });
});

describe('after the round', () => {
  test('nothing is said before its submission is on the branch', () => {
    const early = after('done', { published: b, snapshot: talkedAbout });
    expect(calls(early)).toEqual([]);
    expect(jobs(early)).toMatchObject([{ kind: 'publish', head: c }]);
  });

  test('each thread gets one reply that names the commit, before anything is merged', () => {
    expect(calls(after('Says it in Danish.'))).toMatchObject([
      {
        op: 'reply_threads',
        replies: [
          { thread: 'T_1', body: 'Addressed in 888888888888.', resolve: true, comments: 1 },
          { thread: 'T_4', body: 'Addressed in 888888888888.', resolve: true, comments: 1 },
        ],
      },
    ]);
  });

  test('the agent’s own answer to a thread is quoted in it, and notifies nobody', () => {
    const summary =
      'Says it in Danish.\n\n- Thread 2: kept, as @ann/leads asked in #3\nThread 9: x';
    const [call] = calls(after(summary));
    expect(call?.op === 'reply_threads' ? call.replies.map(({ body }) => body) : []).toEqual([
      'Addressed in 888888888888.',
      'Addressed in 888888888888.\n\n> kept, as `@ann/leads` asked in `#3`',
    ]);
  });

  test('a submission that changed nothing answers, and resolves nothing', () => {
    const same = after('Thread 1: it does already.', {
      head: b,
      published: b,
      snapshot: talkedAbout,
    });
    expect(calls(same)).toMatchObject([
      {
        replies: [
          {
            body: 'Looked at again; nothing changed at bbbbbbbbbbbb.\n\n> it does already.',
            resolve: false,
          },
          { resolve: false },
        ],
      },
    ]);
  });

  test('many threads are answered in batches under call ids of their own', () => {
    const answers = Array.from({ length: 25 }, (_, n) => owed({ thread: `T_${n}` }));
    const [first] = calls(after('', { answers }));
    expect(first).toMatchObject({ replies: { length: limits.repliesPerCall } });
    const rest = answers.map((one, n) => ({ ...one, done: n < limits.repliesPerCall }));
    const [second] = calls(after('', { answers: rest }));
    expect(second?.op === 'reply_threads' ? second.replies[0]?.thread : null).toBe('T_10');
    expect(second?.callId).not.toBe(first?.callId);
  });

  test('one that is under way is waited for, and repeated under its id when not heard', () => {
    const plan = after('');
    const forgeCall = sets(plan).forgeCall ?? null;
    const waiting = after('', { forgeCall });
    expect(waiting.actions).toEqual([]);
    expect(reasons(waiting)).toEqual(['call']);
    const unheard = forgeCall === null ? null : { ...forgeCall, deadline: now };
    expect(calls(after('', { forgeCall: unheard }))).toEqual(calls(plan));
  });
});

describe('what became of the replies', () => {
  const answers = [
    owed(),
    owed({ thread: 'T_2' }),
    owed({ thread: 'T_3' }),
    owed({ thread: 'T_4' }),
  ];
  const heard = (answer: Replied) =>
    sets(after('', { answers, forgeReport: { op: 'reply', answer } }));

  test('is kept per thread, and believed only after the next read', () => {
    const found = heard({
      replies: [
        { thread: 'T_1', is: 'resolved' },
        { thread: 'T_2', is: 'left_open' },
        { thread: 'T_3', is: 'settled' },
      ],
    });
    expect(found.answers).toMatchObject([
      { thread: 'T_1', done: true, comments: 2 },
      { thread: 'T_2', done: true, comments: 2 },
      { thread: 'T_3', done: true, comments: 1 },
      { thread: 'T_4', done: false },
    ]);
    expect(found).toMatchObject({ readAt: now, snapshot: { threads: { is: 'unknown' } } });
  });

  test('leaves the merge waiting for that read, however green it was', () => {
    const done = answers.map((one) => ({ ...one, done: true }));
    const threads = { is: 'unknown', why: 'replied' } as const;
    const plan = after('', { answers: done, snapshot: snapshotOf(c, { threads }) });
    expect(plan.actions).toEqual([]);
    expect(plan.waits).toMatchObject([
      { reason: 'poll', detail: { because: 'unknown_threads', why: 'replied' } },
    ]);
  });

  const where = { provider: 'github', host: 'github.com' } as const;
  const failed = (error: PRStatusError, set: Partial<MergeRequest> = {}) =>
    sets(after('', { answers: [owed()], forgeReport: { op: 'reply', error }, ...set }));

  test('of an outage counts nothing against anything, and is tried again', () => {
    const found = failed({ ...where, kind: 'network_error', cause: 'timeout' });
    expect(found).toMatchObject({ notBefore: later(limits.mergeRetryMs[0]) });
    expect(found.strikes).toBeUndefined();
    expect(found.answers).toEqual([owed()]);
    const paused = after('', { answers: [owed()], notBefore: later(1000) });
    expect(calls(paused)).toEqual([]);
    expect(paused.waits).toMatchObject([{ reason: 'backoff', until: later(1000) }]);
  });

  test('of throttling waits until the forge may be asked', () => {
    const budget = { limit: null, remaining: null };
    const retryAt = later(90_000);
    const found = failed({ ...where, kind: 'throttled', scope: 'primary', retryAt, budget });
    expect(found).toMatchObject({ notBefore: retryAt });
  });

  test('of a credential that may not comment is left out in the end, and no unobservable', () => {
    const refused: PRStatusError = {
      ...where,
      kind: 'http_error',
      status: 403,
      statusText: 'Forbidden',
      transient: false,
      reason: 'forbidden',
      requestId: null,
      tokenSource: 'town.token',
    };
    expect(failed(refused)).toMatchObject({ answers: [{ tries: 1, done: false }] });
    const last = { answers: [owed({ tries: limits.replyTriesMax - 1 })] };
    const found = failed(refused, last);
    expect(found).toMatchObject({ answers: [{ done: true }] });
    expect(found.strikes).toBeUndefined();
  });
});

describe('a branch we have just pushed to', () => {
  test('may be shown at what we replaced for a moment: nobody is taken for a stranger', () => {
    const pushed = { head: c, published: c, publishedAt: now, replaced: b };
    const plan = watched({ ...pushed, snapshot: snapshotOf(b) });
    expect(plan.actions).toEqual([]);
    expect(plan.waits).toMatchObject([{ reason: 'poll', until: later(limits.forgeLagMs) }]);
    const long = { ...pushed, publishedAt: later(-limits.forgeLagMs), snapshot: snapshotOf(b) };
    expect(jobs(watched(long))).toMatchObject([{ kind: 'take', head: b, published: c }]);
  });
});
