/**
 * Every setting of pull requests changes something, shown at the decision that reads it. The
 * compiler asks for a row for each key.
 */
import { expect, test } from 'vitest';
import { calls, jobs, reasons, setsOf } from '../../test/fixtures/plans.ts';
import { b, decide, done, guarded, job, rig, watched } from '../../test/fixtures/pull-decisions.ts';
import { snapshotOf } from '../../test/fixtures/pulls.ts';
import { row, type Effect, type OfPulls } from '../../test/fixtures/setting-effects.ts';
import { attemptWith, beadView, commit, now, submissionOf } from '../../test/fixtures/views.ts';
import { decideBead } from './decide/bead.ts';
import type { JobResult } from './job.ts';
import { resolveSettings } from './setting-definitions.ts';
import type { Settings } from './settings.ts';

const green = { green: { head: b, since: now } };
const none = { passed: 0, failed: 0, pending: 0, missing: 0 };
const optionalRed = { required: none, all: { ...none, failed: 1 }, failing: [] };

const effects: { readonly [K in OfPulls]: Effect<K> } = {
  mergeStrategy: row('direct', strategyOfNewRequest, 'pr', 'direct'),
  autoMerge: row(true, whenGreen, 'human', 'landing'),
  autoMergeDelayMinutes: row(
    5,
    (settings) => whenGreen({ ...settings, autoMerge: true }),
    'landing',
    'delay',
  ),
  checksPolicy: row('all', withOptionalCheckRed, 'green', 'checks'),
  autoResolvePrFeedback: row(false, withThreads, ['read_feedback'], []),
  autoResolveMergeConflicts: row(false, whenBehind, ['update'], []),
  strangerCommits: row('ask', whenPushedTo, ['take'], []),
  deleteBranchAfterMerge: row(false, whenProved, ['delete_branch'], []),
  draft: row(true, opened('draft'), false, true),
  labels: row(['bot'], opened('labels'), [], ['bot']),
  reviewers: row(['ann'], opened('reviewers'), [], ['ann']),
};

test.each(Object.entries(effects))('%s changes what happens', (key, effect) => {
  expect(effect.of(set({})), 'with the default').toEqual(effect.usual);
  expect(effect.of(set({ [key]: effect.value })), 'when it is set').toEqual(effect.changed);
});

function set(of: Partial<Settings>): Settings {
  return resolveSettings({ gates: [], ...of }, {});
}

function strategyOfNewRequest(settings: Settings): unknown {
  const attempt = attemptWith({ status: 'stopping', submitted: submissionOf(b) });
  const bead = { status: 'in_progress', attempt: attempt.id, base: commit('a') } as const;
  const { actions } = decideBead(beadView(bead, { attempt, settings, rig }));
  for (const action of actions) {
    if (action.do === 'insert' && action.entity === 'merge_request') return action.row.strategy;
  }
  return null;
}

/** The stage it goes on to, or what it waits for. */
function whenGreen(settings: Settings): unknown {
  const plan = watched({ ...green, job }, { settings, ...guarded });
  return setsOf(plan, 'merge_request').stage ?? reasons(plan)[0];
}

/** Is it taken for green, or what is waited for? */
function withOptionalCheckRed(settings: Settings): unknown {
  const snapshot = snapshotOf(b, { checks: { is: 'complete', value: optionalRed } });
  const plan = watched({ snapshot }, { settings: { ...settings, autoResolvePrFeedback: false } });
  return setsOf(plan, 'merge_request').green === undefined ? reasons(plan)[0] : 'green';
}

function withThreads(settings: Settings): unknown {
  const threads = { is: 'complete', value: { unresolved: 1, unresolvedByBots: 0 } } as const;
  const snapshot = snapshotOf(b, { threads, mergeableNow: false });
  return calls(watched({ snapshot }, { settings })).map(({ op }) => op);
}

function whenBehind(settings: Settings): unknown {
  const mergeability = { is: 'complete', value: 'behind' } as const;
  const snapshot = snapshotOf(b, { mergeability, mergeableNow: false });
  return jobs(watched({ snapshot }, { settings })).map(({ kind }) => kind);
}

function whenPushedTo(settings: Settings): unknown {
  return jobs(watched({ snapshot: snapshotOf(commit('5')) }, { settings })).map(({ kind }) => kind);
}

function whenProved(settings: Settings): unknown {
  const result: JobResult = {
    kind: 'prove',
    answer: { is: 'landed', commit: commit('e'), targetTip: commit('f') },
  };
  const snapshot = snapshotOf(b, { state: 'merged', mergeCommit: commit('e') });
  const plan = watched({ snapshot, pr: 'merged', job }, { ...done('prove', result), settings });
  return calls(plan).map(({ op }) => op);
}

function opened(key: 'draft' | 'labels' | 'reviewers'): (settings: Settings) => unknown {
  const opening = { strategy: 'pr', stage: 'approved', published: b, pr: 'opening' } as const;
  return (settings) => {
    const [call] = calls(decide(opening, { settings }));
    return call?.op === 'open_pull' ? call.spec[key] : undefined;
  };
}
