/**
 * Reads pull requests over REST, where GraphQL is of no use: more requests, asked with their tags
 * so that what did not change costs nothing.
 *
 * R1 One outcome per target. When the host itself fails, or refuses the credential, the others are
 *    not tried: their answer is the same. R2 Threads and queues are unknown here; why GraphQL
 *    was of no use is said with them.
 */
import { z } from 'zod';
import type { PRStatusError, PRStatusOutcome } from '../../core/pr-status.ts';
import type { Checks, Known, PullRequestRef, Review } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { notThere, unlessYoung } from '../absent.ts';
import { whyUnread } from '../absent.ts';
import { mismatch, repoPath, type Call, type GitHubApi } from './api.ts';
import { checksFrom } from './checks.ts';
import { login, type ContextNode } from './fields.ts';
import { explained } from './not-found.ts';
import { restPull, restSnapshot, type RestPull } from './rest-pull.ts';
import type { BranchRules, RuleBook } from './rules.ts';

interface Reading {
  readonly api: GitHubApi;
  readonly rules: RuleBook;
}

export async function readByRest(
  reading: Reading,
  call: Call,
  targets: readonly PullRequestRef[],
  noGraphql: PRStatusError,
): Promise<readonly PRStatusOutcome[]> {
  const outcomes: PRStatusOutcome[] = [];
  const probed = new Map<string, boolean>();
  const untold = { is: 'unknown', why: `no_graphql_${whyUnread(noGraphql)}` } as const; // R2
  for (const target of targets) {
    const one = await readOne(reading, call, target, untold);
    if (one.ok) {
      outcomes.push(one);
      continue;
    }
    if (isOfTheHost(one.error)) {
      const rest = targets.slice(outcomes.length);
      return [...outcomes, ...rest.map(() => ({ ok: false as const, error: one.error }))];
    }
    const error = await explained(reading.api, call, target, one.error, probed);
    outcomes.push({ ok: false, error });
  }
  return outcomes;
}

/** R1 */
function isOfTheHost(error: PRStatusError): boolean {
  if (error.kind !== 'http_error') return error.kind !== 'invalid_response';
  return error.transient || ['unauthenticated', 'sso_required'].includes(error.reason);
}

async function readOne(
  reading: Reading,
  call: Call,
  target: PullRequestRef,
  untold: { readonly is: 'unknown'; readonly why: string },
): Promise<PRStatusOutcome> {
  const { api, rules } = reading;
  const path = `${repoPath(target.project)}/pulls/${target.number}`;
  const answer = await api.get(call, path);
  if (!answer.ok) return { ok: false, error: unlessYoung(target, answer.error, api.now) };
  const parsed = restPull.safeParse(answer.value.json);
  if (!parsed.success) return { ok: false, error: mismatch(call, answer.value.json) };
  const pull = parsed.data;
  if (target.nodeId !== null && pull.node_id !== target.nodeId) {
    // Another repository took the name; ours is somewhere else, or gone.
    return { ok: false, error: notThere(call, 'visible') };
  }
  const snapshot = restSnapshot(target.project, pull, api.now);
  if (snapshot.state !== 'open') return { ok: true, result: snapshot };
  const here = { ...call, project: snapshot.ref.project };
  const branch = await rules.of(here, pull.base.ref);
  const checks = await readChecks(api, here, pull, branch, snapshot.mergeableNow);
  const review = await readReview(api, here, pull, branch);
  return { ok: true, result: { ...snapshot, checks, review, threads: untold, queue: untold } };
}

const upper = z.string().transform((word) => word.toUpperCase());
const runsBody = z.object({
  check_runs: z.array(
    z.object({
      id: z.number(),
      name: z.string(),
      status: upper,
      conclusion: upper.nullish(),
      html_url: z.string().nullish(),
      app: z.object({ slug: z.string() }).nullish(),
      check_suite: z.object({ id: z.number() }).nullish(),
    }),
  ),
});
const statusBody = z.object({
  statuses: z.array(
    z.object({
      context: z.string(),
      state: upper,
      target_url: z.string().nullish(),
      description: z.string().nullish(),
    }),
  ),
});

