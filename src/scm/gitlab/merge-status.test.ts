/**
 * GitLab's one word and the fields beside it, as what they mean for a merge.
 */
import { describe, expect, test } from 'vitest';
import { isMergeableNow, mergeabilityOf, stateOf } from './merge-status.ts';
import { mergeRequestShape, type LabMergeRequest } from './shapes.ts';

function mr(change: Readonly<Record<string, unknown>> = {}): LabMergeRequest {
  return mergeRequestShape.parse({
    id: 7,
    iid: 1,
    title: 'T',
    state: 'opened',
    source_branch: 'topic',
    target_branch: 'main',
    sha: 'a'.repeat(40),
    detailed_merge_status: 'mergeable',
    ...change,
  });
}

const word = (detailed_merge_status: string) => mr({ detailed_merge_status });

describe('the word of a merge request', () => {
  test.each([
    ['mergeable', 'clean'],
    ['unchecked', 'computing'],
    ['checking', 'computing'],
    ['preparing', 'computing'],
    ['approvals_syncing', 'computing'],
    ['ci_still_running', 'blocked'],
    ['ci_must_pass', 'blocked'],
    ['status_checks_must_pass', 'blocked'],
    ['external_status_checks', 'blocked'],
    ['security_policy_pipeline_check', 'blocked'],
    ['commits_status', 'blocked'],
    ['not_approved', 'blocked'],
    ['requested_changes', 'blocked'],
    ['discussions_not_resolved', 'blocked'],
    ['conflict', 'conflict'],
    ['need_rebase', 'behind'],
    ['draft_status', 'draft'],
    ['title_regex', 'blocked'],
    ['jira_association_missing', 'blocked'],
    ['merge_request_blocked', 'blocked'],
    ['blocked_status', 'blocked'],
    ['merge_time', 'blocked'],
    ['locked_paths', 'blocked'],
    ['locked_lfs_files', 'blocked'],
    ['security_policy_violations', 'blocked'],
    ['broken_status', 'blocked'],
  ])('%s is %s', (name, value) => {
    expect(mergeabilityOf(word(name), false)).toEqual({ is: 'complete', value });
    expect(mergeabilityOf(word(name.toUpperCase()), false)).toEqual({ is: 'complete', value });
    expect(isMergeableNow(word(name))).toBe(name === 'mergeable');
  });

  test('that is new is unknown and named, and never merges', () => {
    expect(mergeabilityOf(word('moon_phase'), false)).toEqual({ is: 'unknown', why: 'moon_phase' });
    expect(mergeabilityOf(word('<b>now</b>'), false)).toEqual({
      is: 'unknown',
      why: 'a_word_we_do_not_know',
    });
    expect(isMergeableNow(word('moon_phase'))).toBe(false);
  });
});

describe('a field beside the word', () => {
  test('that names a blocker comes before a word that hides it', () => {
    const hidden = { detailed_merge_status: 'not_approved' };
    const of = (change: object, mustDescend = false) =>
      mergeabilityOf(mr({ ...hidden, ...change }), mustDescend);
    expect(of({ has_conflicts: true })).toEqual({ is: 'complete', value: 'conflict' });
    expect(of({ draft: true })).toEqual({ is: 'complete', value: 'draft' });
    expect(of({ rebase_in_progress: true })).toEqual({ is: 'complete', value: 'computing' });
    expect(of({ diverged_commits_count: 2 }, true)).toEqual({ is: 'complete', value: 'behind' });
    expect(of({ diverged_commits_count: 2 })).toEqual({ is: 'complete', value: 'blocked' });
  });

  test('that is against it outweighs the word mergeable', () => {
    for (const against of [
      { has_conflicts: true },
      { draft: true },
      { rebase_in_progress: true },
      { blocking_discussions_resolved: false },
      { state: 'locked' },
    ]) {
      expect(isMergeableNow(mr(against))).toBe(false);
      const seen = mergeabilityOf(mr(against), false);
      expect(seen).not.toEqual({ is: 'complete', value: 'clean' });
    }
  });
});

test('a state that is new is open and unknown', () => {
  const odd = mr({ state: 'something_new' });
  expect(stateOf(odd)).toBe('open');
  expect(mergeabilityOf(odd, false)).toEqual({ is: 'unknown', why: 'something_new' });
  expect(isMergeableNow(odd)).toBe(false);
});

test('a server without the word tells conflicts only, and is never believed to say yes', () => {
  const old = (merge_status: string) => mr({ detailed_merge_status: undefined, merge_status });
  expect(mergeabilityOf(old('can_be_merged'), false)).toMatchObject({ value: 'clean' });
  expect(mergeabilityOf(old('cannot_be_merged'), false)).toMatchObject({ value: 'conflict' });
  expect(mergeabilityOf(old('checking'), false)).toMatchObject({ value: 'computing' });
  expect(mergeabilityOf(old('perhaps'), false)).toEqual({ is: 'unknown', why: 'perhaps' });
  expect(isMergeableNow(old('can_be_merged'))).toBe(false);
});
