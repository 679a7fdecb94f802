/**
 * How a pull request stands: checks, reviews, threads, conflicts and age, judged by the rules of
 * its base branch. The one judgement behind merge answers, GraphQL states and GitLab's status.
 *
 * S1 A required check is only passed by the newest run of its name, or by a status of its name.
 */
import type { CheckRun, CommitStatus, Protection, User } from './model.ts';
import type { Pull } from './pull.ts';

export type Blocker =
  | 'computing'
  | 'conflict'
  | 'draft'
  | 'checks_failed'
  | 'checks_pending'
  | 'approvals'
  | 'changes_requested'
  | 'threads'
  | 'behind';

export interface Standing {
  readonly blockers: readonly Blocker[];
  readonly behind: boolean;
  readonly rules: Protection | null;
  readonly approvedBy: readonly User[];
  readonly changesRequestedBy: readonly User[];
  readonly unresolved: number;
  readonly checksFailed: readonly string[];
  readonly checksPending: readonly string[];
  /** Checks that are not required and did not pass. */
  readonly unstable: boolean;
}

export async function judge(pull: Pull): Promise<Standing> {
  const { repo } = pull;
  const rules = repo.protections.get(pull.baseRef) ?? null;
  const opinions = latestOpinions(pull);
  const approvedBy = opinions.filter(({ state }) => state === 'APPROVED').map((r) => r.author);
  const changes = opinions.filter(({ state }) => state === 'CHANGES_REQUESTED');
  const checks = judgeChecks(pull, rules?.requiredChecks ?? []);
  const unresolved = pull.threads.filter(({ resolvedBy }) => resolvedBy === null).length;
  const behind = await isBehind(pull);
  const mergeable = await pull.mergeable();
  const found: readonly (Blocker | false)[] = [
    mergeable === 'unknown' && 'computing',
    mergeable === 'conflicting' && 'conflict',
    pull.draft && 'draft',
    checks.failed.length > 0 && 'checks_failed',
    checks.pending.length > 0 && 'checks_pending',
    (rules?.requiredApprovals ?? 0) > approvedBy.length && 'approvals',
    rules !== null && changes.length > 0 && rules.requiredApprovals > 0 && 'changes_requested',
    rules?.requireResolvedThreads === true && unresolved > 0 && 'threads',
    rules?.requireUpToDate === true && behind && 'behind',
  ];
  return {
    blockers: found.filter((blocker) => blocker !== false),
    behind,
    rules,
    approvedBy,
    changesRequestedBy: changes.map(({ author }) => author),
    unresolved,
    checksFailed: checks.failed,
    checksPending: checks.pending,
    unstable: checks.unstable,
  };
}

/** The last approval or request for changes of every reviewer. */
export function latestOpinions(pull: Pull): Pull['reviews'] {
  const newest = new Map<number, Pull['reviews'][number]>();
  for (const review of pull.reviews) {
    if (review.state !== 'COMMENTED') newest.set(review.author.id, review);
  }
  return [...newest.values()];
}

export function runPassed(run: CheckRun): boolean {
  return ['success', 'neutral', 'skipped'].includes(run.conclusion ?? '');
}

function judgeChecks(
  pull: Pull,
  required: readonly string[],
): { failed: string[]; pending: string[]; unstable: boolean } {
  const runs = pull.repo.latestChecks(pull.headSha);
  const statuses = pull.repo.latestStatuses(pull.headSha);
  const verdicts = required.map((name) => ({ name, is: verdictOf(name, runs, statuses) }));
  const optional = [
    ...runs.filter(({ name }) => !required.includes(name)).map((run) => runPassed(run)),
    ...statuses
      .filter(({ context }) => !required.includes(context))
      .map(({ state }) => state === 'success'),
  ];
  return {
    failed: verdicts.filter(({ is }) => is === 'failed').map(({ name }) => name),
    pending: verdicts.filter(({ is }) => is === 'pending').map(({ name }) => name),
    unstable: optional.includes(false),
  };
}

/** S1 */
function verdictOf(
  name: string,
  runs: readonly CheckRun[],
  statuses: readonly CommitStatus[],
): 'passed' | 'failed' | 'pending' {
  const run = runs.find((candidate) => candidate.name === name);
  if (run !== undefined) {
    if (run.status !== 'completed') return 'pending';
    return runPassed(run) ? 'passed' : 'failed';
  }
  const status = statuses.find(({ context }) => context === name);
  if (status === undefined || status.state === 'pending') return 'pending';
  return status.state === 'success' ? 'passed' : 'failed';
}

async function isBehind(pull: Pull): Promise<boolean> {
  const base = pull.repo.refs.get(pull.baseRef);
  if (base === undefined) return false;
  await pull.fetchHead();
  return !(await pull.repo.git.contains(base, pull.headSha));
}