async function readChecks(
  api: GitHubApi,
  call: Call,
  { head }: RestPull,
  rules: BranchRules | null,
  mergeableNow: boolean,
): Promise<Known<Checks>> {
  const commit = `${repoPath(call.project)}/commits/${head.sha}`;
  const runs = await listed(api, call, `${commit}/check-runs?filter=latest`, runsIn);
  const statuses = await listed(api, call, `${commit}/status`, statusesIn);
  if (!runs.ok) return { is: 'unknown', why: runs.error };
  if (!statuses.ok) return { is: 'unknown', why: statuses.error };
  const contexts = [...runs.value, ...statuses.value];
  const required = rules?.requiredChecks ?? null;
  return {
    is: 'complete',
    value: checksFrom(contexts, required, mergeableNow && required !== null),
  };
}

function runsIn(json: unknown): readonly ContextNode[] | null {
  const found = runsBody.safeParse(json);
  if (!found.success) return null;
  return found.data.check_runs.map((run) => ({
    __typename: 'CheckRun',
    name: run.name,
    status: run.status,
    conclusion: run.conclusion ?? null,
    databaseId: run.id,
    detailsUrl: run.html_url ?? null,
    checkSuite: {
      app: run.app ?? null,
      id: run.check_suite?.id,
    },
  }));
}

function statusesIn(json: unknown): readonly ContextNode[] | null {
  const found = statusBody.safeParse(json);
  if (!found.success) return null;
  return found.data.statuses.map(({ context, state, target_url: targetUrl, description }) => ({
    __typename: 'StatusContext',
    context,
    state,
    targetUrl,
    description,
  }));
}

const reviewsBody = z.array(
  z.object({ state: z.string(), user: login, author_association: z.string().nullish() }),
);
const COUNTED = ['OWNER', 'MEMBER', 'COLLABORATOR'];

/** The last opinion of everybody who belongs to the repository. */
async function readReview(
  api: GitHubApi,
  call: Call,
  { number }: RestPull,
  rules: BranchRules | null,
): Promise<Known<Review>> {
  const path = `${repoPath(call.project)}/pulls/${number}/reviews`;
  const read = await listed(api, call, path, (json) => reviewsBody.safeParse(json).data ?? null);
  if (!read.ok) return { is: 'unknown', why: read.error };
  const last = new Map<string, string>();
  for (const { state, user, author_association: relation } of read.value) {
    const counts = COUNTED.includes(relation ?? '') && !['COMMENTED', 'PENDING'].includes(state);
    if (counts) last.set(user?.login ?? '', state);
  }
  const opinions = [...last.values()];
  if (opinions.includes('CHANGES_REQUESTED')) {
    return { is: 'complete', value: { decision: 'changes_requested', approvalsLeft: null } };
  }
  if (rules === null) return { is: 'unknown', why: 'rules_not_readable' };
  const approvals = opinions.filter((state) => state === 'APPROVED').length;
  if (approvals < rules.approvals) {
    const approvalsLeft = rules.approvals - approvals;
    return { is: 'complete', value: { decision: 'required', approvalsLeft } };
  }
  const decision = approvals > 0 ? 'approved' : 'none';
  return { is: 'complete', value: { decision, approvalsLeft: 0 } };
}

/** To the end, or a word that says why not. */
async function listed<T>(
  api: GitHubApi,
  call: Call,
  path: string,
  itemsOf: (json: unknown) => readonly T[] | null,
): Promise<Result<readonly T[], string>> {
  const read = await api.list(call, path, itemsOf);
  if (!read.ok) {
    return err(whyUnread(read.error));
  }
  return read.value.complete ? ok(read.value.items) : err('too_many');
}
