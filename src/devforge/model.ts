/**
 * What a forge knows, as plain records: people, tokens, checks, reviews, threads. Provider-neutral;
 * each provider's folder gives them its own names and shapes.
 *
 * M1 Times are epoch milliseconds of the forge's clock. M2 A token's secret is here and in the
 *    answer that issued it, nowhere else: logs carry its name.
 */
export interface ForgeClock {
  now(): number;
}

export interface ForgeRandom {
  below(bound: number): number;
  token(chars: number): string;
}

export interface ForgeTimers {
  after(ms: number, run: () => void): () => void;
}

export type ForgeProvider = 'github' | 'gitlab' | 'gitea';

export interface User {
  readonly id: number;
  readonly login: string;
  readonly name: string;
  readonly type: 'User' | 'Bot' | 'Organization';
}

export type Access = 'none' | 'read' | 'write' | 'admin';
export type Permissions = Readonly<Record<string, 'read' | 'write'>>;

export interface TokenSpec {
  /** How the log calls it. */
  readonly name?: string;
  /** Classic: `repo`, `public_repo`, `read:org`; GitLab: `api`, `read_api`. */
  readonly scopes?: readonly string[];
  /** Fine-grained, as in `{ pull_requests: 'write' }`; replaces scopes. */
  readonly permissions?: Permissions;
  /** Full names; absent: every repository of the user. */
  readonly repos?: readonly string[];
  readonly expiresAt?: number;
  /** How the secret begins, as in `glpat-`; GitHub's when absent. */
  readonly prefix?: string;
}

export interface Token {
  readonly name: string;
  readonly secret: string;
  readonly kind: 'classic' | 'fine' | 'installation';
  readonly user: User;
  /** Whose quota it uses up: a user's login or an installation. */
  readonly identity: string;
  readonly scopes: readonly string[];
  readonly permissions: Permissions | null;
  /** Ids of repositories; null: all. */
  readonly repos: ReadonlySet<number> | null;
  readonly createdAt: number;
  expiresAt: number | null;
  revoked: boolean;
  /** The organisation wants single sign-on, and this token has none. */
  ssoRequired: boolean;
}

export type CheckStatus = 'queued' | 'in_progress' | 'completed' | 'waiting' | 'pending';
export type Conclusion =
  | 'success'
  | 'failure'
  | 'neutral'
  | 'cancelled'
  | 'skipped'
  | 'timed_out'
  | 'action_required'
  | 'stale'
  | 'startup_failure';

export interface Annotation {
  readonly path: string;
  readonly line: number;
  readonly level: 'notice' | 'warning' | 'failure';
  readonly message: string;
  readonly title?: string;
}

export interface CheckSpec {
  readonly name: string;
  readonly status?: CheckStatus;
  readonly conclusion?: Conclusion | null;
  /** The application that ran it; `github-actions` when absent. */
  readonly app?: string;
  readonly title?: string;
  readonly summary?: string;
  readonly step?: string;
  readonly log?: string;
  readonly annotations?: readonly Annotation[];
}

export interface CheckRun {
  readonly id: number;
  readonly sha: string;
  readonly name: string;
  readonly app: string;
  readonly suite: number;
  readonly step: string;
  readonly log: string;
  readonly annotations: readonly Annotation[];
  readonly startedAt: number;
  status: CheckStatus;
  conclusion: Conclusion | null;
  completedAt: number | null;
  title: string | null;
  summary: string | null;
}

export type StatusState = 'error' | 'failure' | 'pending' | 'success';

export interface CommitStatus {
  readonly id: number;
  readonly sha: string;
  readonly context: string;
  readonly state: StatusState;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: User;
  readonly at: number;
}

export type ReviewState = 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED';

export interface Review {
  readonly id: number;
  readonly nodeId: string;
  readonly author: User;
  readonly body: string;
  readonly sha: string;
  readonly at: number;
  state: ReviewState;
}

export interface Comment {
  readonly id: number;
  readonly nodeId: string;
  readonly author: User;
  readonly at: number;
  body: string;
}

export interface ThreadSpec {
  readonly path?: string;
  readonly line?: number;
  readonly body: string;
}

export interface Thread {
  readonly id: string;
  readonly path: string;
  readonly line: number;
  /** The head it was written on. */
  readonly sha: string;
  readonly review: Review;
  readonly comments: Comment[];
  resolvedBy: User | null;
  outdated: boolean;
}

export interface Protection {
  requiredChecks: readonly string[];
  requiredApprovals: number;
  dismissStale: boolean;
  mergeQueue: boolean;
  requireUpToDate: boolean;
  requireResolvedThreads: boolean;
}

export type MergeMethod = 'merge' | 'squash' | 'rebase';

/** A check that runs by itself for every head: when it appears, how long it takes, how it ends. */
export interface CiSpec extends CheckSpec {
  readonly appearsAfterMs?: number;
  readonly takesMs?: number;
}

export interface RepoSpec {
  readonly private?: boolean;
  readonly defaultBranch?: string;
  readonly protection?: Partial<Protection>;
  readonly mergeMethods?: readonly MergeMethod[];
  readonly collaborators?: Readonly<Record<string, Access>>;
  readonly deleteBranchOnMerge?: boolean;
  readonly allowAutoMerge?: boolean;
  readonly ci?: readonly CiSpec[];
  /** The first commit's files; a README when absent. null: an empty repository. */
  readonly files?: Readonly<Record<string, string>> | null;
}

export interface MergeWish {
  readonly method?: MergeMethod;
  readonly expectedHead?: string;
  readonly title?: string;
  readonly message?: string;
  /** An administrator's merge: rules do not hold, conflicts still do. */
  readonly bypass?: boolean;
}

export interface QueueEntry {
  readonly id: number;
  readonly by: User;
  readonly at: number;
  readonly head: string;
  state: 'QUEUED' | 'AWAITING_CHECKS' | 'MERGEABLE' | 'UNMERGEABLE' | 'LOCKED';
}

/** What a request cannot have, in the provider-neutral form that each provider words itself. */
export class Refused extends Error {
  readonly why: RefusedWhy;
  constructor(why: RefusedWhy, message: string) {
    super(message);
    this.why = why;
  }
}

export type RefusedWhy =
  | 'exists'
  | 'no_commits'
  | 'head_missing'
  | 'base_missing'
  | 'archived'
  | 'not_open'
  | 'draft'
  | 'conflict'
  | 'computing'
  | 'blocked'
  | 'queue_required'
  | 'method'
  | 'head_moved'
  | 'base_moved'
  | 'base_protected'
  | 'already'
  | 'clean'
  | 'branch_gone'
  | 'up_to_date'
  | 'invalid';
