/**
 * A pull request as a forge shows it: one provider-neutral snapshot, rich enough that nobody
 * needs a second call to judge it.
 *
 * S1 Every group says whether it is complete. Unknown is never green; unsupported falls to the
 *    next signal. S2 A snapshot is one head: what it says about checks and reviews is about
 *    `head` and nothing else. S3 Text in it was written by strangers.
 */
import type { Commit } from './ids.ts';
import type { Instant } from './time.ts';

export type ForgeProvider = 'github' | 'gitlab' | 'gitea';

/** Where a repository lives: decided by the rig's binding, never by what a URL looks like. */
export interface ForgeProject {
  readonly provider: ForgeProvider;
  /** Scheme, host and port: the only place its credential is ever sent to. */
  readonly origin: string;
  /** The whole base of the API, sub-path included: `https://git.example.com/forge/api/v4`. */
  readonly apiBase: string;
  /** `owner/name`; on GitLab the full path with groups. */
  readonly path: string;
}

export interface PullRequestRef {
  readonly project: ForgeProject;
  readonly number: number;
  /** The forge's own id, where it has one that survives a rename. */
  readonly nodeId: string | null;
  readonly url: string;
  /** When it was opened, where known: a 404 on a very young one may pass. */
  readonly createdAt?: Instant | null;
}

export type Known<T> =
  | { readonly is: 'complete'; readonly value: T }
  /** Could not be read whole this time; `why` names the reason in a word. */
  | { readonly is: 'unknown'; readonly why: string }
  /** This provider or version does not tell. */
  | { readonly is: 'unsupported' };

export interface CheckTally {
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
  /** Required by the target's rules and not there yet. */
  readonly missing: number;
}

export interface FailingCheck {
  readonly name: string;
  readonly url: string | null;
  /** For the log: the forge's id of the run or job. */
  readonly id: string | null;
}

export interface Checks {
  /** null: the rules could not be read, so required and optional cannot be told apart. */
  readonly required: CheckTally | null;
  readonly all: CheckTally;
  readonly failing: readonly FailingCheck[];
}

export interface Review {
  readonly decision: 'approved' | 'changes_requested' | 'required' | 'none';
  readonly approvalsLeft: number | null;
}

export interface Threads {
  /** Unresolved ones that people opened; outdated ones are not counted. */
  readonly unresolved: number;
  readonly unresolvedByBots: number;
}

export type Mergeability = 'clean' | 'conflict' | 'behind' | 'blocked' | 'draft' | 'computing';

export interface PullRequestSnapshot {
  readonly ref: PullRequestRef;
  readonly state: 'open' | 'merged' | 'closed';
  readonly draft: boolean;
  readonly title: string;
  /** Issues that its title and body say it closes, as they are written; anybody may say so. */
  readonly fixes: readonly string[];
  readonly author: string;
  readonly head: Commit;
  readonly headBranch: string;
  /** `owner/name` of the head's repository; another than the project's is a fork. */
  readonly headProject: string | null;
  readonly baseBranch: string;
  readonly mergeability: Known<Mergeability>;
  /** The provider itself says this head may be merged now. */
  readonly mergeableNow: boolean;
  readonly checks: Known<Checks>;
  readonly review: Known<Review>;
  readonly threads: Known<Threads>;
  readonly queue: Known<'none' | 'queued' | 'merging' | 'failed'>;
  readonly nativeAutoMerge: Known<boolean>;
  readonly mergeCommit: Commit | null;
  readonly mergedBy: string | null;
  readonly closedBy: string | null;
  readonly updatedAt: Instant | null;
  readonly observedAt: Instant;
}

/** Is it in its forge's merge queue, or armed to be merged once it may be? */
export function mergesByItself({ queue, nativeAutoMerge }: PullRequestSnapshot): boolean {
  return isQueued(queue) || (nativeAutoMerge.is === 'complete' && nativeAutoMerge.value);
}

export function isQueued(queue: PullRequestSnapshot['queue']): boolean {
  return queue.is === 'complete' && queue.value !== 'none';
}
