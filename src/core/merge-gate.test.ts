/** Table tests of the merge gate: what blocks, on its own and together, and when nothing does. */
import { describe, expect, test } from 'vitest';
import { snapshotOf } from '../../test/fixtures/pulls.ts';
import { commit, later, now } from '../../test/fixtures/views.ts';
import { limits } from './limits.ts';
import { mergeGate, type Blocker, type GateInput, type MergePolicy } from './merge-gate.ts';
import type { Checks, PullRequestSnapshot } from './pull-request.ts';

const head = commit('a');
const other = commit('b');
const none = { passed: 0, failed: 0, pending: 0, missing: 0 };
const unread = { is: 'unknown', why: 'forbidden' } as const;
const unsupported = { is: 'unsupported' } as const;
const green: MergePolicy = { checksPolicy: 'required', autoMerge: true, autoMergeDelayMinutes: 0 };

describe('a pull request that is green', () => {
  test('is merged at exactly the head that was looked at', () => {
    expect(ask({})).toEqual({ is: 'merge', head });
  });

  test('is left to a person where merging is theirs', () => {
    expect(ask({}, { policy: { ...green, autoMerge: false } })).toEqual({ is: 'person' });
  });

  test('in the queue of the forge is watched there', () => {
    expect(ask({ queue: { is: 'complete', value: 'queued' } })).toEqual({ is: 'queued' });
  });

  test('waits out the delay from when this head was first green', () => {
    const policy = { ...green, autoMergeDelayMinutes: 10 };
    const until = later(10 * 60_000);
    expect(ask({}, { policy })).toEqual({ is: 'wait', until });
    expect(ask({}, { policy, greenSince: now, now: later(60_000) })).toEqual({ is: 'wait', until });
    expect(ask({}, { policy, greenSince: now, now: until })).toEqual({ is: 'merge', head });
  });
});

describe('what blocks', () => {
  test.each(['checks', 'review', 'threads', 'mergeability', 'queue'] as const)(
    'unknown %s are never green, and the reason is passed on',
    (group) => {
      expect(blockers({ [group]: unread })).toEqual([{ by: 'unknown', group, why: 'forbidden' }]);
    },
  );

  test.each<[string, Partial<PullRequestSnapshot>, Blocker]>([
    ['closed', { state: 'closed' }, { by: 'state', state: 'closed' }],
    ['a draft', { draft: true }, { by: 'draft' }],
    [
      'pointed at another branch, whatever else is said of it there',
      { baseBranch: 'next', mergeability: complete('conflict') },
      { by: 'retargeted', base: 'next' },
    ],
    ['another head', { head: other }, { by: 'head', judged: head, shown: other }],
    ['a conflict', { mergeability: complete('conflict') }, { by: 'conflict' }],
    ['behind', { mergeability: complete('behind') }, { by: 'behind' }],
    ['computed yet', { mergeability: complete('computing') }, { by: 'computing' }],
    [
      'a change request',
      { review: complete({ decision: 'changes_requested', approvalsLeft: null }) },
      { by: 'changes_requested' },
    ],
    [
      'an approval to come',
      { review: complete({ decision: 'required', approvalsLeft: 2 }) },
      { by: 'approval_required', left: 2 },
    ],
    [
      'an open thread',
      { threads: complete({ unresolved: 3, unresolvedByBots: 1 }) },
      { by: 'threads', count: 3 },
    ],
    [
      'a failed check',
      { checks: checks({ failed: 1 }, 'lint') },
      { by: 'checks_failed', names: ['lint'] },
    ],
    ['a missing check', { checks: checks({ missing: 2 }) }, { by: 'checks_pending', count: 2 }],
  ])('%s', (_name, set, blocker) => {
    expect(blockers(set)).toEqual([blocker]);
  });

  test('all of it is told at once', () => {
    const found = blockers({ draft: true, head: other, review: unread, threads: unread });
    expect(found.map(({ by }) => by)).toEqual(['draft', 'head', 'unknown', 'unknown']);
  });

  test('the forge’s own “blocked” counts only where nothing else explains it', () => {
    const mergeability = complete('blocked' as const);
    const blocked = { mergeability, mergeableNow: false };
    expect(blockers(blocked)).toEqual([{ by: 'forge' }]);
    expect(blockers({ ...blocked, draft: true })).toEqual([{ by: 'draft' }]);
    expect(ask({ mergeability })).toEqual({ is: 'merge', head });
  });
});

describe('checks', () => {
  test('that nobody can list are green only where the forge says it may be merged', () => {
    expect(ask({ checks: unsupported })).toEqual({ is: 'merge', head });
    const found = blockers({ checks: unsupported, mergeableNow: false });
    expect(found).toEqual([{ by: 'unknown', group: 'checks', why: 'unsupported' }]);
  });

  test('without readable rules count all of them, and none of them is unknown', () => {
    const unruled = (all: Checks['all']) => ({
      mergeableNow: false,
      checks: complete({ required: null, all, failing: [] }),
    });
    expect(ask(unruled({ ...none, passed: 1 }))).toEqual({ is: 'merge', head });
    expect(blockers(unruled({ ...none, pending: 1 }))).toEqual([
      { by: 'checks_pending', count: 1 },
    ]);
    const why = 'rules_not_readable';
    expect(blockers(unruled(none))).toEqual([{ by: 'unknown', group: 'checks', why }]);
  });

  test('that are none are green when the head has been there for a while', () => {
    const set = { checks: checks({ passed: 0 }) };
    const until = later(limits.checksSettleMs);
    expect(blockers(set)).toEqual([{ by: 'checks_settling', until }]);
    expect(ask(set, { now: until })).toEqual({ is: 'merge', head });
  });

  test('of a policy: all, none, or by name', () => {
    const optional = complete({
      required: { ...none, passed: 1 },
      all: { ...none, passed: 1, failed: 1 },
      failing: [{ name: 'lint', url: null, id: null }],
    });
    const by = (checksPolicy: MergePolicy['checksPolicy'], set: Partial<PullRequestSnapshot>) =>
      ask(set, { policy: { ...green, checksPolicy } }).is;
    expect(by('required', { checks: optional })).toBe('merge');
    expect(by('all', { checks: optional })).toBe('blocked');
    expect(by(['lint'], { checks: optional })).toBe('blocked');
    expect(by(['test'], { checks: optional })).toBe('merge');
    expect(by('none', { checks: unread })).toBe('merge');
  });
});

function ask(set: Partial<PullRequestSnapshot>, input: Partial<GateInput> = {}) {
  return mergeGate({
    snapshot: snapshotOf(head, set),
    policy: green,
    target: 'main',
    judgedHead: head,
    headSince: now,
    greenSince: null,
    now,
    ...input,
  });
}

function blockers(set: Partial<PullRequestSnapshot>): readonly Blocker[] {
  const answer = ask(set);
  return answer.is === 'blocked' ? answer.blockers : [];
}

function complete<T>(value: T) {
  return { is: 'complete', value } as const;
}

function checks(tally: Partial<Checks['all']>, ...names: readonly string[]) {
  const all = { ...none, passed: 1, ...tally };
  const failing = names.map((name) => ({ name, url: null, id: null }));
  return complete({ required: all, all, failing });
}
