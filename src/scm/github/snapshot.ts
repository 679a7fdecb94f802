/**
 * GitHub's words for a pull request, as a snapshot. Pure.
 *
 * S1 Unknown words are `unknown`, never green; so is a group that an error fell on.
 * S2 A snapshot is one head: checks that were shown for another commit are unknown.
 * S3 The path is the repository's present one; an address for people lies on the forge's origin.
 */
import { commitOf, type Commit } from '../../core/ids.ts';
import type {
  ForgeProject,
  Known,
  Mergeability,
  PullRequestRef,
  PullRequestSnapshot,
  Review,
} from '../../core/pull-request.ts';
import { issuesNamed } from '../../core/issue.ts';
import { instant, type Instant } from '../../core/time.ts';
import { checksFrom } from './checks.ts';
import type { ContextNode, PullNode } from './fields.ts';
import type { BranchRules } from './rules.ts';

export type Group = 'checks' | 'review' | 'threads' | 'mergeability' | 'queue';

/** What was read besides the pull request itself. */
export interface Whole {
  /** Groups that could not be read, and why in a word. S1 */
  readonly unread: ReadonlyMap<Group, string>;
  readonly contexts: readonly ContextNode[];
  readonly unresolved: number;
  readonly unresolvedByBots: number;
  /** null: could not be read, or nobody needed them. */
  readonly rules: BranchRules | null;
}

export function snapshotOf(
  project: ForgeProject,
  pull: PullNode,
  whole: Whole,
  now: Instant,
): PullRequestSnapshot {
  const state = stateOf(pull.state);
  const ready = isMergeableNow(pull);
  const { unresolved, unresolvedByBots, unread } = whole;
  const ref = refOf(project, {
    path: pull.repository.nameWithOwner,
    number: pull.number,
    nodeId: pull.id,
    url: pull.url,
    createdAt: pull.createdAt,
  });
  return {
    ref,
    state,
    draft: pull.isDraft,
    title: pull.title,
    fixes: issuesNamed(`${pull.title}\n${pull.body ?? ''}`),
    author: pull.author?.login ?? 'ghost',
    head: oidOf(pull.headRefOid),
    headBranch: pull.headRefName,
    headProject: headProjectOf(ref, pull.headRepository?.nameWithOwner),
    baseBranch: pull.baseRefName,
    mergeability: unlessUnread(unread, 'mergeability', () => mergeabilityOf(pull)),
    mergeableNow: ready,
    checks: unlessUnread(unread, 'checks', () => ({
      is: 'complete',
      value: checksFrom(whole.contexts, whole.rules?.requiredChecks ?? null, ready),
    })),
    review: unlessUnread(unread, 'review', () => reviewOf(pull, whole.rules)),
    threads: unlessUnread(unread, 'threads', () => ({
      is: 'complete',
      value: { unresolved: unresolved - unresolvedByBots, unresolvedByBots },
    })),
    queue: unlessUnread(unread, 'queue', () => queueOf(pull)),
    nativeAutoMerge: { is: 'complete', value: (pull.autoMergeRequest ?? null) !== null },
    mergeCommit: commitIn(pull.mergeCommit?.oid),
    mergedBy: pull.mergedBy?.login ?? null,
    closedBy: null,
    updatedAt: dateOf(pull.updatedAt),
    observedAt: now,
  };
}

/** S3 */
export function refOf(
  project: ForgeProject,
  found: {
    readonly path: string;
    readonly number: number;
    readonly nodeId: string;
    readonly url: string;
    readonly createdAt?: string | null | undefined;
  },
): PullRequestRef {
  const { number, nodeId, url } = found;
  const isSame = found.path.toLowerCase() === project.path.toLowerCase();
  const path = isSame ? project.path : found.path;
  const own = `${project.origin}/${path}/pull/${number}`;
  const isHere = URL.canParse(url) && new URL(url).origin === project.origin;
  const createdAt = dateOf(found.createdAt);
  return { project: { ...project, path }, number, nodeId, url: isHere ? url : own, createdAt };
}

/** The same name in other letters is the same repository, not a fork of it. */
export function headProjectOf(ref: PullRequestRef, name: string | undefined): string | null {
  const { path } = ref.project;
  return name?.toLowerCase() === path.toLowerCase() ? path : (name ?? null);
}

