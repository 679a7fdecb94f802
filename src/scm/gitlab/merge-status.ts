/**
 * Whether a merge request may be merged, from GitLab's one word and the fields beside it. Pure.
 *
 * M1 `detailed_merge_status` is one value by precedence: `not_approved` hides `need_rebase`. What
 *    separate fields say comes first, and the word is one signal among them.
 * M2 A word we do not know is `unknown` and named; it never merges.
 * M3 Only `mergeable`, with no field against it, is GitLab's own yes.
 */
import type { Known, Mergeability } from '../../core/pull-request.ts';
import type { LabMergeRequest } from './shapes.ts';

type Group = 'ready' | 'transient' | 'ci' | 'review' | 'branch' | 'state';

const GROUPS: Readonly<Record<string, Group>> = {
  mergeable: 'ready',
  unchecked: 'transient',
  checking: 'transient',
  preparing: 'transient',
  approvals_syncing: 'transient',
  ci_still_running: 'transient',
  ci_must_pass: 'ci',
  status_checks_must_pass: 'ci',
  external_status_checks: 'ci',
  security_policy_pipeline_check: 'ci',
  commits_status: 'ci',
  not_approved: 'review',
  requested_changes: 'review',
  discussions_not_resolved: 'review',
  conflict: 'branch',
  need_rebase: 'branch',
  draft_status: 'state',
  not_open: 'state',
  title_regex: 'state',
  title_not_matching: 'state',
  jira_association_missing: 'state',
  merge_request_blocked: 'state',
  blocked_status: 'state',
  merge_time: 'state',
  locked_paths: 'state',
  locked_lfs_files: 'state',
  security_policy_violations: 'state',
  broken_status: 'state',
};

/** The word in the spelling of REST; GraphQL writes it in capitals. */
export function wordOf({ detailed_merge_status: word }: LabMergeRequest): string | null {
  return word === null ? null : word.toLowerCase();
}

/** `locked`: it is being merged at this moment. */
export function stateOf({ state }: LabMergeRequest): 'open' | 'merged' | 'closed' {
  return state === 'merged' || state === 'closed' ? state : 'open';
}

export function isDraft(mr: LabMergeRequest): boolean {
  return mr.draft === true || wordOf(mr) === 'draft_status';
}

/** M3 */
export function isMergeableNow(mr: LabMergeRequest): boolean {
  const isAgainst =
    isDraft(mr) ||
    mr.has_conflicts === true ||
    mr.rebase_in_progress === true ||
    mr.blocking_discussions_resolved === false;
  return mr.state === 'opened' && wordOf(mr) === 'mergeable' && !isAgainst;
}

/** `mustDescend`: this project only merges what lies on top of the target. */
export function mergeabilityOf(mr: LabMergeRequest, mustDescend: boolean): Known<Mergeability> {
  if (stateOf(mr) !== 'open') return { is: 'unknown', why: 'not_open' };
  const is = (value: Mergeability): Known<Mergeability> => ({ is: 'complete', value });
  const word = wordOf(mr);
  if (mr.has_conflicts === true || word === 'conflict') return is('conflict');
  if (isDraft(mr)) return is('draft');
  if (mr.rebase_in_progress === true || mr.state === 'locked') return is('computing');
  if (mr.state !== 'opened') return { is: 'unknown', why: named(mr.state) }; // M2
  if (word === 'need_rebase' || (mustDescend && (mr.diverged_commits_count ?? 0) > 0)) {
    return is('behind'); // M1
  }
  return word === null ? byOldWord(mr) : byWord(word, mr);
}

function byWord(word: string, mr: LabMergeRequest): Known<Mergeability> {
  const group = GROUPS[word];
  if (group === undefined) return { is: 'unknown', why: named(word) }; // M2
  switch (group) {
    case 'ready':
      return { is: 'complete', value: isMergeableNow(mr) ? 'clean' : 'blocked' };
    case 'transient':
      // Its checks say that they run; nothing is being computed.
      return { is: 'complete', value: word === 'ci_still_running' ? 'blocked' : 'computing' };
    case 'ci':
    case 'review':
    case 'branch':
    case 'state':
      return { is: 'complete', value: 'blocked' };
  }
}

/** Servers before 15.6 know conflicts only. */
function byOldWord({ merge_status: word }: LabMergeRequest): Known<Mergeability> {
  switch (word ?? '') {
    case 'can_be_merged':
      return { is: 'complete', value: 'clean' };
    case 'cannot_be_merged':
      return { is: 'complete', value: 'conflict' };
    case 'unchecked':
    case 'checking':
    case 'cannot_be_merged_recheck':
    case 'cannot_be_merged_rechecking':
      return { is: 'complete', value: 'computing' };
    default:
      return { is: 'unknown', why: named(word ?? '') };
  }
}

/** Quoted only in a known form. */
function named(word: string): string {
  return /^[a-z_]{1,60}$/.test(word) ? word : 'a_word_we_do_not_know';
}
