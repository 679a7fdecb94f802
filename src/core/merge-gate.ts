/**
 * May this pull request be merged now? One pure function over one snapshot, and every blocker at
 * once, not just the first.
 *
 * G1 Unknown is never green. Unsupported falls to the next signal.
 * G2 What is decided is decided for exactly the snapshot's head.
 * G3 A draft is never merged. A person's unresolved thread or change request blocks.
 * G4 The delay runs from when this very head was first green; a new head starts it over.
 * G5 One that was pointed at another branch than it was judged for is not ours to merge: all that
 *    the forge says of it is about that other branch.
 */
import type { Commit } from './ids.ts';
import { limits } from './limits.ts';
import { isQueued } from './pull-request.ts';
import type { CheckTally, Checks, PullRequestSnapshot } from './pull-request.ts';
import { after, type Instant } from './time.ts';

export interface MergePolicy {
  readonly checksPolicy: 'required' | 'all' | 'none' | readonly string[];
  readonly autoMerge: boolean;
  readonly autoMergeDelayMinutes: number;
}

export type Blocker =
  | { readonly by: 'state'; readonly state: PullRequestSnapshot['state'] }
  /** Somebody pointed it at another branch. G5 */
  | { readonly by: 'retargeted'; readonly base: string }
  | { readonly by: 'draft' }
  /** The pull request shows another head than the one that was judged here. */
  | { readonly by: 'head'; readonly judged: Commit | null; readonly shown: Commit }
  | { readonly by: 'conflict' }
  | { readonly by: 'behind' }
  | { readonly by: 'computing' }
  | { readonly by: 'checks_failed'; readonly names: readonly string[] }
  | { readonly by: 'checks_pending'; readonly count: number }
  /** No check is there yet, and the head is too young to say that none will come. */
  | { readonly by: 'checks_settling'; readonly until: Instant }
  | { readonly by: 'changes_requested' }
  | { readonly by: 'approval_required'; readonly left: number | null }
  | { readonly by: 'threads'; readonly count: number }
  /** A group could not be read whole, and the word for why, as the snapshot has it. G1 */
  | {
      readonly by: 'unknown';
      readonly group: 'checks' | 'review' | 'threads' | 'mergeability' | 'queue';
      readonly why: string;
    }
  /** The forge says it is blocked and nothing we can read says why. */
  | { readonly by: 'forge' };

export type GateAnswer =
  | { readonly is: 'merge'; readonly head: Commit }
  /** Green, and the delay of this head is running. G4 */
  | { readonly is: 'wait'; readonly until: Instant }
  /** Green, and merging is a person's here. */
  | { readonly is: 'person' }
  /** In the forge's own merge queue: observed, not driven. */
  | { readonly is: 'queued' }
  | { readonly is: 'blocked'; readonly blockers: readonly Blocker[] };

export interface GateInput {
  readonly snapshot: PullRequestSnapshot;
  readonly policy: MergePolicy;
  /** The branch that it was judged for. G5 */
  readonly target: string;
  /** The head that gates and reviews judged. G2 */
  readonly judgedHead: Commit | null;
  /** When the judged head was pushed: checks need a moment to appear. */
  readonly headSince: Instant;
  /** When this head was first seen green; null: not before now. G4 */
  readonly greenSince: Instant | null;
  readonly now: Instant;
}

export function mergeGate(input: GateInput): GateAnswer {
  const { snapshot, policy, now } = input;
  const blockers = blockersOf(input);
  if (blockers.length > 0) return { is: 'blocked', blockers };
  if (isQueued(snapshot.queue)) return { is: 'queued' };
  if (!policy.autoMerge) return { is: 'person' };
  const until = after(input.greenSince ?? now, policy.autoMergeDelayMinutes * 60_000);
  return until > now ? { is: 'wait', until } : { is: 'merge', head: snapshot.head };
}

function blockersOf(input: GateInput): readonly Blocker[] {
  const { snapshot, judgedHead, target } = input;
  const { state, baseBranch: base } = snapshot;
  if (state !== 'open') return [{ by: 'state', state }];
  if (base !== target) return [{ by: 'retargeted', base }];
  const found: Blocker[] = [];
  if (snapshot.draft) found.push({ by: 'draft' });
  if (judgedHead !== snapshot.head) {
    found.push({ by: 'head', judged: judgedHead, shown: snapshot.head });
  }
  found.push(...ofMergeability(snapshot), ...ofChecks(input), ...ofReview(snapshot));
  found.push(...ofThreads(snapshot));
  if (snapshot.queue.is === 'unknown') found.push(unknown('queue', snapshot.queue.why));
  if (found.length === 0 && isBlockedByForge(snapshot)) found.push({ by: 'forge' });
  return found;
}

