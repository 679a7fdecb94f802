/**
 * Pull requests as the modelled forge keeps them, and what it shows of one: checks that appear
 * late, mergeability that is computed only once somebody asks, reviews, threads, a queue.
 *
 * R1 What a check says follows from the head it ran on and from when it is asked.
 * R2 An open pull request's head is wherever its branch is; a branch that is gone closes it. Of a
 *    fork that is gone as a whole, the repository keeps the head.
 */
import type { Commit } from '../../core/ids.ts';
import type { Checks, ForgeProject, Known } from '../../core/pull-request.ts';
import type { Mergeability, PullRequestSnapshot, Review } from '../../core/pull-request.ts';
import type { Instant } from '../../core/time.ts';
import type { ModelGit, Remote } from './git.ts';
import type { SeededRandom } from './random.ts';

/** How a repository is set on the forge. */
export interface ForgeRules {
  readonly provider: ForgeProject['provider'];
  readonly ci: boolean;
  /** `ci` must pass before a merge. */
  readonly required: boolean;
  /** Can the town read which checks are required? */
  readonly readable: boolean;
  readonly approvals: number;
  readonly queue: boolean;
  /** A branch must contain its target. */
  readonly strict: boolean;
  readonly webhooks: boolean;
}

export interface Comment {
  readonly id: string;
  readonly bot: boolean;
  resolved: boolean;
  /** What was answered in it. */
  readonly replies: string[];
}

export interface Author {
  /** The repository its branch is in; null: the same one. */
  readonly fork: string | null;
  forkGone: boolean;
}

/** The checks of one head. Times are monotonic. */
interface CheckPlan {
  readonly appearsAt: number;
  readonly endsAt: number;
  /** Fails until then for no reason in the code. */
  readonly flakyUntil: number;
  readonly bad: boolean;
}

export interface Pull {
  readonly rig: string;
  readonly number: number;
  readonly branch: string;
  base: string;
  /** Opened by the town, with its trailer in the body; by others without. */
  readonly trailer: string | null;
  /** Opened by somebody for a change of their own; not one beside the town's on its branch. */
  readonly author: Author | null;
  /** Issues that its body says it closes. */
  fixes: readonly string[];
  readonly openedAt: number;
  state: 'open' | 'merged' | 'closed';
  head: Commit;
  draft: boolean;
  changesAsked: boolean;
  approvals: number;
  readonly comments: Comment[];
  queued: boolean;
  /** Somebody told the forge to merge it once it may be merged. */
  armed: boolean;
  /** Somebody opened it again after it was closed. */
  reopened: boolean;
  mergeCommit: Commit | null;
  mergedAt: number | null;
  mergedBy: string | null;
  closedBy: string | null;
  updatedAt: Instant;
  computed: { readonly key: string; readonly readyAt: number } | null;
}

export interface Repository {
  readonly rig: string;
  readonly rules: ForgeRules;
  readonly project: ForgeProject;
  readonly remote: Remote;
  readonly pulls: Pull[];
  readonly checks: Map<Commit, CheckPlan>;
  /** Branches of its forks, by pull request. */
  readonly forks: Map<number, Commit>;
  /** Every path it ever had; the old ones redirect. */
  readonly paths: Set<string>;
  /** The path it has now. */
  path: string;
  hidden: boolean;
  healed: boolean;
}

export interface ShowScene {
  readonly git: ModelGit;
  readonly random: SeededRandom;
  readonly now: number;
  readonly wall: Instant;
  /** The gate the hosted check looks at; null: none. */
  readonly gate: string | null;
}

export type CheckState = 'missing' | 'pending' | 'failed' | 'passed';

/** R1 */
export function checkOf(repo: Repository, head: Commit, scene: ShowScene): CheckState {
  if (!repo.rules.ci) return 'passed';
  const plan = repo.checks.get(head) ?? planOf(repo, head, scene);
  const { now } = scene;
  if (now < plan.appearsAt) return 'missing';
  if (now < plan.endsAt) return 'pending';
  if (repo.healed) return 'passed';
  return plan.bad || now < plan.flakyUntil ? 'failed' : 'passed';
}

function planOf(repo: Repository, head: Commit, scene: ShowScene): CheckPlan {
  const { git, random, now, gate } = scene;
  const appearsAt = now + random.pick([0, 3_000, 45_000, 200_000]);
  const endsAt = appearsAt + random.between(5_000, 300_000);
  const flakyUntil = random.chance(150) ? endsAt + random.between(60_000, 900_000) : 0;
  const bad = (gate !== null && !git.passes(head, gate)) || random.chance(120);
  const plan = { appearsAt, endsAt, flakyUntil, bad };
  repo.checks.set(head, plan);
  return plan;
}

