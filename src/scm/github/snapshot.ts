/**
 * GitHub's words for a pull request, as a snapshot. Pure.
 *
 * S1 Unknown words are `unknown`, never green. S2 Of several runs of one check the newest counts.
 * S3 `neutral` and `skipped` pass; `cancelled`, `stale` and what is expected are pending.
 */
import { commitOf, type Commit } from '../../core/ids.ts';
import type {
  Checks,
  CheckTally,
  FailingCheck,
  ForgeProject,
  Known,
  Mergeability,
  PullRequestSnapshot,
  Review,
} from '../../core/pull-request.ts';
import { instant, type Instant } from '../../core/time.ts';
import type { ContextNode, PullNode } from './fields.ts';

export interface Whole {
  readonly contexts: readonly ContextNode[];
  /** Every page was read. */
  readonly contextsComplete: boolean;
  readonly unresolved: number;
  readonly threadsComplete: boolean;
}

export function snapshotOf(
  project: ForgeProject,
  pull: PullNode,
  whole: Whole,
  now: Instant,
): PullRequestSnapshot {
  const head = commitOf(pull.headRefOid.toLowerCase());
  return {
    ref: { project, number: pull.number, nodeId: pull.id, url: pull.url },
    state: stateOf(pull.state),
    draft: pull.isDraft,
    title: pull.title,
    author: pull.author?.login ?? 'ghost',
    head,
    headBranch: pull.headRefName,
    headProject: pull.headRepository?.nameWithOwner ?? null,
    baseBranch: pull.baseRefName,
    mergeability: mergeabilityOf(pull),
    mergeableNow: ['CLEAN', 'HAS_HOOKS', 'UNSTABLE'].includes(pull.mergeStateStatus),
    checks: checksOf(pull, head, whole),
    review: reviewOf(pull.reviewDecision ?? null),
    threads: whole.threadsComplete
      ? { is: 'complete', value: { unresolved: whole.unresolved, unresolvedByBots: 0 } }
      : { is: 'unknown', why: 'not_read_to_the_end' },
    queue: queueOf(pull),
    nativeAutoMerge: {
      is: 'complete',
      value: (pull.autoMergeRequest ?? null) !== null,
    },
    mergeCommit: pull.mergeCommit == null ? null : commitOf(pull.mergeCommit.oid.toLowerCase()),
    mergedBy: pull.mergedBy?.login ?? null,
    closedBy: pull.timelineItems.nodes[0]?.actor?.login ?? null,
    updatedAt: dateOf(pull.updatedAt),
    observedAt: now,
  };
}

export function dateOf(text: string | null | undefined): Instant | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? null : instant(at);
}

function stateOf(word: string): PullRequestSnapshot['state'] {
  if (word === 'MERGED') return 'merged';
  return word === 'CLOSED' ? 'closed' : 'open';
}

function mergeabilityOf({ mergeable, mergeStateStatus, isDraft }: PullNode): Known<Mergeability> {
  if (isDraft || mergeStateStatus === 'DRAFT') return { is: 'complete', value: 'draft' };
  if (mergeable === 'CONFLICTING' || mergeStateStatus === 'DIRTY') {
    return { is: 'complete', value: 'conflict' };
  }
  switch (mergeStateStatus) {
    case 'CLEAN':
    case 'HAS_HOOKS':
    case 'UNSTABLE':
      return { is: 'complete', value: mergeable === 'UNKNOWN' ? 'computing' : 'clean' };
    case 'BEHIND':
      return { is: 'complete', value: 'behind' };
    case 'BLOCKED':
      return { is: 'complete', value: 'blocked' };
    case 'UNKNOWN':
      return { is: 'complete', value: 'computing' };
    default:
      return { is: 'unknown', why: 'a_word_we_do_not_know' };
  }
}

function reviewOf(decision: string | null): Known<Review> {
  switch (decision) {
    case null:
      return { is: 'complete', value: { decision: 'none', approvalsLeft: 0 } };
    case 'APPROVED':
      return { is: 'complete', value: { decision: 'approved', approvalsLeft: 0 } };
    case 'CHANGES_REQUESTED':
      return { is: 'complete', value: { decision: 'changes_requested', approvalsLeft: null } };
    case 'REVIEW_REQUIRED':
      return { is: 'complete', value: { decision: 'required', approvalsLeft: null } };
    default:
      return { is: 'unknown', why: 'a_word_we_do_not_know' };
  }
}

function queueOf(pull: PullNode): PullRequestSnapshot['queue'] {
  if (pull.isInMergeQueue !== true) return { is: 'complete', value: 'none' };
  const state = pull.mergeQueueEntry?.state ?? '';
  if (state === 'MERGEABLE' || state === 'LOCKED') return { is: 'complete', value: 'merging' };
  return { is: 'complete', value: state === 'UNMERGEABLE' ? 'failed' : 'queued' };
}

/** Checks count for exactly the head that is shown. */
function checksOf(pull: PullNode, head: Commit, whole: Whole): Known<Checks> {
  const shown = pull.commits.nodes[0]?.commit.oid.toLowerCase();
  if (shown !== undefined && shown !== head) return { is: 'unknown', why: 'of_another_head' };
  if (!whole.contextsComplete) return { is: 'unknown', why: 'not_read_to_the_end' };
  const newest = newestOf(whole.contexts);
  return {
    is: 'complete',
    value: {
      required: tallyOf(newest.filter(({ isRequired }) => isRequired === true)),
      all: tallyOf(newest),
      failing: newest.filter((node) => verdictOf(node) === 'failed').map(failingOf),
    },
  };
}

/** S2 */
export function newestOf(contexts: readonly ContextNode[]): readonly ContextNode[] {
  const newest = new Map<string, ContextNode>();
  for (const node of contexts) {
    const key = `${node.checkSuite?.app?.slug ?? ''} ${node.name ?? node.context ?? ''}`;
    const known = newest.get(key);
    if (known === undefined || (node.databaseId ?? 0) >= (known.databaseId ?? 0)) {
      newest.set(key, node);
    }
  }
  return [...newest.values()];
}

function tallyOf(contexts: readonly ContextNode[]): CheckTally {
  const count = (wanted: Verdict) => contexts.filter((node) => verdictOf(node) === wanted).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    pending: count('pending'),
    missing: 0,
  };
}

type Verdict = 'passed' | 'failed' | 'pending';

/** S3 */
export function verdictOf(node: ContextNode): Verdict {
  if (node.__typename === 'StatusContext') {
    if (node.state === 'SUCCESS') return 'passed';
    return node.state === 'FAILURE' || node.state === 'ERROR' ? 'failed' : 'pending';
  }
  if (node.status !== 'COMPLETED') return 'pending';
  switch (node.conclusion) {
    case 'SUCCESS':
    case 'NEUTRAL':
    case 'SKIPPED':
      return 'passed';
    case 'FAILURE':
    case 'TIMED_OUT':
    case 'STARTUP_FAILURE':
    case 'ACTION_REQUIRED':
      return 'failed';
    default:
      return 'pending';
  }
}

export function failingOf(node: ContextNode): FailingCheck {
  return {
    name: node.name ?? node.context ?? 'check',
    url: node.detailsUrl ?? node.targetUrl ?? null,
    id: node.databaseId == null ? null : String(node.databaseId),
  };
}
