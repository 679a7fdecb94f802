/** Table tests of a bead whose pull request cannot be read, or is over: nothing is dispatched. */
import { describe, expect, test } from 'vitest';
import { watchedRequest } from '../../../test/fixtures/pulls.ts';
import {
  attemptWith,
  beadView,
  beadWith,
  commit,
  now,
  requestView,
  requestWith,
  settingsWith,
  submissionOf,
} from '../../../test/fixtures/views.ts';
import type { Plan } from '../action.ts';
import type { Bead } from '../bead.ts';
import { attemptId, escalationId, mergeRequestId } from '../ids.ts';
import type { MergeRequest, Unobservable } from '../merge-request.ts';
import { neighbourRules } from '../neighbours.ts';
import type { PRStatusError } from '../pr-status.ts';
import type { BeadView } from '../view.ts';
import { decideBead } from './bead.ts';
import { decideMergeRequest } from './merge-request.ts';

const b = commit('b');
const error: PRStatusError = {
  provider: 'github',
  host: 'github.com',
  kind: 'no_token',
  resolutionChain: [],
};
const flag: Unobservable = {
  failureReason: 'pr_poll_failed',
  failureKind: 'no_token',
  error,
  since: now,
};
const gateFailed = {
  kind: 'gate_failed',
  helps: 'no',
  gate: 'test',
  command: 'npm test',
  result: 'failed',
  exitCode: 1,
  output: 'no',
} as const;

const submission = submissionOf(b);
const sentBack = (set: Partial<MergeRequest> = {}): MergeRequest =>
  requestWith({
    ...watchedRequest(b),
    stage: 'changes_requested',
    failures: [gateFailed],
    submittedBy: submission.attempt,
    ...set,
  });
const round = { cause: 'gate', number: 1, head: b, failures: [gateFailed] } as const;
const reviewing = {
  status: 'in_review',
  mergeRequest: mergeRequestId('mr-1'),
  submission,
} as const;
const again = {
  ...reviewing,
  status: 'open',
  round: { ...round, question: null, answer: null },
} as const;

const decide = (bead: Partial<Bead>, mergeRequest: MergeRequest, set: Partial<BeadView> = {}) =>
  decideBead(beadView(bead, { mergeRequest, ...set }));

function beadSets(plan: Plan): Partial<Bead> {
  return Object.assign(
    {},
    ...plan.actions.map((one) => (one.do === 'update' && one.entity === 'bead' ? one.set : {})),
  );
}

describe('a bead whose pull request cannot be read', () => {
  const waiting = [{ reason: 'unobservable', on: ['https://github.com', 'mr-1'] }];

  test('starts no round, and says why', () => {
    const plan = decide(reviewing, sentBack({ unobservable: flag }));
    expect(plan.actions).toEqual([]);
    expect(plan.waits).toMatchObject([{ ...waiting[0], detail: { kind: 'no_token' } }]);
    expect(beadSets(decide(reviewing, sentBack()))).toMatchObject({ status: 'open' });
  });

  test('is not out of rounds either', () => {
    const rounds = { gate: settingsWith().maxFeedbackRounds };
    const plan = decide({ ...reviewing, rounds }, sentBack({ unobservable: flag }));
    expect(plan.actions).toEqual([]);
    expect(beadSets(decide({ ...reviewing, rounds }, sentBack())).status).toBe('failed');
  });

  test('leaves the line it stood in for its round, and comes back when it can be read', () => {
    const left = decide({ ...again, ready: true, readyAt: now }, sentBack({ unobservable: flag }));
    expect(beadSets(left)).toEqual({ ready: false, readyAt: null });
    const plan = decide(again, sentBack({ unobservable: flag }));
    expect(plan.actions).toEqual([]);
    expect(plan.waits).toMatchObject(waiting);
    expect(beadSets(decide(again, sentBack()))).toMatchObject({ ready: true });
  });

  test('goes on with a round that an agent already works at', () => {
    const attempt = attemptWith({ id: attemptId('web-1.2') });
    const working = { ...again, status: 'in_progress', base: b, attempt: attempt.id } as const;
    const plan = decide(working, sentBack({ unobservable: flag }), { attempt });
    expect(plan.waits).toMatchObject([{ reason: 'call', on: [attempt.id] }]);
  });

  test('does not repeat a round whose work was handed in meanwhile', () => {
    const handedIn = { ...reviewing, submission: submissionOf(b, 'web-1.2') };
    const unseen = sentBack({ unobservable: flag });
    const bead = beadWith(handedIn);
    expect(decideMergeRequest(requestView(unseen, { bead })).actions).toEqual([]);
    expect(decide(handedIn, unseen).actions).toEqual([]);
    // Nor before the merge request has looked at it, once it can be read again.
    const plan = decide(handedIn, sentBack());
    expect(plan.actions).toEqual([]);
    expect(plan.waits).toMatchObject([{ reason: 'queue', on: ['mr-1'] }]);
    expect(decideMergeRequest(requestView(sentBack(), { bead })).actions).toMatchObject([
      { do: 'update', set: { stage: 'queued', submittedBy: 'web-1.2' } },
    ]);
  });

  test('is woken by the flag and by its healing', () => {
    const wakes = (before: MergeRequest, after: MergeRequest) =>
      neighbourRules
        .filter(({ entity }) => entity === 'merge_request')
        .flatMap((rule) => rule.wakes(before, after));
    const woken = { kind: 'bead', id: 'web-1' };
    expect(wakes(sentBack(), sentBack({ unobservable: flag }))).toContainEqual(woken);
    expect(wakes(sentBack({ unobservable: flag }), sentBack())).toContainEqual(woken);
    expect(wakes(sentBack(), sentBack({ readAt: now }))).not.toContainEqual(woken);
  });

  test.each(['changes_requested', 'approved', 'landing'] as const)(
    'closes when a person closes it at %s',
    (stage) => {
      const unseen = sentBack({ unobservable: flag, stage });
      const bead = beadWith({ ...reviewing, closeAs: 'dropped' });
      const plan = decideMergeRequest(requestView(unseen, { bead }));
      expect(plan.actions).toMatchObject([{ do: 'update', set: { stage: 'abandoned' } }]);
      const over = sentBack({ unobservable: flag, stage: 'abandoned' });
      expect(beadSets(decide(bead, over))).toMatchObject({ status: 'closed' });
    },
  );
});

describe('a bead whose pull request is over on its forge', () => {
  const closed = sentBack({ pr: 'closed', escalation: escalationId('esc-1') });
  const merged = sentBack({ pr: 'merged' });

  test.each([
    ['closed', closed, [{ reason: 'human', on: ['esc-1'] }]],
    ['merged', merged, [{ reason: 'queue', on: ['mr-1'] }]],
  ] as const)('starts no round that was decided before: %s', (_name, request, waits) => {
    const plan = decide(reviewing, request);
    expect(plan.actions).toEqual([]);
    expect(plan.waits).toMatchObject(waits);
    expect(beadSets(decide({ ...again, ready: true, readyAt: now }, request)).ready).toBe(false);
  });

  test('is woken when that changes', () => {
    const woken = neighbourRules
      .filter(({ entity }) => entity === 'merge_request')
      .flatMap((rule) => rule.wakes(closed, sentBack()));
    expect(woken).toContainEqual({ kind: 'bead', id: 'web-1' });
  });
});