/** Why it cannot be merged now; null: it can. */
export function obstacle(
  repo: Repository,
  pull: Pull,
  scene: ShowScene,
): 'draft' | 'conflict' | 'behind' | 'blocked' | null {
  const { git } = scene;
  const tip = baseTip(repo, pull);
  if (pull.draft) return 'draft';
  const ours = git.between(tip, pull.head);
  if (git.overlap(ours, git.between(pull.head, tip)).length > 0) return 'conflict';
  if (repo.rules.strict && !git.isAncestor(tip, pull.head)) return 'behind';
  const unchecked = repo.rules.required && checkOf(repo, pull.head, scene) !== 'passed';
  const unapproved = pull.approvals < repo.rules.approvals || pull.changesAsked;
  return unchecked || unapproved ? 'blocked' : null;
}

export function show(repo: Repository, pull: Pull, scene: ShowScene): PullRequestSnapshot {
  const why = pull.state === 'open' ? obstacle(repo, pull, scene) : null;
  const mergeability = computed(repo, pull, scene, why ?? 'clean');
  const own = pull.trailer !== null;
  return {
    ref: refOf(repo, pull),
    state: pull.state,
    draft: pull.draft,
    title: `pull ${pull.number}`,
    fixes: pull.fixes,
    author: own ? 'gastown' : 'stranger',
    head: pull.head,
    headBranch: pull.branch,
    headProject: projectOfHead(repo, pull),
    baseBranch: pull.base,
    mergeability: complete(mergeability),
    mergeableNow: pull.state === 'open' && mergeability === 'clean',
    checks: complete(tally(repo, pull, scene)),
    review: complete(review(repo, pull)),
    threads: complete({
      unresolved: pull.comments.filter(({ bot, resolved }) => !bot && !resolved).length,
      unresolvedByBots: pull.comments.filter(({ bot, resolved }) => bot && !resolved).length,
    }),
    queue: repo.rules.queue ? complete(pull.queued ? 'queued' : 'none') : { is: 'unsupported' },
    nativeAutoMerge: repo.rules.provider === 'gitea' ? { is: 'unsupported' } : complete(pull.armed),
    mergeCommit: pull.mergeCommit,
    mergedBy: pull.mergedBy,
    closedBy: pull.closedBy,
    updatedAt: pull.updatedAt,
    observedAt: scene.wall,
  };
}

/** The target of every rig. */
export const target = 'main';

/** Another branch than every rig's target. */
export const elsewhere = 'next';

/** Where the branch it goes into stands. */
export function baseTip({ remote }: Repository, { base }: Pull): Commit {
  return base === target ? remote.tip : (remote.branches.get(base) ?? remote.tip);
}

/** Where its branch stands; undefined: it is gone. R2 */
export function headAt({ remote, forks }: Repository, pull: Pull): Commit | undefined {
  if (pull.author?.forkGone === true) return pull.head;
  return isOfFork(pull) ? forks.get(pull.number) : remote.branches.get(pull.branch);
}

export function isOfFork({ author }: Pull): boolean {
  return (author?.fork ?? null) !== null;
}

function projectOfHead({ path }: Repository, { author }: Pull): string | null {
  return author?.forkGone === true ? null : (author?.fork ?? path);
}

/** Where git finds the head of a fork's. */
export function gitRefOf({ project }: Repository, number: number): string {
  return project.provider === 'gitlab'
    ? `refs/merge-requests/${number}/head`
    : `refs/pull/${number}/head`;
}

export function refOf(repo: Repository, pull: Pull): PullRequestSnapshot['ref'] {
  return {
    project: { ...repo.project, path: repo.path },
    number: pull.number,
    nodeId: `PR_${repo.rig}_${pull.number}`,
    url: `${repo.project.origin}/${repo.path}/pull/${pull.number}`,
  };
}

/** Computed when somebody asks, and ready a little later. */
function computed(
  repo: Repository,
  pull: Pull,
  { random, now }: ShowScene,
  value: Mergeability,
): Mergeability {
  const key = `${pull.head} ${baseTip(repo, pull)}`;
  if (pull.computed?.key !== key) {
    pull.computed = { key, readyAt: now + random.pick([0, 2_000, 10_000]) };
  }
  return now < pull.computed.readyAt ? 'computing' : value;
}

function tally(repo: Repository, pull: Pull, scene: ShowScene): Checks {
  const none = { passed: 0, failed: 0, pending: 0, missing: 0 };
  const { ci, required, readable } = repo.rules;
  if (!ci) return { required: readable ? none : null, all: none, failing: [] };
  const state = checkOf(repo, pull.head, scene);
  const there = state === 'missing' ? none : { ...none, [state]: 1 };
  const must = state === 'missing' ? { ...none, missing: 1 } : there;
  const id = `run-${pull.head.slice(-6)}`;
  return {
    required: readable ? (required ? must : none) : null,
    all: required && readable ? must : there,
    failing: state === 'failed' ? [{ name: 'ci', url: null, id }] : [],
  };
}

function review({ rules }: Repository, pull: Pull): Review {
  const approvalsLeft = Math.max(0, rules.approvals - pull.approvals);
  if (pull.changesAsked) return { decision: 'changes_requested', approvalsLeft };
  if (approvalsLeft > 0) return { decision: 'required', approvalsLeft };
  return { decision: pull.approvals > 0 ? 'approved' : 'none', approvalsLeft };
}

function complete<T>(value: T): Known<T> {
  return { is: 'complete', value };
}