export function oidOf(text: string): Commit {
  return commitOf(text.toLowerCase());
}

/** Of a name that was checked before. */
export function commitIn(text: string | null | undefined): Commit | null {
  return typeof text === 'string' ? oidOf(text) : null;
}

export function dateOf(text: string | null | undefined): Instant | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? null : instant(at);
}

export function unlessUnread<T>(
  unread: ReadonlyMap<Group, string>,
  group: Group,
  read: () => Known<T>,
): Known<T> {
  const why = unread.get(group);
  return why === undefined ? read() : { is: 'unknown', why };
}

export function isOpen(pull: PullNode): boolean {
  return stateOf(pull.state) === 'open';
}

/** GitHub itself says that this head may be merged. */
export function isMergeableNow({ state, isDraft, mergeable, mergeStateStatus }: PullNode): boolean {
  return (
    stateOf(state) === 'open' &&
    !isDraft &&
    mergeable === 'MERGEABLE' &&
    ['CLEAN', 'HAS_HOOKS', 'UNSTABLE'].includes(mergeStateStatus)
  );
}

function stateOf(word: string): PullRequestSnapshot['state'] {
  if (word === 'MERGED') return 'merged';
  return word === 'CLOSED' ? 'closed' : 'open';
}

function mergeabilityOf(pull: PullNode): Known<Mergeability> {
  const { mergeable, mergeStateStatus, isDraft } = pull;
  if (!isOpen(pull)) return { is: 'unknown', why: 'not_open' };
  if (mergeable === 'CONFLICTING' || mergeStateStatus === 'DIRTY') {
    return { is: 'complete', value: 'conflict' };
  }
  if (isDraft || mergeStateStatus === 'DRAFT') return { is: 'complete', value: 'draft' };
  if (mergeStateStatus === 'UNKNOWN' || mergeable === 'UNKNOWN') {
    return { is: 'complete', value: 'computing' };
  }
  if (mergeable !== 'MERGEABLE') return { is: 'unknown', why: NEW_WORD };
  switch (mergeStateStatus) {
    case 'CLEAN':
    case 'HAS_HOOKS':
    case 'UNSTABLE':
      return { is: 'complete', value: 'clean' };
    case 'BEHIND':
      return { is: 'complete', value: 'behind' };
    case 'BLOCKED':
      return { is: 'complete', value: 'blocked' };
    default:
      return { is: 'unknown', why: NEW_WORD };
  }
}

const NEW_WORD = 'a_word_we_do_not_know';

/** A request for changes stands, also where no rule asks for reviews. */
function reviewOf(pull: PullNode, rules: BranchRules | null): Known<Review> {
  const opinions = (pull.latestOpinionatedReviews?.nodes ?? []).map((one) => one?.state ?? '');
  const approvals = opinions.filter((state) => state === 'APPROVED').length;
  const decision = pull.reviewDecision ?? null;
  if (decision === 'CHANGES_REQUESTED' || opinions.includes('CHANGES_REQUESTED')) {
    return { is: 'complete', value: { decision: 'changes_requested', approvalsLeft: null } };
  }
  switch (decision) {
    case null:
      return { is: 'complete', value: { decision: 'none', approvalsLeft: 0 } };
    case 'APPROVED':
      return { is: 'complete', value: { decision: 'approved', approvalsLeft: 0 } };
    case 'REVIEW_REQUIRED': {
      const approvalsLeft = rules === null ? null : Math.max(rules.approvals - approvals, 1);
      return { is: 'complete', value: { decision: 'required', approvalsLeft } };
    }
    default:
      return { is: 'unknown', why: NEW_WORD };
  }
}

function queueOf(pull: PullNode): PullRequestSnapshot['queue'] {
  if (pull.isInMergeQueue !== true) return { is: 'complete', value: 'none' };
  switch (pull.mergeQueueEntry?.state ?? '') {
    case 'MERGEABLE':
    case 'LOCKED':
      return { is: 'complete', value: 'merging' };
    case 'UNMERGEABLE':
      return { is: 'complete', value: 'failed' };
    default:
      return { is: 'complete', value: 'queued' };
  }
}
