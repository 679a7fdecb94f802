/**
 * Gitea's statuses, reviews and its one word on merging, as what they mean.
 */
import { describe, expect, test } from 'vitest';
import { instant } from '../../core/time.ts';
import { checksFrom } from './checks.ts';
import { Conflicts, mergeabilityOf } from './mergeability.ts';
import { reviewOf } from './reviews.ts';
import {
  isDraft,
  pullShape,
  readyTitle,
  reviewShape,
  statusShape,
  type TeaPull,
  type TeaReview,
  type TeaStatus,
} from './shapes.ts';

function pull(change: object = {}): TeaPull {
  return pullShape.parse({
    id: 7,
    number: 1,
    title: 'T',
    state: 'open',
    mergeable: true,
    head: { ref: 'topic', sha: 'a'.repeat(40) },
    base: { ref: 'main' },
    ...change,
  });
}

let ids = 0;

function review(login: string, state: string, more: object = {}): TeaReview {
  ids += 1;
  return reviewShape.parse({ id: ids, state, user: { login }, official: true, ...more });
}

function status(context: string, word: string): TeaStatus {
  ids += 1;
  return statusShape.parse({ id: ids, context, status: word });
}

describe('reviews', () => {
  test('count by the last word of each reviewer', () => {
    const taken = [review('bob', 'REQUEST_CHANGES'), review('bob', 'APPROVED')];
    expect(reviewOf(taken, 1)).toMatchObject({ value: { decision: 'approved' } });
    const back = [...taken, review('bob', 'REQUEST_CHANGES'), review('bob', 'COMMENT')];
    expect(reviewOf(back, 1)).toMatchObject({ value: { decision: 'changes_requested' } });
    const dismissed = [review('bob', 'REQUEST_CHANGES', { dismissed: true })];
    expect(reviewOf(dismissed, 0)).toMatchObject({ value: { decision: 'none' } });
  });

  test('that approve an older head, or do not count there, approve nothing', () => {
    const reviews = [
      review('bob', 'APPROVED', { stale: true }),
      review('eve', 'APPROVED', { official: false }),
      review('kim', 'APPROVED'),
    ];
    expect(reviewOf(reviews, 2)).toEqual({
      is: 'complete',
      value: { decision: 'required', approvalsLeft: 1 },
    });
  });

  test('that ask for changes on an older head, or do not count, still ask', () => {
    const stale = [review('eve', 'REQUEST_CHANGES', { stale: true, official: false })];
    expect(reviewOf(stale, 0)).toMatchObject({ value: { decision: 'changes_requested' } });
  });

  test('with a word we do not know, or without the rules, are unknown', () => {
    expect(reviewOf([review('bob', 'OBJECTED')], 0).is).toBe('unknown');
    expect(reviewOf([review('bob', 'APPROVED')], null).is).toBe('unknown');
  });
});

describe('statuses', () => {
  test('are required by name or by pattern, and missing where nothing matches', () => {
    const seen = [
      status('ci/build', 'success'),
      status('ci/test', 'failure'),
      status('x', 'error'),
    ];
    expect(checksFrom(seen, ['ci/*']).required).toMatchObject({ passed: 1, failed: 1, missing: 0 });
    expect(checksFrom(seen, ['ci/build']).required).toMatchObject({ passed: 1, failed: 0 });
    expect(checksFrom(seen, ['c.*', 'lint']).required).toMatchObject({ passed: 0, missing: 2 });
    expect(checksFrom([], ['*']).required).toMatchObject({ missing: 1 });
    expect(checksFrom(seen, null).required).toBeNull();
  });

  test('are green only by the words for it', () => {
    for (const word of ['pending', 'warning', 'something_new']) {
      const { all } = checksFrom([status('a', word)], []);
      expect(all).toMatchObject({ passed: 0, failed: 0, pending: 1 });
    }
  });

  test('count by the newest of a context', () => {
    const old = status('ci', 'failure');
    const { all, failing } = checksFrom([status('ci', 'success'), old], []);
    expect(all).toMatchObject({ passed: 1, failed: 0 });
    expect(failing).toEqual([]);
  });
});

describe('what is not mergeable', () => {
  const nothing = { isBehind: false, isBlocked: false };

  test('is being computed first and a conflict later, and starts over with a new head', () => {
    const conflicts = new Conflicts();
    const at = (ms: number, of: TeaPull) => conflicts.judge('here', of, instant(ms));
    const no = pull({ mergeable: false });
    expect(at(0, no)).toBe('computing');
    expect(at(59_000, no)).toBe('computing');
    expect(at(60_000, no)).toBe('conflict');
    const moved = pull({ mergeable: false, head: { ref: 'topic', sha: 'b'.repeat(40) } });
    expect(at(61_000, moved)).toBe('computing');
    conflicts.forget('here');
    expect(at(200_000, moved)).toBe('computing');
  });

  test('is a draft before anything else, and unknown in a state we do not know', () => {
    const of = (change: object) => mergeabilityOf(pull(change), nothing, () => 'conflict');
    expect(of({ draft: true, mergeable: false })).toMatchObject({ value: 'draft' });
    expect(of({ mergeable: false })).toMatchObject({ value: 'conflict' });
    expect(of({})).toMatchObject({ value: 'clean' });
    expect(of({ state: 'something_new' }).is).toBe('unknown');
  });
});

test('a draft is told by its field, and by its title where there is no field', () => {
  expect(isDraft(pull({ draft: true }))).toBe(true);
  expect(isDraft(pull({ title: 'WIP: T' }))).toBe(true);
  expect(isDraft(pull({ draft: false, title: 'WIP: T' }))).toBe(false);
  expect(readyTitle('WIP: [wip] T')).toBe('T');
  expect(readyTitle('A WIP: T')).toBe('A WIP: T');
});