function ofMergeability({ mergeability }: PullRequestSnapshot): readonly Blocker[] {
  if (mergeability.is === 'unknown') return [unknown('mergeability', mergeability.why)];
  if (mergeability.is === 'unsupported') return [];
  switch (mergeability.value) {
    case 'conflict':
      return [{ by: 'conflict' }];
    case 'behind':
      return [{ by: 'behind' }];
    case 'computing':
      return [{ by: 'computing' }];
    case 'draft':
      return [{ by: 'draft' }];
    case 'blocked':
    case 'clean':
      return [];
  }
}

/** `blocked` alone names no cause: it stands only when nothing else explains it. */
function isBlockedByForge({ mergeability, mergeableNow }: PullRequestSnapshot): boolean {
  return mergeability.is === 'complete' && mergeability.value === 'blocked' && !mergeableNow;
}

function ofChecks(input: GateInput): readonly Blocker[] {
  const { snapshot, policy } = input;
  if (policy.checksPolicy === 'none') return [];
  const { checks } = snapshot;
  if (checks.is === 'unknown') return [unknown('checks', checks.why)];
  if (checks.is === 'unsupported') {
    return snapshot.mergeableNow ? [] : [unknown('checks', 'unsupported')];
  }
  const tally = tallyOf(checks.value, policy, snapshot);
  if (tally === null) return [unknown('checks', 'rules_not_readable')];
  if (tally.failed > 0) {
    return [{ by: 'checks_failed', names: checks.value.failing.map(({ name }) => name) }];
  }
  if (tally.pending + tally.missing > 0) {
    return [{ by: 'checks_pending', count: tally.pending + tally.missing }];
  }
  return settling(input, checks.value);
}

/** What must pass: complete only if the rules were readable, or the forge itself says so. */
function tallyOf(
  checks: Checks,
  policy: MergePolicy,
  snapshot: PullRequestSnapshot,
): CheckTally | null {
  if (policy.checksPolicy === 'all') return checks.all;
  if (typeof policy.checksPolicy !== 'string') return named(checks, policy.checksPolicy);
  if (checks.required !== null) return checks.required;
  if (snapshot.mergeableNow) return { passed: 0, failed: 0, pending: 0, missing: 0 };
  // Rules unreadable: what is there decides, all of it, and unknown only when nothing is there.
  return checks.all.passed + checks.all.failed + checks.all.pending > 0 ? checks.all : null;
}

/** Named checks: the failing ones among them; everything else that is pending still counts. */
function named(checks: Checks, names: readonly string[]): CheckTally {
  const failed = checks.failing.filter(({ name }) => names.includes(name)).length;
  return { ...checks.all, failed };
}

/** Zero checks are green when none is required and the head is old enough for one to come. */
function settling(input: GateInput, { all }: Checks): readonly Blocker[] {
  if (all.passed + all.failed + all.pending + all.missing > 0) return [];
  const until = after(input.headSince, limits.checksSettleMs);
  return until > input.now ? [{ by: 'checks_settling', until }] : [];
}

function ofReview({ review }: PullRequestSnapshot): readonly Blocker[] {
  if (review.is === 'unknown') return [unknown('review', review.why)];
  if (review.is === 'unsupported') return [];
  switch (review.value.decision) {
    case 'changes_requested':
      return [{ by: 'changes_requested' }];
    case 'required':
      return [{ by: 'approval_required', left: review.value.approvalsLeft }];
    case 'approved':
    case 'none':
      return [];
  }
}

function ofThreads({ threads }: PullRequestSnapshot): readonly Blocker[] {
  if (threads.is === 'unknown') return [unknown('threads', threads.why)];
  if (threads.is === 'unsupported' || threads.value.unresolved === 0) return [];
  return [{ by: 'threads', count: threads.value.unresolved }];
}

function unknown(group: Extract<Blocker, { by: 'unknown' }>['group'], why: string): Blocker {
  return { by: 'unknown', group, why };
}
